"""What a file of `matano analyse` holds: a profile, structure factors or sizes, measured or of a result."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matano.console import UsageFault
from simulator.faults import Fault, Invalid
from simulator.files import RESULTS

OF_PROFILES = ("x", "ends", "basis", "dependent")  # options that structure factors and sizes do not go with
MEASURED = (*OF_PROFILES, "temperature", "composition")


@dataclass(frozen=True)
class Source:
    """One file, or what stands for it. result: None for a measurement, whose data are then `measured`; time, s, and
    component: what was asked of a result."""

    path: Path
    result: Any = None
    measured: Any = None
    time: float | None = None
    component: str = ""
    made: dict[str, Any] = field(default_factory=dict)

    def data(self, kind: str):
        """The data of a kind of `inverse.estimate.DATA`; of a measurement what it is. Raises Invalid for a result that
        has none of this kind."""
        if self.result is None:
            return self.measured
        if kind not in self.made:
            self.made[kind] = named(self.path, data_of, self.result, kind, self.component, self.time)
        return self.made[kind]

    @property
    def usual(self) -> str:
        """The kind of data that a method is chosen for where none is named."""
        from inverse.estimate import kind_of_data

        if self.result is None:
            return kind_of_data(self.measured)
        return "spectra" if is_field(self.result) else "profile"

    @property
    def usual_data(self):
        return self.data(self.usual)


def is_field(result) -> bool:
    """Whether a result has two or three dimensions."""
    return hasattr(result, "box")


def data_of(result, kind: str, component: str = "", time: float | None = None):
    """Of a result the profile at the saved time nearest to `time`, s, or structure factors or sizes of domains up to
    it; the last one by default. Raises Invalid where it has none."""
    if kind == "profile":
        if is_field(result):
            text = "is a field in two or three dimensions; methods for profiles take a result in one dimension."
            raise Invalid.at(result.source or "result", text)
        profile = result.profile(time)
        return of(profile, component) if component else profile
    from simulator.solve.spectra import sizes_of, spectra_of

    if kind == "spectra":
        found = spectra_of(result, component or None)
    else:
        found = sizes_of(result)
        found = found.only(component) if component else found
    return found if time is None else found.until(time)


def named(path, call, *arguments, **options):
    """What the call returns; its faults with the file in front, where they do not name it."""
    try:
        return call(*arguments, **options)
    except Invalid as error:
        raise Invalid(
            *(
                fault if fault.where.startswith(str(path)) else Fault(f"{path} {fault.where}".strip(), fault.sentence)
                for fault in error.faults
            )
        ) from None


def read(path: Path, options) -> Source:
    """What is in a file; options: the `Options` of the command line."""
    if not path.exists():
        raise Invalid.at(str(path), "there is no such file.")
    given = {name: getattr(options, name) for name in MEASURED if getattr(options, name)}
    if path.suffix in RESULTS:
        if given:
            name = next(iter(given))
            what = "measured structure factors" if name == "composition" else "a measured profile"
            raise UsageFault.at(f"--{name}", f"describes {what}; a result knows it.")
        from simulator.files.stored import open_result

        result = open_result(path)
        time = quantity(options.time, "s", "--time") if options.time else None
        source = Source(path, result, None, time, options.component)
        if source.usual == "profile":
            source.data("profile")
        return source
    if path.suffix == ".toml":
        if given:
            raise UsageFault.at(f"--{next(iter(given))}", "belongs into the experiment file.")
        from simulator.files.experiment import read_experiment

        found = read_experiment(path)
        return Source(path, measured=named(path, of, found, options.component) if options.component else found)
    return Source(path, measured=measured_in(path, options, given))


def measured_in(path: Path, options, given: dict[str, str]):
    """The data of a CSV or TSV file."""
    from simulator.files.scattering import holds, read_sizes, read_spectra

    kind, known = holds(path), dict(given)
    temperature = quantity(known.pop("temperature"), "K", "--temperature") if "temperature" in known else None
    if kind == "profile":
        if "composition" in known:
            raise UsageFault.at("--composition", f"belongs to structure factors or sizes, and {path} holds a profile.")
        from simulator.files.measured import read_profile

        for old, new, text in (("x", "x_column", options.x), ("", "component", options.component)):
            known.pop(old, None)
            if text:
                known[new] = text
        if options.ends:
            known["ends"] = two_numbers(options.ends)
        if options.time:
            known["time"] = quantity(options.time, "s", "--time")
        if temperature is not None:
            known["temperature"] = temperature
        return named(path, read_profile, path, **known)
    for name in OF_PROFILES:
        if name in known:
            raise UsageFault.at(f"--{name}", f"describes a profile, and {path} holds {WORDS[kind]}.")
    composition = fractions_of(options.composition) if options.composition else None
    if kind == "spectra":
        found = named(path, read_spectra, path, composition, temperature)
    else:
        found = named(path, read_sizes, path, composition)
    if options.component:
        found = named(path, found.only, options.component)
    return found.until(quantity(options.time, "s", "--time")) if options.time else found


WORDS = {"spectra": "structure factors", "sizes": "sizes of domains"}


def of(data, name: str):
    """The data for an analysis of this component; of a profile of a binary or a couple with an isotope the others are
    kept."""
    from dataclasses import replace

    alone = data.only(name)
    if not (getattr(data, "binary", False) or getattr(data, "tracer", "")):
        return alone
    return replace(data, component=name, layers=alone.layers)


def quantity(text: str, unit: str, where: str) -> float:
    """A number in SI, or a quantity with its unit."""
    from simulator.laws.units import number

    try:
        return float(text)
    except ValueError:
        return number(text, unit, where)


def fractions_of(text: str) -> dict[str, float]:
    """Mole fractions by component, of "B=0.4" or "A=0.6,B=0.4"."""
    found = {}
    for part in text.split(","):
        name, sign, value = part.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            sign = ""
        if not (sign and name.strip()):
            raise UsageFault.at("--composition", f"expected the mean mole fraction, as in B=0.4; got {text!r}.")
    return found


def two_numbers(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        left, right = (float(part) for part in parts)
    except ValueError:
        raise UsageFault.at(
            "--ends", f"expected two mole fractions, left and right, as in 0,1; got {text!r}."
        ) from None
    return left, right
