"""Couples of which only some components vary: which ones, by name, and a column for each of all."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inverse.multicomponent.path import mixture_of
from simulator.solve.profile import Profile


def names_of(components: Sequence[str] | str | None) -> tuple[str, ...]:
    """Names in a sequence, or a string with commas between them."""
    parts = components.split(",") if isinstance(components, str) else components or ()
    return tuple(str(part).strip() for part in parts)


def completed(profile: Profile, method: str) -> Profile:
    """With a column for every component."""
    mixture = mixture_of(profile, method)
    if mixture.dependent in profile.components:
        return profile
    rest = 1.0 - profile.fractions.sum(axis=0)
    sigma, ends = profile.sigma, profile.ends
    return replace(
        profile,
        components=mixture.components,
        fractions=np.vstack([profile.fractions, rest]),
        sigma=None if sigma is None else np.vstack([sigma, np.sqrt((sigma**2).sum(axis=0))]),
        ends=None if ends is None else {side: np.append(value, 1.0 - value.sum()) for side, value in ends.items()},
    )
