"""What an experimenter has: compositions along a line, a time, perhaps a temperature, uncertainties, known ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.problem.initial import Film, Step

TIME_TOLERANCE = 1e-6
SUM_TOLERANCE = 2e-2


@dataclass(frozen=True)
class Layer:
    """A layer of a line compound: its mole fraction of the profile's component, thickness m, molar volume m^3/mol, and
    the standard uncertainty of the thickness, m."""

    name: str
    composition: float
    thickness: float
    molar_volume: float | None = None
    sigma: float | None = None


@dataclass(frozen=True)
class Reversal:
    """A voltage at which no current crosses a membrane: inside less outside, V; the concentrations of the ions on both
    sides, mol/m^3, 0 for one that is not named; and the standard uncertainty of the voltage, V."""

    voltage: float
    inside: Mapping[str, float]
    outside: Mapping[str, float]
    sigma: float | None = None


@dataclass(frozen=True)
class Profile:
    """Mole fractions along x.

    x (N,) m, increasing; components: the names of the columns, `fractions` (c, N) their mole fractions; time s and
    temperature K, or None; sigma (c, N) standard uncertainties, or None; ends {"left": (c,), "right": (c,)} known
    values of the unaffected ends, or None; component: the one that methods for a binary couple analyse, the first by
    default. marker: position of the inert marker, m; molar_volume: its specification as a case file has it. geometry:
    of the sample. start: what is known of the sample before it diffused, {"shape": "step", "at": m}, {"shape": "film",
    "at": m, "thickness": m} or {"shape": "other"}; None where nothing was said: a step. It may have more keys: interval
    (m, m), the sample's ends, and closed, whether nothing passed them; left and right of a step, film and matrix,
    fractions by component; profile, the Profile before. markers (k, 2): where inert markers were and are, m, the left
    end at rest. thermodynamics: as a case file has it; structure: of the crystal.
    layers: of line compounds, from left to right; with them the profile may have no points at all, and positions are
    then from the left edge of the first layer. marker_sigma: standard uncertainty of the marker's position, m. tracer:
    which of the components is a tagged isotope of `component`. interfaces: where it jumps from one phase to the next,
    m, if that is known. semi_infinite: whether both ends are as they were, None where nothing was said. law: a law that
    is known beforehand, and history: the Temperature over time, both as a Problem has them; None where they are not
    known. dependent: the component that methods for several components take as 1 minus the others, the last by default;
    it may have no column. quantity: "mole_fraction", or "concentration" where the rows are those of ions, in mol/m^3;
    potential: phi(right) - phi(left) across them, V; charges: of the ions by name; reversals: potentials at which a
    membrane passes no current, with which the profile may have no points either. reading: how the file of a measured
    profile was read, as `simulator.files.cleaning.record` tells it.
    """

    x: np.ndarray
    components: tuple[str, ...]
    fractions: np.ndarray
    time: float | None = None
    temperature: float | None = None
    sigma: np.ndarray | None = None
    ends: Mapping[str, np.ndarray] | None = None
    component: str = ""
    marker: float | None = None
    molar_volume: Mapping | None = None
    geometry: str = "planar"
    source: str = ""
    warnings: tuple[str, ...] = ()
    start: Mapping | None = None
    markers: np.ndarray | None = None
    thermodynamics: Mapping | None = None
    structure: str = ""
    layers: tuple[Layer, ...] = ()
    tracer: str = ""
    marker_sigma: float | None = None
    semi_infinite: bool | None = None
    interfaces: tuple[float, ...] = ()
    law: object | None = None
    history: object | None = None
    dependent: str = ""
    quantity: str = "mole_fraction"
    potential: float | None = None
    charges: Mapping[str, float] | None = None
    reversals: tuple[Reversal, ...] = ()
    reading: Mapping | None = None

    def __post_init__(self):
        put = object.__setattr__
        put(self, "x", np.array(self.x, float))
        put(self, "components", tuple(self.components))
        put(self, "fractions", np.atleast_2d(np.array(self.fractions, float)))
        put(self, "component", self.component or (self.components[0] if self.components else ""))
        if self.markers is not None:
            put(self, "markers", np.array(self.markers, float).reshape(-1, 2))
        if self.sigma is not None:
            put(self, "sigma", np.atleast_2d(np.array(self.sigma, float)))
        if self.ends is not None:
            put(self, "ends", {side: np.atleast_1d(np.array(self.ends[side], float)) for side in ("left", "right")})
        faults = list(self._faults())
        if faults:
            raise Invalid(*faults)

    def _faults(self):
        shape = (len(self.components), self.x.size)
        if self.x.ndim != 1 or self.fractions.shape != shape:
            yield Fault("profile", f"expected fractions of shape {shape}, got {self.fractions.shape}.")
            return
        if not (np.isfinite(self.x).all() and np.isfinite(self.fractions).all()):
            yield Fault("profile", "positions and fractions must be finite numbers.")
        elif np.any(np.diff(self.x) <= 0):
            k = int(np.argmax(np.diff(self.x) <= 0))
            yield Fault("profile.x", f"positions must increase, but {self.x[k]:g} is followed by {self.x[k + 1]:g} m.")
        if self.sigma is not None and (self.sigma.shape != shape or not np.all(self.sigma > 0)):
            yield Fault("profile.sigma", f"uncertainties must be positive, of shape {shape}.")
        if self.ends is not None and any(value.shape != shape[:1] for value in self.ends.values()):
            yield Fault("profile.ends", f"expected {shape[0]} values at each end, one per component.")
        if self.time is not None and not 0 < self.time < np.inf:
            yield Fault("profile.time", f"the time must be positive, got {self.time:g} s.")
        if self.components and self.component not in self.components:
            yield Fault("profile.component", self._unknown(self.component))

    def _unknown(self, name: str) -> str:
        return f"{name!r} is not one of {', '.join(self.components)}.{near(name, self.components)}"

    @property
    def symbol(self) -> str:
        """Of an amount in tables: x_Ni, or c_Na of ions."""
        return "c" if self.quantity == "concentration" else "x"

    def index(self, name: str) -> int:
        """Row of a component; Invalid if the profile has none of that name."""
        if name not in self.components:
            raise Invalid.at("profile", self._unknown(name))
        return self.components.index(name)

    def fraction(self, name: str) -> np.ndarray:
        """Mole fraction (N,) of a component."""
        return self.fractions[self.index(name)]

    @property
    def binary(self) -> bool:
        """Whether one fraction says all: one column, or two that sum to one."""
        if len(self.components) == 2:
            return bool((np.abs(self.fractions.sum(axis=0) - 1.0) < SUM_TOLERANCE).all())
        return len(self.components) == 1

    def ordered(self, names: Sequence[str]) -> "Profile":
        """The profile with its columns in this order of all its components."""
        rows = [self.index(name) for name in names]
        if rows == list(range(len(self.components))):
            return self
        return replace(
            self,
            components=tuple(names),
            fractions=self.fractions[rows],
            sigma=None if self.sigma is None else self.sigma[rows],
            ends=None if self.ends is None else {side: value[rows] for side, value in self.ends.items()},
        )

    def only(self, name: str) -> "Profile":
        """The profile of one component alone."""
        row = [self.index(name)]
        layers = self.layers
        if name != self.component:
            layers = tuple(replace(layer, composition=1.0 - layer.composition) for layer in layers)
        return replace(
            self,
            layers=layers,
            components=(name,),
            fractions=self.fractions[row],
            sigma=None if self.sigma is None else self.sigma[row],
            ends=None if self.ends is None else {side: value[row] for side, value in self.ends.items()},
            component=name,
        )


def marker_of(result, k: int) -> float | None:
    """The place, at a saved time, of the marker that began at the contact plane of a step couple; None without one."""
    at = getattr(result.problem.initial, "at", None)
    if at not in result.problem.markers or not result.has("marker_position"):
        return None
    return float(result.snapshots[k].fields["marker_position"][result.problem.markers.index(at)])


def markers_of(result, k: int) -> np.ndarray | None:
    """(j, 2): where the markers were at the start and are at a saved time, m."""
    if not result.has("marker_position"):
        return None
    return np.stack([result.problem.markers, result.snapshots[k].fields["marker_position"]], axis=1)


def start_of(problem) -> dict:
    """What the sample was before it diffused, in the words of `Profile.start`."""
    initial, mixture = problem.initial, problem.mixture
    said = {"interval": problem.domain.interval, "closed": problem.boundary.closed and not problem.source}
    if isinstance(initial, Step | Film):
        first, second = (dict(zip(mixture.components, column, strict=True)) for column in pieces_of(problem))
    if isinstance(initial, Step):
        return said | {"shape": "step", "at": initial.at, "left": first, "right": second}
    if isinstance(initial, Film):
        return said | {
            "shape": "film", "at": initial.at, "thickness": initial.thickness, "matrix": first, "film": second,
        }  # fmt: skip
    if problem.domain.geometry != "planar":
        return said | {"shape": "other"}
    grid = problem.grid
    return said | {
        "shape": "other",
        "profile": Profile(grid.centres, mixture.components, mixture.complete(problem.start(grid))),
    }


def pieces_of(problem) -> list[list[float]]:
    """Mole fractions of all components in the first two pieces of a start."""
    return problem.mixture.complete(problem.initial.table(problem.mixture)).T[:2].tolist()


def thermodynamics_of(law) -> dict | None:
    """The section of a case that says the same as the law's thermodynamics; None without one."""
    solution = getattr(law, "thermodynamics", None)
    if solution is None:
        return None
    given = {"kind": solution.kind, "omega": dict(solution.omega), "excess": solution.excess}
    return {name: value for name, value in given.items() if value}


