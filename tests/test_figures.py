"""What a figure shows: the place where something happens."""

import numpy as np
import pytest

from matano.figures import MARGIN, zone

X = np.linspace(-10.0, 10.0, 2001)


def step(width: float, at: float = 0.0) -> np.ndarray:
    """A ramp of this width from 0.2 to 0.7."""
    return 0.2 + 0.5 * np.clip((X - at) / width + 0.5, 0.0, 1.0)


@pytest.mark.parametrize("turned", [1, -1])
def test_a_couple_is_shown_where_it_changes(turned):
    """Widths 1 and 4: the wider ramp, from -2 to 2, with a quarter of its 4 on either side."""
    left, right = zone(X, np.array([step(1.0), step(4.0)])[:, ::turned])
    # 1e-3 of the step is 0.004 of the ramp; points lie 0.01 apart
    assert (left, right) == pytest.approx((-2.0 - 4.0 * MARGIN, 2.0 + 4.0 * MARGIN), abs=0.03)


def test_components_whose_interfaces_differ_are_all_shown():
    left, right = zone(X, np.array([step(0.5, -2.0), step(0.5, 2.0)]))
    assert left < -2.25 and right > 2.25


def test_a_surface_is_shown_with_the_depth_it_reaches():
    left, right = zone(X, np.exp(-(X + 10.0) / 0.5)[None])
    assert left == X[0] and -7.0 < right < 0.0


@pytest.mark.parametrize("profile", [step(8.0), np.full_like(X, 0.3), np.cos(X)], ids=["wide", "flat", "waves"])
def test_the_whole_sample_is_shown_where_there_is_no_smaller_place(profile):
    assert zone(X, profile[None]) is None
