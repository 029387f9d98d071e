"""The page of analyses as they are made: what was read and how, what came out, and what that leaves of the profiles."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from matano.pages.analyses import grouped, together
from matano.pages.document import Document
from matano.pages.results import made_by
from matano.saved_analyses import round_trip_of
from simulator.faults import Invalid


def page_of_analyses(found: Sequence) -> Document:
    """The page of analyses, of measurements or of results, by the files that they are of."""
    names = ", ".join(dict.fromkeys(path.name for entry in found for path in entry.paths))
    methods = ", ".join(dict.fromkeys(entry.estimate.method for entry in found))
    what = ", ".join(dict.fromkeys(entry.estimate.recovers.replace("_", " ") for entry in found))
    page = Document(Path(names).stem if "," not in names else names, f"{what}, recovered from {names} by {methods}.")
    page.heading("Verdict")
    verdicts(page, found)
    page.heading("What was read")
    data(page, found)
    together(page, found)
    remainders(page, found)
    page.heading("Provenance")
    page.facts(provenance(found))
    return page


def verdicts(page: Document, found) -> None:
    """Of what is beside a truth, whether it is as near to it as it should be; of measurements, that there is none."""
    judged = [round_trip_of(entry) for entry in found if entry.verdict is not None]
    if len(judged) < len(found):
        page.verdict(None, "there is no truth to compare with: judge by what is left of the profiles.")
    failed = sum(trip.word == "FAILED" for trip in judged)
    if judged:
        far = f"{failed} of {len(judged)} analyses are further from the truth than their tolerances."
        page.verdict(not failed, far if failed else "every analysis is as near to the truth as it should be.")


def data(page: Document, found) -> None:
    """Each file once: its profile, and how it was read."""
    seen = {}
    for entry in found:
        seen |= dict(zip(entry.paths, zip(entry.profiles, entry.results, strict=True), strict=True))
    for path, (profile, result) in seen.items():
        page.heading(path.name, level=3)
        page.facts(described(profile, result))


def described(profile, result) -> Iterable[tuple[str, str]]:
    """What is known of a profile, or of structure factors or sizes, and of the file that it was read from."""
    from matano.console import duration

    yield "kind", f"a result: {result.title}" if result is not None else "a measurement"
    for name in ("components", "time", "temperature"):
        value = getattr(profile, name, None)
        if value is not None and getattr(value, "ndim", 0) == 0:
            words = {"time": duration, "temperature": "{:g} K".format, "components": ", ".join}
            yield name, words[name](value)
    if getattr(profile, "x", None) is not None and profile.x.size:
        yield "points", f"{profile.x.size}, from {1e6 * profile.x[0]:.6g} to {1e6 * profile.x[-1]:.6g} um"
    ends = getattr(profile, "ends", None) or {}
    for side, values in ends.items():
        pairs = zip(profile.components, values, strict=True)
        yield f"{side} end", ", ".join(f"x_{name} = {value:g}" for name, value in pairs)
    reading = getattr(profile, "reading", None) or {}
    yield from read_as(reading)


def read_as(reading) -> Iterable[tuple[str, str]]:
    """How a measured file was read, as `simulator.files.cleaning.record` tells it."""
    if not reading:
        return
    yield "written", f"{reading['encoding']}, separated by {reading['separator']}, decimal {reading['decimal']}"
    yield "header", f"line {reading['header']}"
    for column in reading["columns"]:
        beside = f", uncertainty {column['uncertainty']}" if "uncertainty" in column else ""
        yield f"column {column['column']}", f"{column['component']}, {column['basis']}{beside}"
    for name in ("preamble", "passed_over", "conversions", "warnings"):
        if reading[name]:
            yield name.replace("_", " "), " | ".join(reading[name])
    if reading["left_out"]:
        yield "left out", " | ".join(f"line {one['line']}: {one['reason']}" for one in reading["left_out"])


def remainders(page: Document, found) -> None:
    """What is left of each profile when it is computed with what was recovered from it, where a profile follows."""
    from matano.residual_figures import left_by

    of_profiles = [entry for entry in found if hasattr(entry.profile, "fractions")]
    if of_profiles:
        page.heading("What is left of the profile")
    for group in grouped(of_profiles):
        named = ", ".join(entry.estimate.method for entry in group)
        try:
            figure = left_by(group, "no profile follows from what was recovered.")
        except Invalid as error:
            page.paragraph(f"{named}: {error.faults[0].sentence}")
            continue
        page.figure(figure, "Residuals", caption=f"The profile, and what is left of it by {named}.")


def provenance(found) -> Iterable[tuple[str, str]]:
    """The files with their checksums, and who made the page."""
    for path in dict.fromkeys(path for entry in found for path in entry.paths):
        if path.is_file():
            with path.open("rb") as file:
                yield f"sha256 of {path.name}", hashlib.file_digest(file, "sha256").hexdigest()
    yield from made_by()
