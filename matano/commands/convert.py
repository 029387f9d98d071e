"""`matano convert`: a raw export of a probe in, a clean profile out, with how it was read above the numbers."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from matano.console import UsageFault, check_target, print_json, say, whole
from simulator.faults import Fault, Invalid

MOST_SHOWN = 5  # rows that were left out, in the text
SHOWN = ("written in", "header", "position", "column", "passed over", "conversion")
WORDS = ("basis", "balance", "stage", "oxides", "totals", "below", "leave_out", "header", "encoding", "to")
OPTIONS = {word: f"--{word.replace('_', '-')}" for word in WORDS} | {
    "limits": "--limit",
    "masses": "--mass",
    "names": "--name",
}


@dataclass(frozen=True)
class Options:
    """What the command line says about the export: texts, empty where nothing was said."""

    x: str = ""
    stage: str = ""
    names: tuple[str, ...] = ()
    columns: str = ""
    basis: str = ""
    to: str = "fraction"
    balance: str = ""
    oxides: str = ""
    masses: tuple[str, ...] = ()
    totals: str = ""
    limits: tuple[str, ...] = ()
    below: str = "half"
    leave_out: str = ""
    header: int | None = None
    encoding: str = ""
    errors: bool = True


def convert(path: Path, options: Options, output: Path | None, as_json: bool, force: bool) -> int:
    from simulator.files.measured import read_profile
    from simulator.files.profile_table import profile_table

    target = output or Path(f"{path.stem}-profile.csv")
    check_target(target, force)
    if target.exists() and path.exists() and target.samefile(path):
        raise UsageFault.at(str(target), "is the export itself; choose another name.")
    with naming_options(path):
        given = asked_for(options)
        masses = numbers_by_name(options.masses, "--mass")
        profile = read_profile(
            path,
            x_column=options.x or None,
            basis=options.basis or None,
            balance=options.balance or None,
            masses=masses or None,
            cleaning=given,
        )
        text = profile_table(profile, options.to, masses)
    with whole(target) as part:
        part.write_text(text, encoding="utf-8")
    for sentence in profile.warnings:
        say(f"{path}: warning: {sentence}")
    if as_json:
        print_json(
            {
                "output": str(target),
                "components": list(profile.components),
                "points": int(profile.x.size),
                "basis": options.to,
                "reading": profile.reading,
            }
        )
    else:
        show(path, profile)
        print(f'profile: {target}. Analyse it: matano analyse {target} --time "100 h"')
    return 0


@contextlib.contextmanager
def naming_options(path: Path):
    """Faults of arguments of `read_profile` named as the options that they came from; faults of the file pass."""
    try:
        yield
    except UsageFault:
        raise
    except Invalid as error:
        firsts = ["" if fault.where.startswith(str(path)) else fault.where.split(".")[0] for fault in error.faults]
        found = [
            Fault(OPTIONS[first], fault.sentence) if first in OPTIONS else fault
            for first, fault in zip(firsts, error.faults, strict=True)
        ]
        raise (UsageFault if set(firsts) <= set(OPTIONS) else Invalid)(*found) from None


def asked_for(options: Options):
    """The options as a Cleaning."""
    from simulator.files.cleaning import Cleaning, line_numbers
    from simulator.files.profile_table import BASES

    if options.to not in BASES:
        raise UsageFault.at("--to", f"{options.to[:40]!r} is none of {', '.join(BASES)}.")
    return Cleaning(
        header=options.header,
        encoding=options.encoding or None,
        stage=options.stage or None,
        names=pairs(options.names),
        only=tuple(name.strip() for name in options.columns.split(",") if name.strip()),
        oxides=options.oxides,
        totals=window(options.totals) if options.totals else None,
        limits=numbers_by_name(options.limits, "--limit"),
        below=options.below,
        leave_out=line_numbers(options.leave_out) if options.leave_out else (),
        errors=options.errors,
    )


def window(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        sentence = f"expected the least and the largest total in percent, as in 97,103; got {text[:40]!r}."
        raise UsageFault.at("--totals", sentence) from None
    return low, high


def pairs(entries: tuple[str, ...]) -> dict[str, str]:
    """{"X": "Zr"} of ("X=Zr",)."""
    from simulator.laws.mixture import NAME

    found = dict(entry.partition("=")[::2] for entry in entries)
    for old, new in found.items():
        if not NAME.fullmatch(new):
            raise UsageFault.at("--name", f"expected OLD=NEW, as in X=Zr; got {f'{old}={new}'[:40]!r}.")
    return found


def numbers_by_name(entries: tuple[str, ...], option: str) -> dict[str, float]:
    """{"Ni": 0.02} of ("Ni=0.02",)."""
    found = {}
    for entry in entries:
        name, _, value = entry.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise UsageFault.at(option, f"expected NAME=NUMBER, as in Ni=0.02; got {entry[:40]!r}.") from None
    return found


def show(path: Path, profile) -> None:
    """What was read, and how, in a few lines."""
    from simulator.files.profile_table import reading_lines

    low, high = 1e6 * profile.x[0], 1e6 * profile.x[-1]
    print(f"{path}: {profile.x.size} points of {', '.join(profile.components)}, {low:.6g} to {high:.6g} um")
    left_out = [line for line in reading_lines(profile.reading) if line.startswith("left out: ")]
    for line in reading_lines(profile.reading):
        key, _, text = line.partition(": ")
        if key in SHOWN or line in left_out[:MOST_SHOWN]:
            print(f"  {key:12} {text}")
    if len(left_out) > MOST_SHOWN:
        print(f"  {'left out':12} and {len(left_out) - MOST_SHOWN} more rows")
