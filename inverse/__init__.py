"""From profiles back to coefficients: methods, estimates, and how well they agree with the truth."""

from inverse.case import write_case
from inverse.compare import Verdict, compare
from inverse.estimate import Estimate, Method, Undetermined
from inverse.registry import METHODS, method_of
from inverse.roundtrip import RoundTrip, round_trip, round_trips
from simulator.solve.profile import Profile, profile_of

__all__ = (
    "METHODS",
    "Estimate",
    "Method",
    "Profile",
    "RoundTrip",
    "Undetermined",
    "Verdict",
    "compare",
    "method_of",
    "profile_of",
    "round_trip",
    "round_trips",
    "write_case",
)