def structure_of(law) -> str:
    """The crystal structure whose vacancy wind blows in the law; "" where none blows."""
    return law.structure if getattr(law, "vacancy_wind", "none") != "none" else ""


def layers_of(result, k: int) -> tuple[Layer, ...]:
    """The layers of a couple of line compounds at a saved time."""
    law = result.problem.law
    if law.kind != "line-compounds":
        return ()
    edges = result.snapshots[k].fields["interface_position"]
    phases = zip(law.names, law.fractions, law.molar_volumes, strict=True)
    inner = list(phases)[1:-1]
    return tuple(
        Layer(name, float(fraction), float(thickness), float(volume))
        for (name, fraction, volume), thickness in zip(inner, np.diff(edges), strict=True)
    )


def reversals_of(result) -> tuple[Reversal, ...]:
    """The reversal potential of a membrane in a constant field whose voltages were swept, the inside on the right; none
    where the current changes sign nowhere."""
    problem = result.problem
    if not problem.sweep or problem.law.closure != "constant-field" or len(result.snapshots) < len(problem.sweep):
        return ()
    from simulator.solve.reversal import zero_current

    try:
        voltage = zero_current(result.field("voltage"), result.field("current"), "sweep_voltage")
    except Invalid:
        return ()
    names, ends = problem.mixture.components, result.field("concentration_end")[-1]
    outside, inside = (dict(zip(names, map(float, column), strict=True)) for column in ends.T)
    return (Reversal(voltage, inside, outside),)


