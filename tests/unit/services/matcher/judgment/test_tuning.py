"""Feedback moves a client's own thresholds, within bounds, and nobody else's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.interactions import ClientTuned, EntityShift
from services.matcher.judgment.tuning import LEAST_RELEVANCE, MOST_RELEVANCE, TunedThresholds
from services.matcher.thresholds import shipped_thresholds

SHIPPED = shipped_thresholds()


def test_only_the_client_who_was_spoken_of_is_tuned() -> None:
    tuned = TunedThresholds(SHIPPED)
    tuned.take(ClientTuned(client_id="claire", shift=0.1, entities=(EntityShift(entity_id="halden", shift=0.05),)))
    assert tuned.of("henrik", "halden") is SHIPPED
    assert tuned.of("claire", "corvane").tell_relevance == round(SHIPPED.tell_relevance + 0.1, 3)
    assert tuned.of("claire", "halden").tell_relevance == round(SHIPPED.tell_relevance + 0.15, 3)
    tuned.take(ClientTuned(client_id="claire"))
    assert tuned.of("claire", "halden") == SHIPPED


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_bounds_hold_whatever_is_said(shift: float, about: float) -> None:
    tuned = TunedThresholds(SHIPPED)
    tuned.take(ClientTuned(client_id="c", shift=shift, entities=(EntityShift(entity_id="e", shift=about),)))
    assert LEAST_RELEVANCE <= tuned.of("c", "e").tell_relevance <= MOST_RELEVANCE
