"""Draws poisson-limits.png: the fluxes of a film over the Debye length, between those of the other two closures."""

import sys
from pathlib import Path

import numpy as np

import simulator
from matano.drawing import COLOURS, STYLES, pyplot, write
from simulator.laws.charge import EPSILON_0, thermal_voltage
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.expression import CONSTANTS
from simulator.laws.nernst_planck import NernstPlanck
from simulator.problem.boundary import Boundary, Fixed

T, L = 298.15, 1e-8
IONS = {"K": {"z": 1, "D": 1.957e-9}, "Cl": {"z": -1, "D": 2.032e-9}}
LEFT, RIGHT = {"K": 1.0, "Cl": 1.0}, {"K": 0.1, "Cl": 0.1}


def fluxes(closure: str, ratio: float | None = None) -> np.ndarray:
    """J L/(D_K c_left) of both ions; ratio: Debye length of the left end over L."""
    mixture = Electrolyte(tuple(IONS), charges={name: entry["z"] for name, entry in IONS.items()})
    V = thermal_voltage(T)
    more = {} if ratio is None else {"permittivity": 2.0 * CONSTANTS["F"] * (ratio * L) ** 2 / (EPSILON_0 * V)}
    problem = simulator.Problem(
        mixture,
        NernstPlanck(mixture, ions=IONS, closure=closure, voltage=-2.0 * V, **more),
        simulator.Domain((0.0, L), 200, grading="walls"),
        simulator.Step(0.5 * L, LEFT, RIGHT),
        Boundary(Fixed(LEFT), Fixed(RIGHT)),
        simulator.Temperature(T),
        end="steady",
    )
    result = simulator.solve(problem, simulator.Controls(extrapolate=True))
    return result.flux[-1, :, 100] * L / IONS["K"]["D"]


def main(target: Path) -> None:
    ratios = np.logspace(-3.0, 1.5, 40)
    found = np.array([fluxes("poisson", ratio) for ratio in ratios])
    figure, axes = pyplot().subplots(1, 2, figsize=(9.0, 3.4))
    for k, (ax, name) in enumerate(zip(axes, IONS, strict=True)):
        ax.plot(ratios, found[:, k], color=COLOURS[0], label="poisson")
        for j, closure in enumerate(("electroneutral", "constant-field"), start=1):
            ax.axhline(fluxes(closure)[k], color=COLOURS[j], linestyle=STYLES[j], label=closure)
        ax.set_xscale("log")
        ax.set_xlabel(r"$\lambda/L$")
        ax.set_ylabel(rf"$J\,L/(D_\mathrm{{K}} c)$ of {name}")
    axes[1].legend()
    write(figure, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("poisson-limits.png"))
