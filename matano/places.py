"""Where things are in a result: faces, markers, interfaces and layers, and in what unit its fluxes are."""

import numpy as np

from simulator.faults import Invalid

FLUX_UNITS = {"m s-1": "m/s", "mol m-2 s-1": "mol/(m^2 s)"}


def problem_of(result):
    """The problem of a result; None if it was computed without a case, which only holds its profiles."""
    return result.problem if getattr(result, "text", True) else None


def face_positions(result) -> np.ndarray:
    """Positions (t, N+1) of the cell faces at the saved times, m, the left end at rest."""
    if result.has("position_face"):
        return result.field("position_face")
    return np.tile(result.grid.faces, (len(result.snapshots), 1))


def contact_plane(result) -> float | None:
    """Where a step couple was joined, m; None for any other start."""
    from simulator.problem.initial import Step

    problem = problem_of(result)
    return problem.initial.at if problem is not None and isinstance(problem.initial, Step) else None


def marker_starts(result) -> np.ndarray | None:
    """Positions (k,) of the markers at the start, m; None where there are none, or nobody knows."""
    problem = problem_of(result)
    return np.array(problem.markers, float) if problem is not None and len(problem.markers) else None


def interface_starts(result) -> np.ndarray | None:
    """Positions (i,) of the interfaces at the start, m; None where nobody knows."""
    problem = problem_of(result)
    if problem is None:
        return None
    count = result.field("interface_position").shape[1]
    if hasattr(problem.law, "start"):
        return (result.grid.faces[0] + np.cumsum(problem.law.start(problem)))[:-1]
    jumps = [x for x in problem.initial.jumps if result.grid.faces[0] < x < result.grid.faces[-1]]
    return np.array(jumps) if len(jumps) == count else None


def layer_names(result) -> list[str]:
    """Names of the layers between neighbouring interfaces, as the law calls them, or their numbers."""
    count = result.field("interface_position").shape[1] - 1
    problem = problem_of(result)
    names = list(getattr(problem.law, "names", ()) if problem is not None else ())[1:-1]
    return names if len(names) == count else [f"layer {k}" for k in range(count)]


def growth_exponent(time: np.ndarray, moved: np.ndarray) -> float:
    """Slope of ln |moved| against ln t over the times (t,) after the start; nan with less than three, or at rest."""
    known = (time > 0.0) & np.isfinite(time) & (np.abs(moved) > 0.0)
    if np.count_nonzero(known) < 3:
        return float("nan")
    return float(np.polyfit(np.log(time[known]), np.log(np.abs(moved[known])), 1)[0])


def character(plane) -> str:
    """What markers do near a Kirkendall plane, in words: they gather where it is stable."""
    if plane.stable:
        return "stable"
    return "unstable, attracts" if plane.attracts else "unstable"


def flux_unit(result) -> str:
    """The unit of the fluxes of a result, in every frame: m/s where no molar volume is known."""
    if hasattr(result, "path"):
        from simulator.files.stored import open_file, text_of

        with open_file(result.path) as file:
            given = text_of(file["flux"].attrs.get("units", "m s-1"))
        return FLUX_UNITS.get(given, given)
    by_volume = result.problem.molar_volume is None and result.quantity == "mole_fraction"
    return FLUX_UNITS["m s-1" if by_volume else "mol m-2 s-1"]


def state_name(result, k: int) -> str:
    """The k-th saved state in words: its time, or, of steady ones, its voltage where there are several."""
    from matano.console import duration

    if np.isfinite(result.time[k]) or len(result.snapshots) == 1 or not result.has("voltage"):
        return duration(result.time[k])
    return f"{float(result.snapshots[k].fields['voltage']):.4g} V"


def refuse_without(result, field: str, kind: str, reason: str) -> None:
    """Raise Invalid with one sentence unless the run left this one of FIELDS."""
    if not result.has(field):
        raise Invalid.at(f"plot {kind}", reason)
