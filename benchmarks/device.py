"""The double layer in devsim: Poisson and two continuity equations with Scharfetter-Gummel edges, by TR-BDF2."""

import contextlib
import io
import os
from importlib import metadata

import numpy as np
from double_layer import DEBYE, MOMENTS, VOLTAGE
from sundials import Absent

GAMMA = 2.0 - 2.0**0.5  # of TR-BDF2: the trapezoidal part of a step
HELD = 1e30  # weight of c = 1 in the solution that a run starts from
ANY = 1e30
PLACE = {"device": "cell", "region": "salt"}
UNKNOWNS = ("phi", "c", "a")  # potential, cations, anions
NEWTON = {
    "solver_type": "direct",
    "absolute_error": ANY,
    "relative_error": 1e-6,
    "charge_error": ANY,
    "maximum_iterations": 30,
}


def devsim_module():
    """devsim, which looks for BLAS and LAPACK when it is imported: those of scikit-sundae's wheel will do. Raises
    Absent."""
    for path in metadata.files("scikit-sundae") or () if installed("scikit-sundae") else ():
        if path.name.startswith("libopenblas"):
            os.environ.setdefault("DEVSIM_MATH_LIBS", str(path.locate()))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import devsim
    except ImportError:
        raise Absent("devsim is not installed: pip install 'matano[bench]'") from None
    except RuntimeError:
        raise Absent("devsim finds no BLAS and LAPACK: name the shared libraries in DEVSIM_MATH_LIBS") from None
    return devsim


def installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


class Device:
    """The scaled problem on nodes x (n,), from 0 to 1: one at a time, as devsim solves all devices that it knows.

    Raises Absent.
    """

    def __init__(self, x: np.ndarray):
        self.devsim = devsim_module()
        self.x = x
        with contextlib.redirect_stdout(io.StringIO()):
            self.devsim.reset_devsim()
            self.make_mesh()
            self.make_equations()
            self.volume = self.values("NodeVolume")

    def make_mesh(self) -> None:
        d, last = self.devsim, self.x.size - 1
        d.create_1d_mesh(mesh="line")
        for k, x in enumerate(self.x):
            d.add_1d_mesh_line(mesh="line", pos=float(x), ps=1.0, tag=str(k))  # a spacing of 1 adds no nodes between
        d.add_1d_contact(mesh="line", name="left", tag="0", material="metal")
        d.add_1d_contact(mesh="line", name="right", tag=str(last), material="metal")
        d.add_1d_region(mesh="line", material="salt", region="salt", tag1="0", tag2=str(last))
        d.finalize_mesh(mesh="line")
        d.create_device(mesh="line", device="cell")
        if not np.array_equal(self.values("x"), self.x):
            raise ValueError("expected devsim to keep the nodes that it was given")

    def make_equations(self) -> None:
        d = self.devsim
        d.set_parameter(name="p", value=2.0 * DEBYE**2, **PLACE)
        d.set_parameter(name="held", value=0.0, **PLACE)
        for name in UNKNOWNS:
            d.node_solution(name=name, **PLACE)
            d.edge_from_node_model(node_model=name, **PLACE)
        self.edge("field", "p*(phi@n0 - phi@n1)*EdgeInverseLength", "phi")
        self.edge("s", "phi@n1 - phi@n0", "phi")
        d.edge_model(name="bernoulli", equation="B(s)", **PLACE)
        for side in ("@n0", "@n1"):
            d.edge_model(name=f"bernoulli:phi{side}", equation=f"dBdx(s)*s:phi{side}", **PLACE)
        self.edge("cations", "EdgeInverseLength*(bernoulli*c@n0 - (bernoulli + s)*c@n1)", "phi", "c")
        self.edge("anions", "EdgeInverseLength*((bernoulli + s)*a@n0 - bernoulli*a@n1)", "phi", "a")
        self.node("charge", "a - c", "a", "c")
        d.equation(name="potential", variable_name="phi", node_model="charge", edge_model="field", **PLACE)
        for name, flux in (("c", "cations"), ("a", "anions")):
            self.node(f"held_{name}", f"held*({name} - 1)", name)
            self.node(f"stored_{name}", name, name)
            d.equation(
                name=flux,
                variable_name=name,
                node_model=f"held_{name}",
                edge_model=flux,
                time_node_model=f"stored_{name}",
                variable_update="positive",
                **PLACE,
            )
        for contact, value in (("left", 0.0), ("right", VOLTAGE)):
            at = {"device": "cell", "contact": contact}
            d.contact_node_model(name=f"{contact}_held", equation=f"phi - {value}", **at)
            d.contact_node_model(name=f"{contact}_held:phi", equation="1", **at)
            d.contact_equation(name="potential", node_model=f"{contact}_held", **at)

    def edge(self, name: str, equation: str, *unknowns: str) -> None:
        """A model on the edges with its derivatives."""
        self.devsim.edge_model(name=name, equation=equation, **PLACE)
        for by in (f"{unknown}{side}" for unknown in unknowns for side in ("@n0", "@n1")):
            self.devsim.edge_model(name=f"{name}:{by}", equation=f"simplify(diff({equation}, {by}))", **PLACE)

    def node(self, name: str, equation: str, *unknowns: str) -> None:
        """A model on the nodes with its derivatives."""
        self.devsim.node_model(name=name, equation=equation, **PLACE)
        for by in unknowns:
            self.devsim.node_model(name=f"{name}:{by}", equation=f"simplify(diff({equation}, {by}))", **PLACE)

    def values(self, name: str) -> np.ndarray:
        return np.array(self.devsim.get_node_model_values(name=name, **PLACE))

    def charges(self, steps: int) -> np.ndarray:
        """The left wall's charge at all MOMENTS, as in `double_layer.CHARGES`: `steps` equal steps to the first one,
        and as many from each to the next that grow by a constant factor.
        """
        with contextlib.redirect_stdout(io.StringIO()):
            self.begin()
            found, before = [], 0.0
            for moment in MOMENTS:
                times = np.geomspace(before, moment, steps + 1) if before else np.linspace(0.0, moment, steps + 1)
                for k, step in enumerate(np.diff(times)):
                    self.step(float(step), first=not found and k == 0)
                found.append(self.charge())
                before = moment
        return np.array(found)

    def begin(self) -> None:
        """The even salt in the field of an empty space: a steady solution that holds the concentrations."""
        d = self.devsim
        for name, start in zip(UNKNOWNS, (VOLTAGE * self.x, *np.ones((2, self.x.size))), strict=True):
            d.set_node_values(name=name, values=start.tolist(), **PLACE)
        d.set_parameter(name="held", value=HELD, **PLACE)
        d.solve(type="transient_dc", **NEWTON)
        d.set_parameter(name="held", value=0.0, **PLACE)

    def step(self, length: float, first: bool) -> None:
        """TR-BDF2; the first step is backward Euler's, as the trapezoidal rule would take up the held balance."""
        if first:
            self.devsim.solve(type="transient_bdf1", tdelta=length, **NEWTON)
            return
        for part in ("transient_tr", "transient_bdf2"):
            self.devsim.solve(type=part, tdelta=length, gamma=GAMMA, **NEWTON)

    def charge(self) -> float:
        """lambda^2 dphi/dx at the left wall: what leaves through the first edge and what the first node holds."""
        phi, c, a = (self.values(name)[:2] for name in UNKNOWNS)
        field = DEBYE**2 * (phi[1] - phi[0]) / (self.x[1] - self.x[0])
        return float(field + 0.5 * (c[0] - a[0]) * self.volume[0])
