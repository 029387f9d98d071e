"""The page of a verification: one HTML file with every round trip and its figures."""

import platform

from matano.commands.verify import at, counted, grouped, number, window
from matano.pages import Document, link, mark
from matano.verification import figures

SIGNED = {"passed": True, "expected": None, "FAILED": False, "not applied": None}


def page_of(document: dict) -> Document:
    """The page of what `matano verify --json` says."""
    from inverse import METHODS

    rows, responses = document["round_trips"], document["responses"]
    recovers = {name: method.recovers for name, method in METHODS.items()}
    page = Document(
        "What is verified: every method on every case",
        "Each case is simulated with a known law, its profile sampled as a probe would, analysed by every method "
        "that applies, and what comes back is compared with the law's own coefficients.",
    )
    verdict(page, document)
    overall(page, rows)
    expected(page, rows)
    maps(page, rows)
    sampling(page, responses, recovers)
    noise(page, responses, recovers)
    trips(page, rows)
    refusals(page, rows)
    return page


def verdict(page: Document, document: dict) -> None:
    rows, responses = document["round_trips"], document["responses"]
    page.heading("Verdict")
    page.verdict(document["passed"], f"{counted(rows)}; {len(responses)} answers to probe and grid.")
    page.items(
        f"{row['case']}, {row['method'] or 'simulation'}: "
        + (row.get("sentence") or f"error {number(row['max_error'])}, allowed {row['tolerance']:.0e}")
        for row in rows
        if not row["passed"]
    )
    page.items(
        f"{entry['method']} on {entry['case']} is out of its tolerance on the finest profile."
        for entry in responses
        if not entry["passed"]
    )
    page.facts(
        [
            ("methods", str(len({row["method"] for row in rows if row["method"]}))),
            ("cases", str(len({row["case"] for row in rows}))),
            ("grids", "four times the case's cells" if document["full"] else "twice the case's cells"),
            ("state of the code", document["code"]),
            ("Python", platform.python_version()),
        ]
    )


def overall(page: Document, rows: list[dict]) -> None:
    compared = [row for row in rows if row["applies"]]
    if not compared:
        return
    page.heading("Overview")
    errors = sorted(row["max_error"] for row in compared if row["verdict"] == "passed" and row["max_error"] is not None)
    typical = f" Half of those that passed err by less than {errors[len(errors) // 2]:.1e}." if errors else ""
    page.figure(
        figures.overview(rows),
        "Methods by cases",
        f"{counted(rows)}.{typical}",
        "The colour is the largest relative error in the window; white: not applied. A ring marks an error that was "
        "expected, a cross one that is out of tolerance.",
    )


def expected(page: Document, rows: list[dict]) -> None:
    """Errors where assumptions fail: those that a case states, and those of which the method itself says so."""
    stated = [row for row in rows if row["applies"] and row["expected_bias"] is not None]
    told = [row for row in rows if row["verdict"] == "expected" and row["expected_bias"] is None]
    if not stated and not told:
        return
    page.heading("Expected failures")
    page.paragraph(
        "A method that is used where its assumptions fail must err, and by as much as is known: a smaller error is as "
        "much a failure of this check as a larger one."
    )
    if stated:
        page.figure(
            figures.biases(stated),
            "Stated biases",
            "; ".join(
                f"{row['method']} on {row['case']}: expected {row['expected_bias']:.2g}, found {row['max_error']:.2g}"
                for row in stated
                if row["max_error"] is not None
            ),
            "The band is a factor of 2 about what the case states in [verify] expected_bias.",
        )
        page.table(
            ("method", "case", "stated", "found", ""),
            [
                (
                    row["method"],
                    row["case"],
                    f"{row['expected_bias']:.2g}",
                    f"{row['max_error']:.2g}" if row["max_error"] is not None else "-",
                    mark(SIGNED[row["verdict"]], row["verdict"]),
                )
                for row in stated
            ],
            "Errors that a case states",
        )
    if told:
        page.table(
            ("method", "case", "found", "tolerance"),
            [(row["method"], row["case"], f"{row['max_error']:.2g}", f"{row['tolerance']:.0e}") for row in told],
            "Errors of which the method itself says that its model does not hold",
        )


