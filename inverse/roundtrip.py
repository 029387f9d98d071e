"""Round trips: simulate with a known law, sample as an experimenter would, recover the coefficient, compare."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from inverse.compare import Verdict, compare
from inverse.estimate import Estimate, Method
from inverse.registry import ALL
from simulator.faults import Invalid
from simulator.solve.profile import Profile, profile_of

FINER = 2


@dataclass(frozen=True)
class RoundTrip:
    """One method on one case: a verdict with its estimate, or a sentence why there is none: the method does not apply,
    or, if it failed, it broke down on a profile that it takes.
    """

    case: str
    method: str
    verdict: Verdict | None = None
    estimate: Estimate | None = None
    sentence: str = ""
    failed: bool = False

    @property
    def passed(self) -> bool:
        """True where the verdict is within tolerance, or the method does not apply."""
        return not self.failed and (self.verdict is None or self.verdict.passed)

    def to_json(self) -> dict:
        verdict = self.verdict
        return {
            "case": self.case,
            "method": self.method,
            "applies": verdict is not None,
            "sentence": self.sentence,
            "max_error": None if verdict is None else verdict.max_error,
            "tolerance": None if verdict is None else verdict.tolerance,
            "passed": self.passed,
        }


def simulate(case):
    """The result of a case on FINER times as many cells as it asks for."""
    from simulator.solve.solve import solve

    domain = case.problem.domain
    finer = replace(case.problem, domain=replace(domain, cells=FINER * domain.cells))
    return solve(finer, case.controls)


def sample(result) -> Profile:
    """What a probe with a coarser step than the grid's finds: every FINER-th cell of the last profile."""
    profile = profile_of(result)
    return replace(profile, x=profile.x[::FINER], fractions=profile.fractions[:, ::FINER])


def sentence_of(error: Invalid) -> str:
    return " ".join(fault.sentence for fault in error.faults)


def judge(method: Method, name: str, result, profile: Profile) -> RoundTrip:
    """The method on the sampled profile of a result."""
    sentence = method.applies(profile)
    if sentence is not None:
        return RoundTrip(name, method.name, sentence=sentence)
    try:
        estimate = method(profile)
    except Invalid as error:
        return RoundTrip(name, method.name, sentence=sentence_of(error), failed=True)
    try:
        return RoundTrip(name, method.name, compare(estimate, result), estimate)
    except Invalid as error:
        return RoundTrip(name, method.name, sentence=sentence_of(error))


def round_trip(method: Method, case, name: str = "") -> RoundTrip:
    """Simulate a case (its .problem and .controls), sample the last profile, analyse it with the method, and
    compare."""
    result = simulate(case)
    return judge(method, name or case.problem.title, result, sample(result))


def round_trips(cases: Mapping[str, object], methods: Iterable[Method] = ALL) -> Iterator[RoundTrip]:
    """Every method on every case, one simulation a case, one row at a time."""
    methods = tuple(methods)
    for name, case in cases.items():
        result = simulate(case)
        profile = sample(result)
        for method in methods:
            yield judge(method, name, result, profile)
