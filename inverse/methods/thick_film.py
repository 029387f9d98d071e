"""A film of tracer whose thickness counts: the difference of two error functions."""

from inverse.estimate import Estimate, Method
from inverse.film import check_film, fit_film
from inverse.methods.thin_film import film_estimate
from simulator.solve.profile import Profile

NAME = "thick-film"


def thick_film(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Diffusivity D of a homogeneous sample with a film of tracer of any thickness, m^2/s, by least squares.

        X = X0 + (Xf - X0)/2 [erf((x - x0 + h)/w) - erf((x - x0 - h)/w)],   D = w^2/(4 t)

    h is half the thickness, on a surface the whole of it; it is taken from the start of the profile, or fitted where
    that says nothing. Fitted are w, Xf, the middle x0 of a film within the sample, and X0 where it is not given. Raises
    Invalid where the start was no film, an end is not flat and no end values are given, the two ends differ, or the
    profile shows neither D nor the thickness. Source: Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2.
    """
    source = check_film(profile, NAME)
    found = fit_film(profile, source, NAME, source.half)
    diagnostics = {"thickness_given": source.half is not None}
    return film_estimate(NAME, profile, source, found, found.width**2 / (4.0 * profile.time), window, diagnostics, [])


METHOD = Method(
    name=NAME,
    title="Thick film",
    equation="X = X0 + (Xf - X0)/2 [erf((x - x0 + h)/w) - erf((x - x0 - h)/w)], w = 2 sqrt(D t)",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("film at the start", "unaffected ends", "constant diffusivity", "planar"),
    source="Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2",
    check=check_film,
    analyse=thick_film,
)
