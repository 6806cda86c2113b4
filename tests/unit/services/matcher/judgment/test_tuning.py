"""Feedback shifts a client's own thresholds, within bounds, and nobody else's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.interactions import ClientTuned, EntityShift
from services.matcher.judgment.tuning import LEAST_RELEVANCE, MOST_RELEVANCE, TunedThresholds
from services.matcher.thresholds import default_thresholds

DEFAULTS = default_thresholds()


def test_feedback_shifts_the_thresholds_of_that_client_only() -> None:
    tuned = TunedThresholds(DEFAULTS)
    tuned.update(ClientTuned(client_id="claire", shift=0.1, entities=(EntityShift(entity_id="halden", shift=0.05),)))
    assert tuned.for_client("henrik", "halden") is DEFAULTS
    assert tuned.for_client("claire", "corvane").tell_relevance == round(DEFAULTS.tell_relevance + 0.1, 3)
    assert tuned.for_client("claire", "halden").tell_relevance == round(DEFAULTS.tell_relevance + 0.15, 3)
    tuned.update(ClientTuned(client_id="claire"))
    assert tuned.for_client("claire", "halden") == DEFAULTS


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_shifted_thresholds_stay_within_the_bounds(shift: float, about: float) -> None:
    tuned = TunedThresholds(DEFAULTS)
    tuned.update(ClientTuned(client_id="c", shift=shift, entities=(EntityShift(entity_id="e", shift=about),)))
    assert LEAST_RELEVANCE <= tuned.for_client("c", "e").tell_relevance <= MOST_RELEVANCE
