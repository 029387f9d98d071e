"""`matano design`: which couples to make for a matrix, and how accurate it will be."""

from dataclasses import replace

from matano.console import UsageFault, duration, print_json, print_table
from simulator.faults import Invalid, near

MISSED = 1e-6  # by which the fractions may miss 1: rounding


def design(
    composition: str,
    span: float,
    couples: int | None,
    matrix: str,
    tracers: str,
    noise: float,
    points: int,
    time: str,
    as_json: bool,
) -> int:
    import numpy as np

    from inverse.multicomponent import design as designs
    from simulator.laws.units import number

    if matrix and tracers:
        raise UsageFault.at("--tracers", "stands for a matrix; give it or --D, not both.")
    mean = composition_of(composition)
    names = tuple(mean)
    try:
        found = designs.design(
            names,
            np.array(list(mean.values()))[:-1],
            span,
            matrix_of(matrix) if matrix else None,
            tracers_of(tracers, names) if tracers else None,
            noise,
            points,
            number(time, "s", "time"),
            couples,
        )
    except Invalid as error:
        raise Invalid(*(replace(fault, where=f"--{fault.where.lstrip('-')}") for fault in error.faults)) from None
    known = bool(matrix or tracers)
    if as_json:
        print_json(document(found, span, known))
    else:
        show(found, known)
    return 0


def named_numbers(text: str, where: str, example: str) -> dict[str, str]:
    """What stands behind each name in "A=0.3,B=0.7"."""
    found = {}
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not (name and equals and value):
            raise UsageFault.at(where, f"expected NAME=VALUE, as in {example}; got {part.strip()!r}.")
        if name in found:
            raise UsageFault.at(where, f"{name} is named twice.")
        found[name] = value
    return found


def composition_of(text: str) -> dict[str, float]:
    """Mole fractions of all components; the last one is the dependent one."""
    from simulator.laws.mixture import Mixture
    from simulator.laws.units import number

    given = named_numbers(text, "--composition", '"A=0.3,B=0.3,C=0.4"')
    found = {name: number(value, "1", f"--composition {name}") for name, value in given.items()}
    Mixture(tuple(found))
    total = sum(found.values())
    if abs(total - 1.0) > MISSED:
        raise Invalid.at(
            "--composition", f"the fractions sum to {total:.6g}, {abs(total - 1.0):.3g} {more_or_less(total)} than 1."
        )
    return found


def more_or_less(total: float) -> str:
    return "more" if total > 1.0 else "less"


def matrix_of(text: str) -> list[list[float]]:
    """Rows, m^2/s, of "1e-14,0;0,2e-14"."""
    from simulator.laws.units import number

    rows = [[number(entry.strip(), "m^2/s", "--D") for entry in row.split(",")] for row in text.split(";")]
    if any(len(row) != len(rows) for row in rows):
        raise Invalid.at(
            "--D", f'expected as many rows as columns, as in "1e-14,0;0,2e-14"; got rows of {lengths(rows)} entries.'
        )
    return rows


def lengths(rows: list[list[float]]) -> str:
    return ", ".join(str(len(row)) for row in rows)


def tracers_of(text: str, names: tuple[str, ...]) -> list[float]:
    """Tracer diffusivities, m^2/s, in the order of the components."""
    from simulator.laws.units import number

    given = named_numbers(text, "--tracers", '"A=1e-14,B=2e-14"')
    for name in given:
        if name not in names:
            raise Invalid.at("--tracers", f"{name!r} is not one of {', '.join(names)}.{near(name, names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise Invalid.at("--tracers", f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing.")
    return [number(given[name], "m^2/s", f"--tracers {name}") for name in names]


def document(found, span: float, known: bool) -> dict:
    """What --json says."""
    answer = found.expected
    sides = [
        {side: dict(zip(found.components, ends[:, k], strict=True)) for k, side in enumerate(("left", "right"))}
        for ends in found.fractions()
    ]
    return {
        "components": found.components,
        "dependent": found.dependent,
        "composition": dict(zip(found.components, [*found.mean, 1.0 - found.mean.sum()], strict=True)),
        "span": span,
        "couples": sides,
        "condition": found.condition,
        "expected": {
            "method": "exact-fit",
            "noise": found.sigma,
            "points": found.positions.size,
            "time": found.time if known else None,
            "reach": found.positions[-1] if known else None,
            "unit": "m^2/s" if known else "D",
            "D": answer.D,
            "sd": answer.sd,
            "condition": answer.condition,
        },
    }


def show(found, known: bool) -> None:
    import numpy as np

    from inverse.multicomponent.matrices import LIMIT

    answer, names = found.expected, found.independent
    mean = dict(zip(found.components, [*found.mean, 1.0 - found.mean.sum()], strict=True))
    count = len(found.couples)
    print(
        f"{count} couple{'s' * (count > 1)} about "
        + ", ".join(f"x_{name} = {value:.4g}" for name, value in mean.items())
    )
    rows = [
        [str(number), side, *(f"{value:.4f}" for value in ends[:, k])]
        for number, ends in enumerate(found.fractions(), 1)
        for k, side in enumerate(("left", "right"))
    ]
    print_table(["couple", "end", *(f"x_{name}" for name in found.components)], rows, "  ")
    if np.isfinite(found.condition):
        print(f"  condition number of the steps: {found.condition:.3g}")
    what = f"{found.positions.size} points of each couple, noise {found.sigma:g}"
    if known:
        reach = 1e6 * found.positions[-1]
        print(
            f"to expect of exact-fit: {what}, within {reach:.4g} um of the contact plane after {duration(found.time)}"
        )
    else:
        print(f"to expect of exact-fit: {what}, if all diffusivities were D (give --D or --tracers for better)")
    print(f"  condition number of the entries: {answer.condition:.3g}")
    if count < len(names) and answer.condition > LIMIT:
        print(f"  exact-fit refuses noisy data of fewer than {len(names)} couples above {LIMIT:g}")
    if not np.isfinite(answer.sd).all():
        print("  these couples do not determine the matrix: take more of them, or a wider span")
        return
    unit, largest = ("m^2/s", np.abs(answer.D).max()) if known else ("D", 1.0)
    entries = [
        [
            f"D_{row},{column}",
            f"{answer.D[i, j]:.4g}",
            f"{answer.sd[i, j]:.2g}",
            f"{100 * answer.sd[i, j] / largest:.2g} %",
        ]
        for i, row in enumerate(names)
        for j, column in enumerate(names)
    ]
    print_table(["entry", unit, "sd", "of the largest"], entries, "  ")
