"""To whom an event is worth writing: by trade and relation, from weights that ship or that a test sets."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Stance
from schemas.readings import EventFamily, Reading, ReadingConfidence
from services.matcher.stories.audience import (
    ANY_TRADE,
    FEATURES,
    RELATIONS,
    Audience,
    AudienceModel,
    default_audience_model,
    event_features,
    worth_writing,
)
from services.matcher.stories.embedding import default_embedder

NAME = "Quillon Cloud"


def reading(kind: EventFamily, tell_score: float = 0.9) -> Reading:
    sure = ReadingConfidence(role=0.9, kind=0.9, genre=0.9, status=0.9, direction=0.9, weight=0.9)
    return Reading(
        item_id="i",
        entity_id="e",
        role="object",
        kind=kind,
        genre="news",
        status="fact",
        direction="bad",
        weight="major",
        tell_score=tell_score,
        confidence=sure,
    )


def audience(kind: EventFamily, title: str, tell_score: float = 0.9) -> Audience:
    embedding = default_embedder().embed(title.replace(NAME, " "), "")
    return default_audience_model().audience(event_features(reading(kind, tell_score), embedding, NAME))


def weights(**changed: list[float]) -> dict[str, object]:
    blank = [0.0] * FEATURES
    return {
        "trades": ["it", "legal"],
        "all": changed.get("all", blank),
        "trade": [changed.get("it", blank), blank],
        "relation": [changed.get("holds", blank), *[blank] * (len(RELATIONS) - 1)],
        "both": [[0.0] * len(RELATIONS)] * 2,
    }


def constant(value: float) -> list[float]:
    return [value] + [0.0] * (FEATURES - 1)


def test_each_part_of_the_weights_counts_where_it_belongs() -> None:
    features = np.zeros(FEATURES)
    features[0] = 1.0
    found = AudienceModel(weights(it=constant(2.0), holds=constant(1.0))).audience(features)
    assert worth_writing(found, "it", "holds") == pytest.approx(0.95, abs=0.005)
    assert worth_writing(found, "it", "uses") == pytest.approx(0.88, abs=0.005)
    assert worth_writing(found, "legal", "uses") == pytest.approx(0.5, abs=0.005)


def test_a_trade_that_the_model_does_not_know_is_taken_for_any() -> None:
    features = np.zeros(FEATURES)
    features[0] = 1.0
    found = AudienceModel(weights(it=constant(2.0))).audience(features)
    assert worth_writing(found, "bakery", "uses") == worth_writing(found, ANY_TRADE, "uses")
    assert worth_writing(found, "legal", "uses") < worth_writing(found, "bakery", "uses")
    assert worth_writing(found, "bakery", "uses") < worth_writing(found, "it", "uses")


def test_what_ships_tells_trades_apart() -> None:
    flaw = audience("vulnerability", "Critical flaw in Quillon Cloud lets attackers run code, patch released")
    assert worth_writing(flaw, "it", "uses") > 0.6
    assert worth_writing(flaw, "accounting", "uses") < 0.2
    ended = audience("insolvency", "Quillon Cloud files for bankruptcy protection")
    assert worth_writing(ended, "legal", "contracts_with") > 0.5
    assert worth_writing(ended, "it", "competes") < 0.2


@given(st.sampled_from(get_args(EventFamily)), st.floats(0, 1), st.text(max_size=80))
def test_every_event_has_a_share_for_each_trade_and_relation(kind: EventFamily, tell: float, title: str) -> None:
    found = audience(kind, title, tell)
    assert set(found) == {"it", "agency", "legal", "accounting", "insurance", "healthcare", "wealth", ANY_TRADE}
    assert all(len(row) == len(RELATIONS) for row in found.values())
    assert all(0 <= share <= 100 for row in found.values() for share in row)


def test_a_text_without_words_and_a_mention_without_a_place_are_read_by_the_rest() -> None:
    features = event_features(reading("outage"), "", "")
    assert features.shape == (FEATURES,)
    assert not features[-192:].any()


def test_the_relations_are_those_of_the_book() -> None:
    assert get_args(Stance) == RELATIONS
