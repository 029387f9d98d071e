"""Round trips: simulate with a known law, sample as an experimenter would, recover the coefficient, compare."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from inverse.compare import Verdict, compare
from inverse.estimate import Estimate, Method, Undetermined
from inverse.multicomponent.couples import SAME
from inverse.registry import ALL
from simulator.faults import Invalid
from simulator.solve.profile import Profile, profile_of
from simulator.solve.spectra import sizes_of, spectra_of

FINER = 2
LAYERS = ("integrated_diffusivity", "growth_constant")
BAND = 2.0  # by which an error that a case expects may be larger or smaller than it says


@dataclass(frozen=True)
class RoundTrip:
    """One method on one case: a verdict with its estimate, or a sentence why there is none: the method does not apply,
    or, if it failed, it broke down on a profile that it takes.

    profiles: how many it was given; bias: the error that the case expects of a method whose assumptions it breaks.
    A method that says itself that they are broken (`holds` of its diagnostics is False) is expected to err as well.
    """

    case: str
    method: str
    verdict: Verdict | None = None
    estimate: Estimate | None = None
    sentence: str = ""
    failed: bool = False
    profiles: int = 1
    bias: float | None = None

    @property
    def expected(self) -> bool:
        """Whether the method errs as the case says it must, within a factor of 2, or as it says itself."""
        if self.verdict is None:
            return False
        if self.bias is not None:
            return self.bias / BAND <= self.verdict.max_error <= self.bias * BAND
        return not self.verdict.passed and self.estimate.diagnostics.get("holds") is False

    @property
    def passed(self) -> bool:
        """Whether the error is within tolerance, or the one that was expected; True where the method does not apply."""
        if self.failed or self.verdict is None:
            return not self.failed
        return self.expected or (self.bias is None and self.verdict.passed)

    @property
    def word(self) -> str:
        """passed, expected, FAILED or not applied."""
        if not self.passed:
            return "FAILED"
        return "not applied" if self.verdict is None else "expected" if self.expected else "passed"

    def to_json(self) -> dict:
        verdict = self.verdict
        return {
            "case": self.case,
            "method": self.method,
            "applies": verdict is not None,
            "sentence": self.sentence,
            "profiles": self.profiles,
            "recovers": None if verdict is None else verdict.recovers,
            "component": None if self.estimate is None else self.estimate.component,
            "window": None if verdict is None else list(verdict.window),
            "max_error": None if verdict is None else verdict.max_error,
            "tolerance": None if verdict is None else verdict.tolerance,
            "expected_bias": self.bias,
            "verdict": self.word,
            "passed": self.passed,
        }


def simulate(case):
    """The result of a case on FINER times as many cells as it asks for; of a field, whose start may be noise of its own
    cells, on these."""
    from simulator.solve.solve import solve

    if hasattr(case.problem, "box"):
        return solve(case.problem, case.controls)
    domain = case.problem.domain
    finer = replace(case.problem, domain=replace(domain, cells=FINER * domain.cells))
    return solve(finer, case.controls)


def sample(result, time: float | None = None, every: int = FINER) -> Profile:
    """What a probe with a coarser step than the grid's finds: so many cells of a saved profile apart, the last by
    default."""
    profile = profile_of(result, time)
    return replace(profile, x=profile.x[::every], fractions=profile.fractions[:, ::every])


def samples(case, result, every: int = FINER) -> list[Profile]:
    """The sampled profiles at the saved times; with the isotope that the case's [verify] names. None of a field."""
    if hasattr(result, "box"):
        return []
    tracer, named = said(case, "tracer"), {}
    if tracer is not None:
        # the layer of the isotope takes its element's place, which began as a step: nothing else is said
        named = {"component": tracer.of, "tracer": tracer.column, "start": None}
    return [replace(sample(result, float(time), every), **named) for time in result.time if time > 0.0]


def waves(method: Method, result) -> list:
    """What a method for structure factors or sizes is given of a result. Raises Invalid where it has none."""
    return [spectra_of(result) if method.data == "spectra" else sizes_of(result)]


def last_of(cases: Sequence, results: Sequence, every: int = FINER) -> list[Profile]:
    """The last sampled profile of each result that has one."""
    return [own[-1] for case, result in zip(cases, results, strict=True) if (own := samples(case, result, every))]


def said(case, key: str):
    """What the case's [verify] says; None where it says nothing."""
    return getattr(getattr(case, "verify", None), key, None)


def stated(value: float | Mapping[str, float] | None, method: Method) -> float | None:
    """Of a number for all methods, or one for each that is named."""
    return value.get(method.name) if isinstance(value, Mapping) else value


def sentence_of(error: Invalid) -> str:
    return " ".join(fault.sentence for fault in error.faults)


