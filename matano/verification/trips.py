"""The round trips of one case as plain data, and how a method answers to a probe and to the grid."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from inverse import METHODS, RoundTrip
from inverse.compare import compare, inside_of
from inverse.estimate import Method
from inverse.roundtrip import (
    judge,
    last_of,
    said,
    samples,
    sentence_of,
    sets_for,
    simulate,
    stated,
    warm_as_the_first,
)
from matano.verification.chosen import finer, further, why_not
from matano.verification.probe import all_of, cut, noisy, spaced
from simulator.faults import Invalid, NumericsError
from simulator.files.case import load
from simulator.solve.profile import Profile

SPACINGS = (200, 100, 50, 25, 12)  # points in the zone
FINEST_OF_ALL = 400  # points: 200 miss the foot of a profile where D falls a thousandfold
CUTS = (1e-4, 1e-3, 1e-2, 5e-2)  # of the step, that are still to come where a scan ends
NOISES = (3e-4, 1e-3, 3e-3, 1e-2)  # of the step
NOISY_POINTS = 100
GRIDS = (0.125, 0.25, 0.5, 1.0)  # of the case's cells
SEEDS, SEEDS_OF_ALL = 3, 12
TIGHT = 1e-8  # rtol of the runs that show what the cells do
SURE = 2.0  # standard deviations
CURVE = 81  # points that are kept of an error over composition


def not_applied(case: str, method: str, sentence: str, passed: bool) -> dict:
    """A method that was not applied to a case, and why."""
    return RoundTrip(case, method, sentence=sentence, failed=not passed).to_json()


def case_of(path: Path, full: bool):
    case = load(path)
    return finer(case) if full else case


def round_trips_of(name: str, path: Path, methods: Sequence[str], full: bool) -> list[dict]:
    """A row for every method on the case: what `RoundTrip.to_json` says, and the error over composition."""
    case = case_of(path, full)
    allowed = [method for method in methods if not case.verify.methods or method in case.verify.methods]
    reason = why_not(case, allowed)
    if reason:
        return [not_applied(name, method, reason, True) for method in allowed]
    try:
        result = simulate(case)
        own = samples(case, result)
        couples = couples_of(case, path, full)
        further = [simulate(other) for other in couples]
        others = last_of(couples, further)
    except NumericsError as error:
        return [not_applied(name, "", f"the simulation failed: {error}", False)]
    trips = [trip for method in allowed for trip in judge(METHODS[method], case, name, result, own, others, further)]
    return [trip.to_json() | {"curve": curve_of(trip)} for trip in trips]


def couples_of(case, path: Path, full: bool) -> list:
    return [case_of(other, full) for other in further(case, path)]


def curve_of(trip: RoundTrip) -> dict | None:
    """The largest |error| of all rows over the composition of the first component, in the window, thinned."""
    if trip.verdict is None:
        return None
    estimate, error = trip.estimate, np.abs(trip.verdict.error)
    error = error.reshape(len(error), -1).max(axis=1) if estimate.is_matrix else np.atleast_2d(error).max(axis=0)
    place = estimate.composition if estimate.composition.ndim == 1 else estimate.composition[:, 0]
    inside = inside_of(estimate)
    place, error = place[inside], error[inside]
    kept = np.unique(np.linspace(0, len(place) - 1, min(CURVE, len(place))).round().astype(int)) if len(place) else []
    order = np.argsort(place[kept], kind="stable")
    return {"composition": place[kept][order].tolist(), "error": error[kept][order].tolist()}


class Trial:
    """A method on one set of profiles of a case, which is simulated once: how it answers to what is done to them."""

    def __init__(self, method: Method, path: Path, count: int, full: bool):
        self.method, self.count = method, count
        self.case = case_of(path, full)
        self.couples = couples_of(self.case, path, full)
        self.result, self.profiles = self.simulated(lambda case: simulate(case))

    def simulated(self, run) -> tuple[object, tuple[Profile, ...]]:
        """The result of the case, and the profiles that the method takes, with every cell as a point."""
        result = run(self.case)
        own = samples(self.case, result, 1)
        others = [samples(other, run(other), 1)[-1] for other in self.couples]
        for profiles in sets_for(self.method, own, others):
            alike = warm_as_the_first(profiles)
            for given in (profiles, alike):
                if len(given) == self.count and self.method.applies(*given) is None:
                    return result, given
        raise Invalid.at(self.method.name, "takes none of the profiles.")

    def error(self, profiles: Sequence[Profile], result=None) -> dict:
        """largest: the largest error, or None with the sentence of what was refused."""
        found = self.judged(profiles, result)
        return {"largest": None, "sentence": found} if isinstance(found, str) else {"largest": found[0].max_error}

    def judged(self, profiles: Sequence[Profile], result=None):
        """Verdict and estimate, or the sentence of a refusal."""
        reason = self.method.applies(*profiles)
        if reason is not None:
            return reason
        try:
            estimate = self.method(*profiles)
            allowed = stated(said(self.case, "tolerance"), self.method)
            return compare(estimate, result or self.result, allowed, profiles[0].time), estimate
        except Invalid as error:
            return sentence_of(error)

    def spacing(self, spacings: Sequence[int]) -> list[dict]:
        return [
            {"points": points} | self.error(all_of(lambda one, n=points: spaced(one, n), self.profiles))
            for points in spacings
        ]

    def truncation(self) -> list[dict]:
        return [
            {"share": share} | self.error(all_of(lambda one, s=share: cut(one, s), self.profiles)) for share in CUTS
        ]

    def grid(self) -> list[dict]:
        """On fewer cells than the case has, to a tight tolerance in time: every cell is a point."""
        from simulator.solve.solve import solve

        found = []
        for factor in GRIDS:

            def run(case, factor=factor):
                cells = max(8, round(factor * case.problem.domain.cells))
                domain = replace(case.problem.domain, cells=cells)
                controls = replace(case.controls, rtol=min(case.controls.rtol, TIGHT))
                return solve(replace(case.problem, domain=domain), controls)

            entry = {"cells": max(8, round(factor * self.case.problem.domain.cells))}
            try:
                result, profiles = self.simulated(run)
            except (Invalid, NumericsError) as error:
                sentence = sentence_of(error) if isinstance(error, Invalid) else str(error)
                found.append(entry | {"largest": None, "sentence": sentence})
                continue
            found.append(entry | self.error(profiles, result))
        return found

    def noise(self, seeds: int) -> list[dict]:
        """Of so many noisy scans at each level: the median of the errors' root mean squares in the window, and the
        share of values within two standard deviations of the truth."""
        scans = all_of(lambda one: spaced(one, NOISY_POINTS), self.profiles)
        rows = []
        for level in NOISES:
            errors, within, counted, refusals = [], 0, 0, []
            for seed in range(seeds):
                rng = np.random.default_rng([seed, round(1e6 * level)])
                found = self.judged(tuple(noisy(one, level, rng) for one in scans))
                if isinstance(found, str):
                    refusals.append(found)
                    continue
                verdict, estimate = found
                mask = np.broadcast_to(
                    inside_of(estimate).reshape((-1, 1, 1) if estimate.is_matrix else (-1,)), estimate.value.shape
                )
                errors.append(float(np.sqrt(np.mean(verdict.error[mask] ** 2))))
                if estimate.sd is not None:
                    known = mask & np.isfinite(estimate.sd)
                    off = np.abs(estimate.value - verdict.truth)[known]
                    within, counted = within + int((off <= SURE * estimate.sd[known]).sum()), counted + off.size
            rows.append(
                {
                    "level": level,
                    "typical": float(np.median(errors)) if errors else None,
                    "covered": within / counted if counted else None,
                    "refused": len(refusals),
                    "seeds": seeds,
                    "sentence": refusals[0] if refusals else "",
                }
            )
        return rows


def response_of(name: str, path: Path, method: str, count: int, full: bool) -> dict:
    """How a method that passes on a case with so many profiles answers to the probe and to the grid."""
    trial = Trial(METHODS[method], path, count, full)
    points = any(profile.x.size for profile in trial.profiles) and not any(
        profile.layers or profile.reversals for profile in trial.profiles
    )
    grid = trial.grid()
    spacing = trial.spacing((FINEST_OF_ALL, *SPACINGS) if full else SPACINGS) if points else []
    allowed = stated(said(trial.case, "tolerance"), trial.method) or trial.method.tolerance
    finest = [rows[index]["largest"] for rows, index in ((spacing, 0), (grid, -1)) if rows]
    return {
        "case": name,
        "method": method,
        "profiles": count,
        "tolerance": allowed,
        "spacing": spacing,
        "truncation": trial.truncation() if points else [],
        "grid": grid,
        "noise": trial.noise(SEEDS_OF_ALL if full else SEEDS),
        "passed": all(value is not None and value <= allowed for value in finest),
    }
