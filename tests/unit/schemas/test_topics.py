"""Every event that can be published can be read back; anything else is refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from schemas.base import Model, Utc, content_id, event
from schemas.items import Item, ItemIngested
from schemas.topics import TOPICS, UnreadableEvent, decode, encode, topic_of

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def ingested() -> ItemIngested:
    return ItemIngested(item=Item(id="itm_1", title="Zürich, 東京 and “quotes”", published_at=AT))


def test_an_encoded_event_can_be_decoded() -> None:
    given = event(ingested(), key="itm_1", id="evt_1", source="test", time=AT)
    assert topic_of(given).name == "items"
    assert decode("items", encode(given)) == given


@pytest.mark.parametrize(
    ("topic", "raw", "reason"),
    [
        ("items", b"", "not an event"),
        ("items", b"[1]", "not an event"),
        ("items", b'{"type": "firstword.unheard.of.v1"}', "carries no events of type 'firstword.unheard.of.v1'"),
        ("items", b'{"type": "firstword.alert.raised.v1"}', "topic 'items' carries no events of type"),
        ("items", b'{"type": "firstword.item.ingested.v1", "id": 3}', "field 'id'"),
    ],
)
def test_an_invalid_event_is_refused_with_the_reason(topic: str, raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableEvent, match=reason):
        decode(topic, raw)


def test_unknown_fields_of_a_newer_producer_are_ignored() -> None:
    given = event(ingested(), key="itm_1", id="evt_1", source="test", time=AT)
    newer = encode(given).replace(b'"revision":0', b'"revision":0,"mood":"cheerful"')
    assert decode("items", newer) == given


def test_a_time_without_a_time_zone_is_refused() -> None:
    class Moment(Model):
        at: Utc

    with pytest.raises(ValidationError, match="needs a time zone"):
        Moment(at=datetime(2026, 1, 5, 9))  # noqa: DTZ001
    assert Moment(at=datetime.fromisoformat("2026-01-05T10:00:00+01:00")).at == AT


def test_ids_depend_on_the_parts_and_on_their_boundaries() -> None:
    assert content_id("itm", "ab", "c") == content_id("itm", "ab", "c")
    assert content_id("itm", "ab", "c") != content_id("itm", "a", "bc")
    assert content_id("itm", "1", "2") == content_id("itm", 1, 2)


def test_each_event_type_has_one_topic() -> None:
    types = [model.full_type() for topic in TOPICS.values() for model in topic.models]
    assert len(types) == len(set(types))
