"""What every law is: named keys with units for people, one set of arrays and kernels for the engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.kernels.jit import Kernel
from simulator.laws.mixture import Mixture

QUANTITIES = (
    "interdiffusivity", "intrinsic_diffusivity", "tracer_diffusivity", "onsager", "thermodynamic_factor", "mobility",
    "gradient_energy",
)  # fmt: skip
UNITS = {
    "interdiffusivity": "m^2/s",
    "intrinsic_diffusivity": "m^2/s",
    "tracer_diffusivity": "m^2/s",
    "onsager": "mol^2/(J m s)",
    "thermodynamic_factor": "1",
    "mobility": "mol m^2/(J s)",
    "gradient_energy": "J m^2/mol",
}


def key(
    text: str,
    unit: str = "",
    shape: str = "coefficient",
    default: Any = MISSING,
    example: Any = None,
    entries: Mapping[str, Any] | None = None,
    choices: Iterable[str] = (),
):
    """A field of a law that is a key of its table in a case file.

    text: one sentence for the docs; unit: SI unit of a number; shape: "coefficient", "matrix" (of coefficients, or one
    for a binary), "per component", "one or each" (for all components or for each), "composition" (mole fractions by
    component), "number", "choice", "text", "table" or "tables" (a list of them); example: what the template of `matano
    new` writes. entries: the keys of a table by name, made by `key` as well; the name NAME stands for the names of
    components. choices: the words that a "choice" may be.
    """
    about = {"text": text, "unit": unit, "shape": shape, "example": example, "entries": entries or {}}
    about["choices"] = tuple(choices)
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Equations:
    """A law as the engine sees it: m unknowns a cell, M du/dt = -div F(u) + S(u).

    flux, flux_slopes, source, source_slopes: kernels of the signatures in `simulator.kernels.jit`, the last one as
    `simulator.kernels.differences.add_source_slopes`; without slopes the Jacobian is made by differences. parameters:
    what the kernels are given. mass (m,): 1 for what is conserved, 0 for an algebraic row. scale (m,): size of each
    unknown, to which rtol refers where the unknown is small. typical (m,): size below which difference increments do
    not fall. bounds (k, m + 1): admissible states have bounds[:, :m] @ u + bounds[:, m] >= 0. autonomous: False when
    flux or source depend on t or T.
    """

    names: tuple[str, ...]
    flux: Kernel
    parameters: np.ndarray
    flux_slopes: Kernel | None = None
    source: Kernel | None = None
    source_slopes: Kernel | None = None
    mass: np.ndarray | None = None
    scale: np.ndarray | None = None
    typical: np.ndarray | None = None
    bounds: np.ndarray | None = None
    autonomous: bool = True

    def __post_init__(self):
        m = len(self.names)
        defaults = {
            "mass": np.ones(m),
            "scale": np.ones(m),
            "typical": np.full(m, 1e-3),
            "bounds": np.zeros((0, m + 1)),
        }
        for name, default in defaults.items():
            value = getattr(self, name)
            object.__setattr__(self, name, default if value is None else np.ascontiguousarray(value, float))
        object.__setattr__(self, "parameters", np.ascontiguousarray(self.parameters, float))

    @property
    def m(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Law(ABC):
    """A relation between fluxes and gradients. A subclass is a frozen dataclass whose fields made by `key` are its
    keys.

    sections: the sections of a case beside [law] that it takes, as fields of the same names; requires: those that it
    cannot do without; lattice: whether it has fluxes in the lattice frame, which move markers; grid_width: size of the
    cells at a jump of the start, in terms of the default grid's; separates: whether it lets a solution un-mix, so that
    interfaces appear anywhere and cells are of one size; where: the key that its faults are reported at.
    """

    kind: ClassVar[str]
    equation: ClassVar[str]
    sources: ClassVar[tuple[str, ...]] = ()
    sections: ClassVar[tuple[str, ...]] = ()
    requires: ClassVar[tuple[str, ...]] = ()
    lattice: ClassVar[bool] = False
    grid_width: ClassVar[float] = 1.0
    separates: ClassVar[bool] = False
    where: ClassVar[str] = "law"

    mixture: Mixture

    @classmethod
    def key_fields(cls):
        """The fields that are keys of the case file, in order."""
        return tuple(entry for entry in fields(cls) if "text" in entry.metadata)

    @abstractmethod
    def equations(self, lowest: np.ndarray, highest: np.ndarray, temperatures: tuple[float, float]) -> Equations:
        """Arrays and kernels for states with lowest <= x_i <= highest (m,) and this range of T in K."""

    @abstractmethod
    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """A quantity of QUANTITIES at independent fractions (m, k): (k,) for a binary, (m, m, k) otherwise. KeyError
        if the law has none.
        """

    @property
    def depends_on(self) -> frozenset[str]:
        """What the coefficients are functions of, among "composition", "T", "t" and "x"."""
        return frozenset(("composition", "T"))

    def temperatures_to_check(self, temperatures: np.ndarray) -> np.ndarray:
        """Temperatures (j,) in K at which the coefficients differ, one nan without any. Invalid if they need one."""
        temperatures = np.atleast_1d(np.asarray(temperatures, float))
        if "T" in self.depends_on and not (temperatures.size and np.isfinite(temperatures).all()):
            raise Invalid.at(self.where, 'the law needs a temperature: add [temperature] value = "1000 degC".')
        return temperatures if temperatures.size else np.array([np.nan])

    def layers(self, problem) -> tuple[tuple[float, float], ...]:
        """Positions and widths, m, of layers in a problem with this law that need small cells, whatever its start."""
        return ()

    def warnings(self, problem) -> tuple[str, ...]:
        """What a person should know of a problem with this law before a run, as sentences."""
        return ()

    def check_problem(self, problem) -> list[Fault]:
        """What is wrong with a problem that has this law, although each part of it is right."""
        return []

    @abstractmethod
    def check(
        self, compositions: np.ndarray, temperatures: np.ndarray, times: np.ndarray, positions: np.ndarray
    ) -> None:
        """Raise Invalid unless the law is well posed at these compositions (m, k), temperatures (j,) in K, times in s
        and positions in m.
        """
