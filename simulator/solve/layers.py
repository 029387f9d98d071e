"""Line compounds as a level of `solve`: the layers of `simulator.solve.layer_growth` seen from a fixed grid."""

from collections.abc import Callable

import numpy as np

from simulator.faults import Invalid
from simulator.kernels.stepping import ACCEPTED, STATE_SIZE, TIME
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.integration import Stepped
from simulator.solve.layer_growth import GONE, Growth, Stack


class LayerLevel(Stepped):
    """A problem whose law is `LineCompounds`.

    The faces of the grid that is given are positions at the start; from then on each moves with the moles left of it,
    so that the cells hold fixed amounts: `grid` is on the axis q = V_0 n of the mole coordinate, m.
    u (1, p + 2 + 2 k): amounts of the phases, mol/m^2, moles left of each of the k markers, and their places.
    """

    def __init__(self, problem: Problem, grid: Grid, near: "LayerLevel | None" = None):
        """grid: of positions at the start; near: not used. Raises Invalid for what layers cannot do."""
        faults = problem.law.check_problem(problem)
        if faults:
            raise Invalid(*faults)
        self.problem = problem
        self.law = problem.law
        self.reference = self.law.molar_volume.reference
        thickness = self.law.start(problem)
        amounts = thickness / self.law.molar_volumes
        self.growth = Growth(self.law, amounts)
        moles, metres = (np.concatenate(([0.0], np.cumsum(part))) for part in (amounts, thickness))
        self.faces = np.interp(grid.faces - grid.faces[0], metres, moles)
        self.left = float(grid.faces[0])
        self.grid = Grid(self.left + self.reference * self.faces)
        markers = np.interp(np.array(problem.markers, float) - grid.faces[0], metres, moles)
        self.u = np.concatenate((amounts, markers, self.places(amounts, markers)))[None, :]
        self.unknowns = (self.u,)
        self.state = np.zeros(STATE_SIZE)

    def places(self, amounts: np.ndarray, markers: np.ndarray) -> np.ndarray:
        """Where markers lie at the start: 2 k inside phase k, 2 k + 1 right of it."""
        present = np.flatnonzero(amounts > 0.0)
        edges = np.cumsum(amounts[present])
        near = GONE * edges[-1]
        phase = np.minimum(np.searchsorted(edges, markers - near), present.size - 1)
        inside = (np.abs(markers - edges[phase]) > near) | (phase == present.size - 1)
        return 2.0 * present[phase] + ~inside

    @property
    def stack(self) -> Stack:
        """The layers and markers that u holds."""
        count = self.law.fractions.size
        markers, places = self.u[0, count:].reshape(2, -1)
        return Stack(self.u[0, :count].copy(), markers.copy(), places.astype(int))

    def begin(self, index: int) -> None:
        pass

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        begin, history, stack = self.time, self.problem.temperature, self.stack
        breaks = history.breaks if history is not None else ()
        for stop in (*(b for b in breaks if begin < b < end), end):

            def temperature(t: float, stop: float = stop) -> float:
                return self.problem.temperature_at(min(t, stop), 1 if t < stop else -1)

            if stop > begin:
                self.state[ACCEPTED] += self.growth.advance(stack, begin, stop, temperature)
            begin = stop
            if report is not None:
                report(stop)
        self.u[0] = np.concatenate((stack.amounts, stack.markers, stack.places))
        self.state[TIME] = end

    def fractions(self) -> np.ndarray:
        """Averages of the independent mole fraction (1, N) over the moles of the cells."""
        edges, faces = self.stack.edges, self.faces
        low = np.maximum(edges[:-1, None], faces[:-1])
        shared = np.maximum(np.minimum(edges[1:, None], faces[1:]) - low, 0.0)
        return (self.law.fractions @ shared / shared.sum(axis=0))[None, :]

    def flux(self) -> np.ndarray:
        """Number-fixed fluxes (1, N+1) of the independent component at the faces, in mol/(m^2 s) times the reference
        volume of the molar volume: m/s.
        """
        stack, time = self.stack, self.time
        N = self.law.fractions
        toward = np.sign(N[0] - N[-1])
        q = self.growth.fluxes(stack, self.problem.temperature_at(time, -1 if time > 0.0 else 1))
        phase = np.clip(np.searchsorted(stack.edges, self.faces, side="right") - 1, *stack.outermost)
        return (self.reference * toward * q[phase])[None, :]

    def inventory(self) -> np.ndarray:
        """Moles per area of the independent component (1,), times the reference volume: m."""
        return np.array([self.reference * (self.law.fractions @ self.stack.amounts)])

    def lab(self, moles: np.ndarray) -> np.ndarray:
        """Positions in m, the left end at rest, of points with these moles left of them, mol/m^2."""
        stack = self.stack
        metres = np.concatenate(([0.0], np.cumsum(stack.amounts * self.law.molar_volumes)))
        return self.left + np.interp(moles, stack.edges, metres)

    def fields(self) -> dict[str, np.ndarray]:
        """interface_position (p + 1,) in m, from left to right: a phase that is absent lies between two equal ones;
        and marker_position (k,) if there are markers.
        """
        stack = self.stack
        found = {"interface_position": self.lab(stack.edges[1:-1])}
        if stack.markers.size:
            found["marker_position"] = self.lab(stack.markers)
        return found

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        cells, markers = self.grid.cells, self.stack.markers.size
        shapes = {"interface_position": (self.law.fractions.size - 1,)} | (
            {"marker_position": (markers,)} if markers else {}
        )
        return shapes | {"position": (cells,), "position_face": (cells + 1,), "molar_volume": (cells,)}

    def geometry(self, fractions: np.ndarray, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """position (N,) where half the moles of a cell are passed, position_face (N+1,), m; molar_volume (N,), m^3/mol,
        means over the cells.
        """
        faces = self.lab(self.faces)
        return {
            "position": self.lab(0.5 * (self.faces[1:] + self.faces[:-1])),
            "position_face": faces,
            "molar_volume": np.diff(faces) / np.diff(self.faces),
        }

    def warnings(self) -> list[str]:
        now, start = self.stack.amounts, self.growth.start
        gone = [name for name, a, b in zip(self.law.names, now, start, strict=True) if b > 0.0 and a == 0.0]
        if not gone:
            return []
        listed = " and ".join(gone)
        return [f"used up before the end: {listed}. The layers then no longer grow as the square root of time."]
