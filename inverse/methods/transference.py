"""The two diffusivities of a salt from its profile and the diffusion potential."""

import numpy as np

from inverse.couple import Couple, couple_of
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import places
from inverse.ions.solution import check_junction, temperature_of
from inverse.methods.sauer_freise import diffusivity
from simulator.faults import Invalid
from simulator.laws.charge import thermal_voltage
from simulator.solve.profile import Profile

NAME = "transference"
WINDOW = (0.1, 0.9)
CHANGES = 0.05  # of D of the salt, from which on a sentence says that it is not constant
FEWEST_MOLES = 1e-9  # of the larger concentration: less is none at all


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a couple of a salt of two ions, with its potential."""
    z = check_junction(profile, method)
    if z.size != 2 or not z.min() < 0.0 < z.max():
        shown = ", ".join(f"{name} (z = {value:g})" for name, value in zip(profile.components, z, strict=True))
        more = " For three ions or more use ion-diffusivities." if z.size > 2 else ""
        raise Invalid.at("profile", f"{method} is for a salt, a cation and an anion; here are {shown}.{more}")
    if profile.potential is None:
        raise Invalid.at(
            "profile.potential",
            f'{method} needs the diffusion potential, right less left: potential = "-12.3 mV". Without it one salt '
            "profile gives the ambipolar diffusivity only.",
        )
    temperature_of(profile, method, "the diffusion potential")


def transference_number(z: np.ndarray, ratio: float, potential: float, T: float) -> float:
    """t_+ of a salt with z = (z_+, z_-) from the potential (V) between concentrations of this ratio, right over left.

    F dphi/(RT) = -(t_+/z_+ + t_-/z_-) ln(c_R/c_L),   t_- = 1 - t_+
    """
    slope = -potential / (thermal_voltage(T) * np.log(ratio))
    return float((slope - 1.0 / z[1]) / (1.0 / z[0] - 1.0 / z[1]))


def separate(z: np.ndarray, salt: float, cation: float) -> np.ndarray:
    """(D_+, D_-) from D of the salt and t_+."""
    return salt / (z[0] - z[1]) * np.array([-z[1] / (1.0 - cation), z[0] / cation])


def salt_diffusivity(couple: Couple, window: tuple[float, float]) -> np.ndarray:
    """D of the salt (k,) at places in the window, m^2/s."""
    x, *_ = places(couple.curve, couple.x, window)
    if not x.size:
        raise Invalid.at("profile", f"{NAME} finds no gradient within the window in this profile.")
    with np.errstate(all="ignore"):
        D = diffusivity(couple, x)
    return D[np.isfinite(D)]


def transference(profile: Profile, window: tuple[float, float] = WINDOW, smoother: str = "probit") -> Estimate:
    """D_+ and D_- of a salt, m^2/s, in rows, from the profile of one ion and the diffusion potential.

        D_salt = (z_+ - z_-) D_+ D_-/(z_+ D_+ - z_- D_-)            from the profile, by Sauer and Freise
        F dphi/(RT) = -(t_+/z_+ + t_-/z_-) ln(c_R/c_L)              gives t_+
        D_+ = D_salt |z_-|/((z_+ + |z_-|) t_-),   D_- = D_salt z_+/((z_+ + |z_-|) t_+)

    A neutral, ideal solution without current that began as a step; D_salt is the mean over the window of the step, and
    t_+ that over the logarithm of the concentration. In the diagnostics t_plus, D_salt and how much it changes. The
    standard deviations are those of the profile: the potential is taken as it is given. Raises Invalid without a
    potential, for other than two ions, and for a potential that no transference number explains.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004).
    """
    check(profile, NAME)
    z = np.array([float(profile.charges[name]) for name in profile.components])
    order = np.argsort(-z)
    names, z = tuple(profile.components[k] for k in order), z[order]
    couple = couple_of(profile.only(names[0]), NAME, smoother)
    T = temperature_of(profile, NAME, "the diffusion potential")
    cation = plausible(t_plus(couple, z, profile.potential, T), profile.potential)
    salt = salt_diffusivity(couple, window)
    D_salt, spread = float(salt.mean()), float(np.ptp(np.quantile(salt, (0.05, 0.95))) / salt.mean())
    drawn = []
    for one in couple.draws():
        t = t_plus(one, z, profile.potential, T)
        if 0.0 < t < 1.0:
            drawn.append([t, *separate(z, float(salt_diffusivity(one, window).mean()), t)])
    sd = np.std(drawn, axis=0) if len(drawn) > 1 else None
    warnings = list(couple.warnings)
    if spread > CHANGES and sd is None:
        warnings.append(
            f"D of the salt changes by {100 * spread:.2g} % over the profile: the two values are means over it."
        )
    mean = float(np.mean(couple.ends))
    return Estimate(
        method=NAME,
        recovers="ion_diffusivity",
        unit="m^2/s",
        component=names[0],
        composition=np.array([mean]),
        value=separate(z, D_salt, cation)[:, None],
        sd=None if sd is None else sd[1:, None],
        window=(mean, mean),
        source=profile.source,
        diagnostics={
            "time": couple.time,
            "t_plus": cation,
            "t_plus_sd": None if sd is None else float(sd[0]),
            "D_salt": D_salt,
            "D_salt_change": spread,
            "potential": float(profile.potential),
            "ends": [float(end) for end in couple.ends],
            "noise": couple.noise,
            "warnings": warnings,
        },
        rows=names,
    )


def t_plus(couple: Couple, z: np.ndarray, potential: float, T: float) -> float:
    """t_+ between the ends of a couple. Raises Invalid where one of them has no salt."""
    left, right = couple.ends
    if not min(left, right) > FEWEST_MOLES * max(left, right):
        raise Invalid.at(
            "profile",
            f"{NAME} needs salt on both sides: with c_{couple.component} = {min(left, right):.3g} mol/m^3 at one end "
            "the diffusion potential has no limit.",
        )
    return transference_number(z, right / left, potential, T)


def plausible(cation: float, potential: float) -> float:
    """t_+; Invalid unless it lies between 0 and 1."""
    if not 0.0 < cation < 1.0:
        raise Invalid.at(
            "profile.potential",
            f"{1e3 * potential:.4g} mV would mean t_+ = {cation:.3g}, not between 0 and 1. The potential is that of "
            "the right end less that of the left; is its sign that, and is it without the electrodes' own?",
        )
    return cation


METHOD = Method(
    name=NAME,
    title="Transference number and ion diffusivities of a salt",
    equation="F dphi/(RT) = -(t_+/z_+ + t_-/z_-) ln(c_R/c_L),  D_+ = D_salt |z_-|/((z_+ + |z_-|) t_-)",
    recovers="ion_diffusivity",
    unit="m^2/s",
    needs=("profile of a salt", "time", "charges", "temperature", "diffusion potential"),
    assumes=("two ions", "electroneutral", "no current", "ideal solution", "step start", "unaffected ends", "planar"),
    source="Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004)",
    check=check,
    analyse=transference,
    tolerance=1e-3,
    window=WINDOW,
)
