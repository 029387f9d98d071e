"""The table of the README: what is promised of speed and what a run has measured, between two markers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from matano.benching.curves import number, tables
from matano.console import whole
from simulator.faults import Invalid

BEGIN, END = "<!-- written by matano bench --write-readme: begin -->", "<!-- end -->"
HEAD = ("| benchmark | what | bound | measured |", "|---|---|---|---|")
BOUNDS = ("at_least", "at_most")
UNITS = {"value": "", "ns": " ns", "ms": " ms", "seconds": " s", "cpu_seconds": " s"}


class Promise(NamedTuple):
    """What a benchmark measures against a bound. value None: another program is missing, or not that accurate."""

    benchmark: str
    what: str
    value: float | None
    unit: str
    at_least: float | None
    at_most: float | None

    @property
    def bound(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{self.unit}"
        return f"≤ {self.at_most:g}{self.unit}" if self.at_most is not None else ""

    @property
    def kept(self) -> bool:
        if self.value is None:
            return False
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    @property
    def measured(self) -> str:
        if self.value is None:
            return "not measured"
        digits = f"{self.value:.2g}" if abs(self.value) < 100.0 else f"{float(f'{self.value:.2g}'):.0f}"
        return f"{digits}{self.unit}" if self.kept else f"**{digits}{self.unit}**"


def promises(benchmarks: Mapping[str, Mapping]) -> Iterator[Promise]:
    """Every row with a bound; its first text says what is measured, the column of UNITS that it has is the value."""
    for table in tables(benchmarks):
        for row in table.rows:
            if not any(number(row.get(key)) for key in BOUNDS):
                continue
            what = next((value for value in row.values() if isinstance(value, str)), table.name)
            key = next((key for key in UNITS if key in row), None)
            if key is not None:
                bounds = (row.get(name) for name in BOUNDS)
                yield Promise(table.benchmark, what, row[key], UNITS[key], *bounds)


def table_of(run: Mapping) -> str:
    """The table and what it was measured on, as Markdown. Raises Invalid where a run tells nothing about speed."""
    if run["smallest"]:
        raise Invalid.at("smallest", "this run is of the smallest size, whose times tell nothing. Measure without it.")
    rows = [
        f"| `{entry.benchmark}` | {entry.what.replace('|', chr(92) + '|')} | {entry.bound} | {entry.measured} |"
        for entry in promises(run["benchmarks"])
    ]
    if not rows:
        raise Invalid.at("benchmarks", "nothing in this run has a bound.")
    return "\n".join((*HEAD, *rows, "", about(run)))


def about(run: Mapping) -> str:
    """Machine, versions, commit and date in one sentence."""
    machine, versions = run["machine"], run["versions"]
    names = ", ".join(f"{name} {known}" for name, known in versions.items() if known)
    of = f"commit {run['commit']}" if run["commit"] else f"version {run['matano']}"
    earlier: dict[str, list[str]] = {}
    for name, when in run.get("measured", {}).items():
        if when["commit"] != run["commit"]:
            earlier.setdefault(str(when["commit"]), []).append(f"`{name}`")
    of += "".join(f"; {', '.join(names)} of commit {commit}" for commit, names in earlier.items())
    return (
        f"Measured on {run['date'][:10]}, {of}: {machine['processor']}, {machine['cores']} cores; {names}. "
        "Bold: outside its bound."
    )


def written(text: str, run: Mapping, where: str) -> str:
    """A page with the table of a run between its markers. Raises Invalid unless each marker stands there once."""
    for marker in (BEGIN, END):
        if text.count(marker) != 1:
            raise Invalid.at(where, f"expected the line {marker!r} once, found it {text.count(marker)} times.")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise Invalid.at(where, f"expected {END!r} after {BEGIN!r}.")
    return f"{before}{BEGIN}\n\n{table_of(run)}\n\n{END}{after}"


def write_readme(run: Mapping, path: Path) -> None:
    """Put the table of a run into a page."""
    text = written(path.read_text(encoding="utf-8"), run, str(path))
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
