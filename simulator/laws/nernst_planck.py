"""Ions that diffuse and drift: the Nernst-Planck equation with three ways to find the potential."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.kernels import nernst_planck as kernels
from simulator.laws.charge import EPSILON_0, charge_layers, faults_of_ions, layer_warnings
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.expression import CONSTANTS
from simulator.laws.law import Equations, Law, key
from simulator.laws.limiting_current import depleted_layers
from simulator.laws.program import Program, apply, number

CLOSURES = {"constant-field": kernels.FIELD, "poisson": kernels.POISSON, "electroneutral": kernels.NEUTRAL}
ACTIVITIES = ("ideal", "davies")
INITIALLY = ORIGIN = np.zeros(1)
# Davies' A for water at 298.15 K, of base-10 logarithms, (L/mol)^(1/2): Robinson & Stokes, Electrolyte Solutions
DEBYE_HUCKEL = 0.509
LITRE = 1000.0  # per cubic metre
ENOUGH_CHARGE = "needs ions of both signs"


@dataclass(frozen=True)
class NernstPlanck(Law):
    """Fluxes of ions in the gradients of their concentrations and of the potential.

        J_i = -D_i (grad c_i + c_i grad ln gamma_i + z_i c_i F grad phi/(RT)),   dc_i/dt = -div J_i,   i = F sum z_k J_k

        electroneutral   sum z_k c_k + q = 0 and div i = 0; a current, or a voltage, is given
        constant-field   phi runs linearly from end to end; a voltage is given
        poisson          div(eps eps_0 grad phi) = -F (sum z_k c_k + q); a voltage is given, or no field at the right

    ions: by name, the charge z and D in m^2/s, a function of x, t and T. voltage = phi(right) - phi(left), V; current,
    A/m^2, positive towards +x; both may depend on t. permittivity: relative to the vacuum's. fixed_charge: q in mol/m^3
    of elementary charges, a function of x. bias: a voltage counted from the equilibrium of the first ion between its
    end values, as of a junction of semiconductors.
    Raises Invalid for keys that cannot be read and for a closure without what it needs.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004); Scharfetter & Gummel (1969), IEEE Trans.
    Electron Devices 16, 64.
    """

    kind: ClassVar[str] = "nernst-planck"
    equation: ClassVar[str] = "J_i = -D_i (grad c_i + z_i c_i F grad phi/(RT))"
    sources: ClassVar[tuple[str, ...]] = (
        "Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004)",
        "Scharfetter & Gummel (1969), IEEE Trans. Electron Devices 16, 64",
    )
    where: ClassVar[str] = "law.ions"

    mixture: Electrolyte
    ions: Any = key(
        "The ions by name, each with its charge and diffusivity.",
        shape="table",
        example={"Na": {"z": 1, "D": "1.334e-9 m^2/s"}, "Cl": {"z": -1, "D": "2.032e-9 m^2/s"}},
        entries={
            "NAME": key(
                "An ion.",
                shape="table",
                entries={
                    "z": key("Its charge in elementary charges.", "1", "number"),
                    "D": key("Its diffusivity, a number or a formula of x, t and T.", "m^2/s"),
                },
            )
        },
    )
    closure: str = key(
        f"How the potential is found: {', '.join(CLOSURES)}.",
        shape="choice",
        default="electroneutral",
        example="electroneutral",
        choices=CLOSURES,
    )
    current: Any = key("Current density towards +x, a number or a formula of t.", unit="A/m^2", default=None)
    voltage: Any = key("phi(right) - phi(left), a number or a formula of t.", unit="V", default=None)
    bias: Any = key("A voltage counted from the equilibrium of the first ion between its ends.", "V", default=None)
    permittivity: Any = key("Relative permittivity, a number or a formula of x.", unit="1", default=None)
    fixed_charge: Any = key("Charge that cannot move, a number or a formula of x.", unit="mol/m^3", default=None)
    activity: str = key(
        'Activity coefficients: "ideal" or "davies" (water at 25 C).',
        shape="choice",
        default="ideal",
        choices=ACTIVITIES,
    )
    folder: Path | str | None = None

    def __post_init__(self):
        faults = []
        for name, words in (("closure", tuple(CLOSURES)), ("activity", ACTIVITIES)):
            word = getattr(self, name)
            if word not in words:
                text = f"unknown choice {repr(word)[:40]}; there is {', '.join(words)}.{near(str(word), words)}"
                faults.append(Fault(f"law.{name}", text))
        if faults:
            raise Invalid(*faults)
        faults = list(self.faults_of_closure())
        for make in ("diffusivities", "charge", "dielectric", "driven"):
            try:
                getattr(self, make)
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)

    def faults_of_closure(self):
        z = self.mixture.z
        given = [name for name in ("current", "voltage", "bias") if getattr(self, name) is not None]
        if len(given) > 1:
            yield Fault(f"law.{given[1]}", f"{given[0]} is given as well; give one of them.")
        if self.closure == "electroneutral":
            charged = [name for name, value in zip(self.mixture.components, z, strict=True) if value]
            if not charged or (self.fixed_charge is None and not (z.min() < 0.0 < z.max())):
                yield Fault("law.ions", f"electroneutral {ENOUGH_CHARGE}, these have z = {listed(z)}.")
        elif self.current is not None:
            text = f"a current is given with electroneutral only; with {self.closure} give a voltage."
            yield Fault("law.current", text)
        if self.closure == "constant-field" and not {"voltage", "bias"} & set(given):
            yield Fault("law.voltage", 'constant-field needs the voltage between the ends, such as "-70 mV".')
        if self.closure == "poisson":
            if self.permittivity is None:
                yield Fault("law.permittivity", "poisson needs the relative permittivity, such as 78.5 for water.")
            if not np.any(z):
                yield Fault("law.ions", "poisson needs a charge, and every z here is 0; use fick.")
        elif self.permittivity is not None:
            yield Fault("law.permittivity", f"{self.closure} takes no permittivity; leave it out, or use poisson.")
        if self.closure == "constant-field" and self.fixed_charge is not None:
            yield Fault("law.fixed_charge", "constant-field does not know charges; leave it out, or use poisson.")
        if self.activity != "ideal" and self.closure == "constant-field":
            yield Fault("law.activity", 'constant-field takes ideal solutions; leave it out, or use "poisson".')

    @property
    def neutral(self) -> bool:
        return self.closure == "electroneutral"

    @cached_property
    def diffusivities(self) -> tuple[Coefficient, ...]:
        """D_i (n) of x, t and T."""
        if not isinstance(self.ions, Mapping):
            raise Invalid.at("law.ions", f"expected a table of ions, got {repr(self.ions)[:40]}.")
        faults, read = [], []
        for name in self.mixture.components:
            where = f"law.ions.{name}"
            entry = self.ions.get(name)
            if not isinstance(entry, Mapping) or "D" not in entry:
                faults.append(Fault(where, 'expected { z = 1, D = "1e-9 m^2/s" }.'))
                continue
            try:
                read.append(self.read(entry["D"], "m^2/s", f"{where}.D"))
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        return tuple(read)

    def read(self, spec: Any, unit: str, where: str, allowed: tuple[str, ...] = ("x", "t", "T")) -> Coefficient:
        found = read_coefficient(spec, self.mixture, unit, where, self.folder)
        foreign = sorted(found.depends_on - set(allowed))
        if foreign:
            raise Invalid.at(where, f"may depend on {', '.join(allowed)}, but depends on {foreign[0]}.")
        return found

    @cached_property
    def charge(self) -> Coefficient | None:
        """q of x, mol/m^3."""
        return None if self.fixed_charge is None else self.read(
            self.fixed_charge, "mol/m^3", "law.fixed_charge", ("x",)
        )  # fmt: skip

    @cached_property
    def dielectric(self) -> Coefficient | None:
        """Relative permittivity of x."""
        return None if self.permittivity is None else self.read(
            self.permittivity, "1", "law.permittivity", ("x",)
        )  # fmt: skip

    @cached_property
    def driven(self) -> tuple[str, Program]:
        """Which of "current", "voltage", "bias" is given, "" for none, and its program of t in A/m^2 or V."""
        for name, unit in (("current", "A/m^2"), ("voltage", "V"), ("bias", "V")):
            if getattr(self, name) is not None:
                return name, self.read(getattr(self, name), unit, f"law.{name}", ("t", "T")).program
        return "", Program((number(0.0),), self.mixture.m)

    @property
    def depends_on(self) -> frozenset[str]:
        """The potential needs a temperature, whatever the coefficients depend on."""
        read = [entry.depends_on for entry in (*self.diffusivities, self.charge, self.dielectric) if entry is not None]
        return frozenset({"T"}).union(*read)

    def order(self, electrode: str = "") -> list[int]:
        """Places of the ions as the engine takes them, the last one eliminated by neutrality: that of the electrodes,
        or the last that has a charge."""
        names, z = self.mixture.components, self.mixture.z
        last = names.index(electrode) if electrode else int(np.flatnonzero(z)[-1]) if np.any(z) else len(names) - 1
        return [k for k in range(len(names)) if k != last] + [last]

    def equations(
        self,
        lowest: np.ndarray,
        highest: np.ndarray,
        temperatures: tuple[float, float],
        unit: float = 1.0,
        electrode: str = "",
    ) -> Equations:
        """Kernels for concentrations in `unit` mol/m^3 and the potential in RT/F.

        lowest, highest (n,): of the concentrations that are known, mol/m^3. electrode: the ion eliminated, if not the
        last with a charge.
        """
        order, n = self.order(electrode), self.mixture.m
        closure = CLOSURES[self.closure]
        z = self.mixture.z[order]
        trees = [self.diffusivities[k].program.trees[0] for k in order]
        trees.append(self.dielectric_tree(unit))
        transport = Program(tuple(trees), n)
        coldest, hottest = temperatures
        if coldest == hottest:
            transport = transport.fixed(T=coldest)
        constant = not transport.depends_on
        values = transport(np.zeros(n))[:, ...].ravel() if constant else np.ones(n + 1)
        place, codes = kernels.HEAD + 2 * n + 1, []
        at_transport = at_charge = 0
        if not constant:
            at_transport, place = place, place + transport.code.size
            codes.append(transport.code)
        if self.charge is not None:
            q = Program((apply("div", self.charge.program.trees[0], number(unit)),), n)
            at_charge = place
            codes.append(q.code)
        from simulator.kernels.program import evaluate_to

        address = evaluate_to.address if codes else 0
        head = [closure, n, self.davies, unit / LITRE, address, at_transport, at_charge]
        m = n if self.neutral else n + 1
        highest = np.asarray(highest, float)[order] / unit
        names = [f"c_{self.mixture.components[k]}" for k in order]
        ions = names[: m - 1]
        scale = np.append(np.maximum(highest[: m - 1], 1e-12 * highest.max()), 1.0)
        # in parts of the largest concentration of each ion: what may be missing of it is a part of that
        bounds = np.zeros((m - 1, m + 1))
        bounds[:, : m - 1] = np.diag(1.0 / scale[: m - 1])
        if self.neutral and self.charge is None:
            last = np.append(-z[:-1] / z[-1], [0.0, 0.0])
            bounds = np.vstack([bounds, last / max(highest[-1], 1e-12 * highest.max())])
        return Equations(
            names=(*ions, "potential"),
            flux=kernels.ion_flux,
            flux_slopes=kernels.ion_flux_slopes,
            source=kernels.charge_source if self.closure == "poisson" else None,
            source_slopes=kernels.charge_source_slopes if self.closure == "poisson" else None,
            parameters=np.concatenate([head, z, values, *codes]),
            mass=np.append(np.ones(m - 1), 0.0),
            scale=scale,
            typical=np.maximum(scale, 1e-3),
            bounds=bounds,
            autonomous=not transport.depends_on & {"t", "T"},
        )

    @property
    def davies(self) -> float:
        """A ln 10 of Davies' formula; 0 for ideal solutions."""
        return DEBYE_HUCKEL * np.log(10.0) if self.activity == "davies" else 0.0

    def dielectric_tree(self, unit: float):
        """eps eps_0 RT/(F^2 unit) in m^2; 1 where the field is linear."""
        if self.dielectric is None:
            return number(1.0)
        factor = EPSILON_0 * CONSTANTS["R"] / (CONSTANTS["F"] ** 2 * unit)
        return apply("mul", apply("mul", self.dielectric.program.trees[0], number(factor)), ("T",))

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """Of "ion_diffusivity" D_i (n, k), and of "interdiffusivity", m^2/s, at concentrations (n, k): that of an
        electroneutral solution without current, (k,) of a salt, or (n-1, n-1, k) over the ions but the one eliminated,

            D_ij = D_i delta_ij - z_i D_i c_i z_j (D_j - D_n) / sum_k z_k^2 D_k c_k
        """
        c = np.asarray(fractions, float)
        D = np.stack([np.broadcast_to(entry(c, T=T, t=t), c.shape[1:]) for entry in self.diffusivities])
        if name == "ion_diffusivity":
            return D
        if name != "interdiffusivity" or not self.neutral or self.charge is not None or self.activity != "ideal":
            raise KeyError(name)
        order = self.order()
        D, c, z = D[order], c[order], self.mixture.z[order]
        total = np.einsum("k,k...->...", z**2, D * c)
        m = len(order) - 1
        matrix = np.zeros((m, m, *c.shape[1:]))
        with np.errstate(invalid="ignore", divide="ignore"):
            for i in range(m):
                for j in range(m):
                    matrix[i, j] = (D[i] if i == j else 0.0) - z[i] * D[i] * c[i] * z[j] * (D[j] - D[m]) / total
        return matrix[0, 0] if m == 1 else matrix

    def check(self, compositions, temperatures, times=INITIALLY, positions=ORIGIN) -> None:
        """Raise Invalid unless every D is finite and positive, and the permittivity is."""
        faults = []
        at = np.zeros((self.mixture.m, np.size(positions)))
        for T in self.temperatures_to_check(temperatures):
            for t in times:
                for name, entry in zip(self.mixture.components, self.diffusivities, strict=True):
                    faults += not_positive(entry, at, positions, t, T, f"law.ions.{name}.D", "m^2/s")
                if self.dielectric is not None:
                    faults += not_positive(self.dielectric, at, positions, t, T, "law.permittivity", "")
        if faults:
            raise Invalid(*dict.fromkeys(faults))

    def layers(self, problem) -> tuple[tuple[float, float], ...]:
        return charge_layers(self, problem) or depleted_layers(problem)

    def warnings(self, problem) -> tuple[str, ...]:
        return layer_warnings(self, problem)

    def check_problem(self, problem) -> list[Fault]:
        """A start or ends that are not neutral, and what ions cannot do."""
        return faults_of_ions(self, problem)


def listed(z: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in z)


def not_positive(entry: Coefficient, at, positions, t: float, T: float, where: str, unit: str) -> list[Fault]:
    values = np.broadcast_to(entry.program(at, x=np.asarray(positions, float), t=t, T=T)[0], np.shape(positions))
    bad = ~(np.isfinite(values) & (values > 0.0))
    if not bad.any():
        return []
    k = int(np.argmax(bad))
    place = f"x = {np.ravel(positions)[k]:g} m, t = {t:g} s"
    return [Fault(where, f"is {values[k]:.4g} {unit} at {place}; it must be finite and positive.".replace("  ", " "))]