def interfaces_of(result, k: int) -> tuple[float, ...]:
    """Where two phases meet at a saved time, m; between line compounds see `layers_of`."""
    if result.problem.law.kind != "two-phase":
        return ()
    return tuple(map(float, result.snapshots[k].fields["interface_position"]))


def profile_of(result, time: float | str | None = None) -> Profile:
    """The profile at a saved time of a result: s, or a quantity such as "100 h"; the last one by default.

    The fractions of a planar result are values at the cell centres, from the cell averages (`point_values`): what a
    probe finds, and what the methods of `inverse` are exact for. Where cells moved, x is where they are at that time.
    Raises Invalid if nothing was saved at that time.
    """
    from simulator.solve.axis import axes_of, point_values

    saved = np.asarray(result.time, float)
    if not saved.size:
        raise Invalid.at("time", "the result has no saved profile yet.")
    if time is None:
        k = saved.size - 1
    else:
        if isinstance(time, str):
            from simulator.laws.units import number

            time = number(time, "s", "time")
        # of steady states, all of which are saved at no end of time, the last
        same = np.flatnonzero(saved == time)
        k = int(same[-1]) if same.size else int(np.argmin(np.abs(saved - time)))
        if not same.size and not abs(saved[k] - time) <= TIME_TOLERANCE * max(abs(time), abs(saved[k])):
            shown = ", ".join(f"{t:.10g}" for t in saved)
            raise Invalid.at("time", f"nothing was saved at {time:.10g} s; the saved times are {shown} s.")
    snapshot = result.snapshots[k]
    temperature = float(snapshot.temperature)
    mixture = result.problem.mixture
    fractions = np.asarray(snapshot.composition, float)
    interfaces = interfaces_of(result, k)
    if result.grid.geometry == "planar" and fractions.shape[1] > 2:
        moving = result.has("position")
        faces = axes_of(result.problem, [result.grid])[0].grid.faces if moving else result.grid.faces
        # never across the jump between two phases
        jumps = [int(np.argmin(np.abs(result.snapshots[k].fields["position_face"] - at))) for at in interfaces]
        runs = pairwise([0, *jumps, fractions.shape[1]])
        fractions = np.hstack([point_values(fractions[:, a:b], np.asarray(faces[a : b + 1], float)) for a, b in runs])
        if mixture.dependent:
            last = mixture.components.index(mixture.dependent)
            fractions[last] = 1.0 - np.delete(fractions, last, axis=0).sum(axis=0)
    return Profile(
        x=result.position[k],
        components=mixture.components,
        fractions=fractions,
        time=float(snapshot.time) if 0.0 < snapshot.time < np.inf else None,
        temperature=temperature if np.isfinite(temperature) else None,
        component=mixture.independent[0],
        dependent=mixture.dependent,
        quantity=mixture.quantity,
        reversals=reversals_of(result),
        potential=float(snapshot.fields["voltage"]) if "voltage" in snapshot.fields else None,
        charges=getattr(mixture, "charges", None),
        marker=marker_of(result, k),
        markers=markers_of(result, k),
        start=start_of(result.problem),
        thermodynamics=thermodynamics_of(result.problem.law),
        structure=structure_of(result.problem.law),
        layers=layers_of(result, k),
        interfaces=interfaces,
        law=result.problem.law,
        history=result.problem.temperature,
        molar_volume=result.problem.molar_volume.table if result.problem.swells else None,
        geometry=result.grid.geometry,
        source=result.source,
    )
