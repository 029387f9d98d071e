"""Which method `matano analyse` takes when none is named."""

from pathlib import Path

from matano.sources import Source
from simulator.faults import Invalid

OF_WAVES = ("cahn-plot", "coarsening")  # in the order in which they are tried
OF_LINES = ("cahn-plot", "interface-profile")  # of what un-mixes along a line


def alone(method, paths: list[Path]) -> bool:
    """Whether a method takes these files one by one."""
    return len(paths) == 1 or method.counts[1] == 1


def several(profile) -> bool:
    """Whether a profile has three components or more, one of which may have no column."""
    if profile.quantity == "concentration":
        return False
    beside = bool(profile.dependent) and profile.dependent not in profile.components
    return len(profile.components) + beside > 2 and not profile.tracer and not profile.layers


def default_of(source: Source):
    """The method for one file: of what un-mixes see `of_waves`, of other profiles `default`."""
    if source.usual == "profile" and not separates(source):
        return default(source.path, source.data("profile"), source)
    return of_waves(source)


def separates(source: Source) -> bool:
    """Whether a result is of a law that un-mixes: fluxes then follow no diffusivity."""
    return source.result is not None and getattr(source.data("profile").law, "separates", False)


def of_waves(source: Source):
    """cahn-plot for structure factors while waves are small, else coarsening, or along a line interface-profile;
    Invalid with the reasons, and with the methods that apply, where neither does."""
    from inverse import METHODS

    names, reasons = OF_LINES if source.usual == "profile" else OF_WAVES, []
    for name in names if source.result is not None else [name for name in names if METHODS[name].data == source.usual]:
        reason = why_not(METHODS[name], [source])
        if reason is None:
            return METHODS[name]
        reasons.append(reason)
    raise Invalid.at(str(source.path), " ".join(reasons) + hint([source.path], [source]))


def of_all(sources: list[Source]) -> list:
    """The method that takes all files together where none is named: of several components, or of structure factors of
    several alloys; none where each file has its own."""
    paths = [source.path for source in sources]
    if all(source.usual == "profile" and several(source.data("profile")) for source in sources):
        return of_several(paths, [source.data("profile") for source in sources])
    if len(sources) > 1 and all(source.usual == "spectra" for source in sources):
        from inverse import METHODS

        return [METHODS["cahn-plot"]] if why_not(METHODS["cahn-plot"], sources) is None else []
    return []


def default(path: Path, profile, source: Source | None = None):
    """wagner with a molar volume, sauer-freise without; of ions what their number, or reversal potentials, allow.
    Invalid with the methods that apply where that does not."""
    from inverse import METHODS

    name = "wagner" if len(profile.molar_volume or {}) > 1 else "sauer-freise"
    if profile.reversals:
        name = "permeability-ratios"
    elif profile.quantity == "concentration" and len(profile.components) > 1:
        name = "ion-diffusivities" if len(profile.components) > 2 else "transference"
    return applying(METHODS[name], [path], [profile if source is None else source])


def of_several(paths: list[Path], profiles: list) -> list:
    """For three components or more: interdiffusion-fluxes of one couple, exact-fit of several, parametric-fit of
    several temperatures; Invalid with the methods that apply where that does not."""
    from inverse import METHODS
    from inverse.multicomponent.couples import SAME

    known = [profile.temperature for profile in profiles if profile.temperature is not None]
    fit = "parametric-fit" if known and max(known) - min(known) > SAME else "exact-fit"
    name = fit if len(paths) > 1 else "interdiffusion-fluxes"
    return [applying(METHODS[name], paths, profiles)] if name in METHODS else []


def applying(method, paths: list[Path], given: list):
    """The method itself; Invalid with those that apply, to all files or to each of them, where it does not. given: of
    each file the data, or a Source of them."""
    reason = why_not(method, given)
    if reason is None:
        return method
    raise Invalid.at(", ".join(map(str, paths)), f"{reason}{hint(paths, given)}")


def why_not(method, given: list) -> str | None:
    """None where the method applies to all of them together, else a sentence."""
    try:
        return method.applies(*(one.data(method.data) if isinstance(one, Source) else one for one in given))
    except Invalid as error:
        return " ".join(fault.sentence for fault in error.faults)


def hint(paths: list[Path], given: list) -> str:
    """A sentence to append with the methods that apply, to all files or to each of them."""
    from inverse import METHODS

    def fits(method) -> bool:
        if alone(method, paths):
            return all(why_not(method, [one]) is None for one in given)
        return why_not(method, given) is None

    fit = [name for name, method in METHODS.items() if fits(method)]
    return f" --method can be {', '.join(fit)}." if fit else ""