def maps(page: Document, rows: list[dict]) -> None:
    """|error| over composition, a figure for each case."""
    names = [
        name
        for name in dict.fromkeys(row["case"] for row in rows)
        if any(r["case"] == name and curved(r) for r in rows)
    ]
    if not names:
        return
    page.heading("Errors over composition")
    for name in names:
        own = [row for row in rows if row["case"] == name and curved(row)]
        page.heading(name, level=3)
        page.figure(
            figures.error_map(own),
            f"Errors on {name}",
            "; ".join(f"{row['method']}: at most {number(row['max_error'])}" for row in own),
        )


def curved(row: dict) -> bool:
    return bool(row.get("curve")) and len(row["curve"]["composition"]) > 3


def sampling(page: Document, responses: list[dict], recovers: dict[str, str]) -> None:
    if not responses:
        return
    page.heading("Convergence with sampling and grid")
    for part, key, title, xlabel in (
        ("spacing", "points", "Errors over the number of points", "points in the zone"),
        ("grid", "cells", "Errors over the number of cells", "cells of the simulation"),
        (
            "truncation",
            "share",
            "Errors of scans that end early",
            "share of the step still to come where the scan ends",
        ),
    ):
        drawn(page, responses, recovers, (part, key, "largest"), title, xlabel)
    page.table(
        ("method", "case", "200 points", "50", "12", "cells / 8", "cells", "cut at 0.1 %", "cut at 5 %", ""),
        [
            (
                entry["method"],
                entry["case"],
                *(shown(entry["spacing"], "points", points) for points in (200, 50, 12)),
                *(number(entry["grid"][k]["largest"]) if entry["grid"] else "-" for k in (0, -1)),
                *(shown(entry["truncation"], "share", share) for share in (1e-3, 5e-2)),
                mark(entry["passed"], "passed" if entry["passed"] else "FAILED"),
            )
            for entry in responses
        ],
        "Largest relative errors; - where the method refuses",
    )


def shown(entries: list[dict], key: str, value: float) -> str:
    return number(at(entries, key, value, "largest"))


def drawn(page: Document, responses, recovers, what: tuple[str, str, str], title: str, xlabel: str) -> None:
    part, key, value = what
    figure = figures.answers(responses, recovers, part, key, value, xlabel)
    if figure is None:
        return
    text = "; ".join(
        f"{entry['method']} on {entry['case']}: " + ", ".join(f"{p[key]:g} {number(p[value])}" for p in entry[part])
        for entry in responses
        if entry[part]
    )
    page.figure(figure, title, text)


def noise(page: Document, responses: list[dict], recovers: dict[str, str]) -> None:
    noisy = [entry for entry in responses if entry["noise"]]
    if not noisy:
        return
    page.heading("Answer to noise")
    drawn(page, noisy, recovers, ("noise", "level", "typical"), "Typical errors over noise", "noise, share of the step")
    page.table(
        ("method", "case", *(f"{100 * point['level']:g} %" for point in noisy[0]["noise"]), "within 2 sd", "refused"),
        [
            (
                entry["method"],
                entry["case"],
                *(number(point["typical"]) for point in entry["noise"]),
                "-" if covered(entry) is None else f"{100 * covered(entry):.0f} %",
                f"{sum(point['refused'] for point in entry['noise'])} of {sum(p['seeds'] for p in entry['noise'])}",
            )
            for entry in noisy
        ],
        "Root mean square of the relative errors, median of the seeds; share of values within two of their standard "
        "deviations of the truth",
    )


def covered(entry: dict) -> float | None:
    shares = [point["covered"] for point in entry["noise"] if point["covered"] is not None]
    return sum(shares) / len(shares) if shares else None


def trips(page: Document, rows: list[dict]) -> None:
    compared = [row for row in rows if row["applies"]]
    if not compared:
        return
    page.heading("All round trips")
    page.table(
        ("method", "case", "recovers", "profiles", "window", "largest error", "tolerance", ""),
        [
            (
                row["method"],
                row["case"],
                row["recovers"].replace("_", " "),
                str(row["profiles"]),
                window(row),
                number(row["max_error"]),
                f"{row['tolerance']:.0e}",
                mark(SIGNED[row["verdict"]], row["verdict"]),
            )
            for row in compared
        ],
        "Errors relative to the law's own coefficients, largest in the window",
    )
    page.paragraph(link("back to the verdict", "verdict"))


def refusals(page: Document, rows: list[dict]) -> None:
    refused = [row for row in rows if not row["applies"] and row["passed"]]
    if not refused:
        return
    page.heading("Not applied")
    page.items(
        f"{', '.join(methods)}: {sentence} ({', '.join(names)})" for sentence, methods, names in grouped(refused)
    )