def sets_for(method: Method, own: Sequence[Profile], others: Sequence[Profile]) -> Iterator[tuple[Profile, ...]]:
    """What to try the method on: its case's last profile with those of other couples, alone, and with that before it.

    own: of the case, at its saved times; others: the last ones of further couples. A second time of one couple of three
    components or more adds nothing to what further couples say.
    """
    least, most = method.counts
    one_anneal = method.recovers == "time"
    if others and least <= 1 + len(others) <= most and not one_anneal:
        yield (own[-1], *others)
    if least == 1:
        yield (own[-1],)
        enough = bool(others) and len(getattr(own[-1], "components", ())) > 2
        if most > 1 and len(own) > 1 and not one_anneal and not enough:
            yield tuple(own[-2:])


def warm_as_the_first(profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Those of a set that were annealed at the temperature of its first, if that is known."""
    T = getattr(profiles[0], "temperature", None)
    if T is None:
        return tuple(profiles)
    return tuple(one for one in profiles if one.temperature is not None and abs(one.temperature - T) <= SAME)


def without_truth(method: Method, law) -> str:
    """Why the law has nothing to compare with, however good the estimate; "" where it has."""
    if law.kind == "line-compounds" and method.recovers not in LAYERS:
        return "its layers are line compounds: they have an integrated diffusivity and growth constants only."
    if method.data != "profile" and not law.separates:
        return "nothing un-mixes by its law."
    return ""


def judge(
    method: Method,
    case,
    name: str,
    result,
    own: Sequence[Profile],
    others: Sequence[Profile] = (),
    further: Sequence = (),
) -> list[RoundTrip]:
    """The method on the sampled profiles of a result, and those of further couples: a row for each set of them that it
    takes, as long as it is within tolerance; one row with a sentence where it takes none. Of couples of several
    temperatures a method that needs one is given those of the first. further: the results of the couples, for methods
    that take structure factors or sizes."""
    sentence = without_truth(method, result.problem.law)
    if method.data != "profile" and not sentence:
        try:
            own, others = waves(method, result), [one for other in further for one in waves(method, other)]
        except Invalid as error:
            sentence = sentence_of(error)
    if not (sentence or own):
        sentence = f"{method.name} takes a profile along a line, and this case has two or three dimensions."
    if sentence:
        return [RoundTrip(name, method.name, sentence=sentence)]
    found, broken = [], []
    for profiles in sets_for(method, own, others):
        answer = method.applies(*profiles)
        alike = warm_as_the_first(profiles)
        if answer is not None and 1 < len(alike) < len(profiles) and method.applies(*alike) is None:
            profiles, answer = alike, None
        if answer is not None:
            sentence = sentence or answer
            continue
        trip = judged(method, case, name, result, profiles)
        (broken if trip.failed else found).append(trip)
        if trip.verdict is not None and not trip.verdict.passed:
            break
    return found or broken[-1:] or [RoundTrip(name, method.name, sentence=sentence or method.applies(own[-1]))]


def judged(method: Method, case, name: str, result, profiles: tuple[Profile, ...]) -> RoundTrip:
    """The method on profiles that it takes."""
    count = len(profiles)
    try:
        estimate = method(*profiles)
    except Undetermined as error:
        return RoundTrip(name, method.name, sentence=sentence_of(error), profiles=count)
    except Invalid as error:
        return RoundTrip(name, method.name, sentence=sentence_of(error), failed=True, profiles=count)
    try:
        time = profiles[0].time if method.data == "profile" else None
        verdict = compare(estimate, result, stated(said(case, "tolerance"), method), time)
    except Invalid as error:
        return RoundTrip(name, method.name, sentence=sentence_of(error), profiles=count)
    bias = stated(said(case, "expected_bias"), method)
    return RoundTrip(name, method.name, verdict, estimate, profiles=count, bias=bias)


def round_trip(method: Method, case, name: str = "", couples: Sequence = ()) -> RoundTrip:
    """Simulate a case (its .problem, .controls and, if it has one, .verify), sample it, analyse it with the method, and
    compare: the first row. couples: further cases for a method that takes several profiles."""
    found, *_ = round_trips({name or case.problem.title: case}, (method,), {name or case.problem.title: couples})
    return found


def round_trips(
    cases: Mapping[str, object],
    methods: Iterable[Method] = ALL,
    couples: Mapping[str, Sequence] | None = None,
) -> Iterator[RoundTrip]:
    """Every method on every case, one simulation a case, one row at a time; more than one for a method that takes one
    profile or several. couples: by the name of a case, further
    cases that methods for several profiles take with it."""
    methods = tuple(methods)
    for name, case in cases.items():
        result = simulate(case)
        own = samples(case, result)
        couple = (couples or {}).get(name, ())
        further = [simulate(other) for other in couple]
        others = last_of(couple, further)
        for method in methods:
            yield from judge(method, case, name, result, own, others, further)
