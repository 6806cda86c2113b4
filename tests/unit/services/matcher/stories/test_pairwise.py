"""Two items are compared in the same way from both sides, and what they say decides, not their kind and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from services.matcher.stories.embedding import DIMENSIONS, decode, default_embedder
from services.matcher.stories.pairwise import EventModel, Facts, Report, default_model, text_report
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.similarity import cosines

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORDS = ("fleet", "sale", "trucks", "denies", "breach", "customers", "20%", "Veltrio", "Lodz", "plant", "closes")
FACTS = Facts("harbour", "divestment", "neutral", False, "fact", "news", "actor", 0.9)


def report(title: str, hours: float = 0, facts: Facts | None = None) -> Report:
    item = Item(id=title, title=title)
    return replace(text_report(title, compute_signature(item), START + timedelta(hours=hours)), facts=facts)


TITLES = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
MAYBE_FACTS = st.sampled_from((None, FACTS, replace(FACTS, denies=True, kind="other"), replace(FACTS, genre="preview")))


@given(TITLES, TITLES, st.floats(0, 500), MAYBE_FACTS, MAYBE_FACTS)
def test_the_order_of_two_items_makes_no_difference(
    left: str, right: str, hours: float, left_facts: Facts | None, right_facts: Facts | None
) -> None:
    one, two = report(left, 0, left_facts), report(right, hours, right_facts)
    model = default_model()
    assert model.probability(one, two) == pytest.approx(model.probability(two, one))
    assert 0 <= model.probability(one, two) <= 1


def test_reports_without_vectors_are_compared_by_words() -> None:
    one, two = report("Halden sells its truck fleet"), report("Truck fleet of Halden is sold")
    other = report("Veltrio opens a plant in Lodz")
    bare = [replace(given, embedding=b"") for given in (one, two, other)]
    model = default_model()
    assert model.probability(bare[0], bare[1]) > 0.5 > model.probability(bare[0], bare[2])


def test_the_same_kind_within_an_hour_is_not_yet_the_same_event() -> None:
    model = default_model()
    facts = replace(FACTS, kind="data_breach", direction="negative")
    breaches = [
        report(title, hours, replace(facts, publisher=title))
        for hours, title in enumerate(
            (
                "Veltrio breach exposes patients' files",
                "Hackers steal drawings from Osprey Freight",
                "Attack on Lodz zoo",
            )
        )
    ]
    assert all(model.probability(left, right) < 0.5 for left in breaches for right in breaches if left is not right)


def test_a_model_that_lacks_a_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks weights of bias, cosine"):
        EventModel({"words": {}, "text": {}, "read": {}, "rarity": {}})


def test_vectors_of_like_meaning_are_close() -> None:
    embedder = default_embedder()
    texts = ("Halden sells its truck fleet", "Halden disposes of lorries", "Court upholds the ban on fishing")
    one, two, other = (decode(embedder.embed(text, "")) for text in texts)
    near, far = cosines(one, [two, other])
    assert near > far
    assert len(one) == DIMENSIONS


@pytest.mark.parametrize("given", ["", "no base64!", "AAAA", "A" * 256])
def test_what_is_no_vector_of_ours_is_none(given: str) -> None:
    assert decode(given) == b""


def test_a_text_without_words_has_no_vector() -> None:
    assert default_embedder().embed("", "") == ""
