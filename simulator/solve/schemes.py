"""The schemes that advance a problem in time: what each is, its order, its tableau."""

from dataclasses import dataclass
from functools import cached_property

from simulator.faults import Invalid, near
from simulator.kernels.diagonally_implicit import diagonally_implicit
from simulator.kernels.explicit import TwoStage, chebyshev, runge_kutta
from simulator.kernels.rosenbrock import rosenbrock
from simulator.solve import tableaus


@dataclass(frozen=True)
class Scheme:
    """family: "implicit", "explicit", "similarity" or "spectral"; order: in time; kernel, tableau: what advances it."""

    name: str
    title: str
    family: str
    order: int
    kernel: object = None
    tableau: object = None
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @cached_property
    def data(self) -> tuple:
        """What the kernel is given between the system and the control."""
        if self.tableau is None:
            return ()
        return (getattr(self.tableau, "arrays", self.tableau),)


# On the negative real axis both two-stage methods are stable for h * radius <= 2.
EULER = TwoStage(1.0, 0.0, 0.5, -0.5, 1.0, 2.0)
HEUN = TwoStage(0.5, 0.5, -0.5, 0.5, 2.0, 2.0)

SCHEMES = (
    Scheme("rodas5p", "Rodas5P, 8 stages", "implicit", 5, rosenbrock, tableaus.RODAS5P, ("implicit", "auto")),
    Scheme("rodas5", "Rodas5, 8 stages", "implicit", 5, rosenbrock, tableaus.RODAS5),
    Scheme("rodas4p", "Rodas4P, 6 stages", "implicit", 4, rosenbrock, tableaus.RODAS4P),
    Scheme("rodas4", "Rodas4, 6 stages", "implicit", 4, rosenbrock, tableaus.RODAS4),
    Scheme("rodas3", "Rodas3, 4 stages", "implicit", 3, rosenbrock, tableaus.RODAS3),
    Scheme("tr-bdf2", "trapezoidal rule and BDF2", "implicit", 2, diagonally_implicit, tableaus.tr_bdf2()),
    Scheme("backward-euler", "backward Euler", "implicit", 1, diagonally_implicit, tableaus.backward_euler()),
    Scheme(
        "rkc", "Runge-Kutta-Chebyshev, as many stages as stability asks", "explicit", 2, chebyshev, None, ("explicit",)
    ),
    Scheme("heun", "Heun, 2 stages", "explicit", 2, runge_kutta, HEUN),
    Scheme("euler", "forward Euler", "explicit", 1, runge_kutta, EULER),
    Scheme("similarity", "steady in x / sqrt(t): step couples on an infinite line, no time error", "similarity", 0),
)


RKC = next(scheme for scheme in SCHEMES if scheme.name == "rkc")
FFT = Scheme("fft", "exponential Runge-Kutta in Fourier or cosine modes, for a constant mobility", "spectral", 4)
# Of two and three dimensions; "auto" is the first of them there, and the first of all in one dimension.
FIELD_SCHEMES = (RKC, FFT)


def scheme_names() -> tuple[str, ...]:
    """Every name and alias."""
    return tuple(name for scheme in (*SCHEMES, FFT) for name in (scheme.name, *scheme.aliases))


def scheme_named(name: str) -> Scheme:
    """A scheme of one dimension. Raises Invalid."""
    for scheme in SCHEMES:
        if name == scheme.name or name in scheme.aliases:
            return scheme
    if name == FFT.name:
        raise Invalid.at("solver.scheme", '"fft" is for two and three dimensions; leave scheme out, or use "implicit".')
    known = scheme_names()
    raise Invalid.at("solver.scheme", f"{name!r} is not one of {', '.join(known)}.{near(name, known)}")


def field_scheme_named(name: str) -> Scheme:
    """A scheme of two and three dimensions. Raises Invalid."""
    for scheme in FIELD_SCHEMES:
        if name in ("auto", scheme.name, *scheme.aliases):
            return scheme
    known = ", ".join(f'"{scheme}"' for scheme in FIELD_SCHEMES)
    if name in scheme_names():
        text = f'"{name}" is for one dimension; two and three have {known}. Leave scheme out for "{RKC}".'
    else:
        text = f"{name!r} is not one of {known}.{near(name, tuple(map(str, FIELD_SCHEMES)))}"
    raise Invalid.at("solver.scheme", text)
