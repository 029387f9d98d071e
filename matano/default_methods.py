"""Which method `matano analyse` takes when none is named."""

from pathlib import Path

from simulator.faults import Invalid


def alone(method, paths: list[Path]) -> bool:
    """Whether a method takes these files one by one."""
    return len(paths) == 1 or method.counts[1] == 1


def several(profile) -> bool:
    """Whether a profile has three components or more, one of which may have no column."""
    if profile.quantity == "concentration":
        return False
    beside = bool(profile.dependent) and profile.dependent not in profile.components
    return len(profile.components) + beside > 2 and not profile.tracer and not profile.layers


def default(path: Path, profile):
    """wagner with a molar volume, sauer-freise without; of ions what their number, or reversal potentials, allow.
    Invalid with the methods that apply where that does not."""
    from inverse import METHODS

    name = "wagner" if len(profile.molar_volume or {}) > 1 else "sauer-freise"
    if profile.reversals:
        name = "permeability-ratios"
    elif profile.quantity == "concentration" and len(profile.components) > 1:
        name = "ion-diffusivities" if len(profile.components) > 2 else "transference"
    return applying(METHODS[name], [path], [profile])


def of_several(paths: list[Path], profiles: list) -> list:
    """For three components or more: interdiffusion-fluxes of one couple, exact-fit of several, parametric-fit of
    several temperatures; Invalid with the methods that apply where that does not."""
    from inverse import METHODS
    from inverse.multicomponent.couples import SAME

    known = [profile.temperature for profile in profiles if profile.temperature is not None]
    fit = "parametric-fit" if known and max(known) - min(known) > SAME else "exact-fit"
    name = fit if len(paths) > 1 else "interdiffusion-fluxes"
    return [applying(METHODS[name], paths, profiles)] if name in METHODS else []


def applying(method, paths: list[Path], profiles: list):
    """The method itself; Invalid with those that apply, to all profiles or to each of them, where it does not."""
    from inverse import METHODS

    reason = method.applies(*profiles)
    if reason is None:
        return method

    def fits(other) -> bool:
        if alone(other, paths):
            return all(other.applies(profile) is None for profile in profiles)
        return other.applies(*profiles) is None

    fit = [name for name, other in METHODS.items() if fits(other)]
    hint = f" --method can be {', '.join(fit)}." if fit else ""
    raise Invalid.at(", ".join(map(str, paths)), f"{reason}{hint}")
