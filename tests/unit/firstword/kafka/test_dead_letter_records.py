"""A dead letter keeps the record and the reason, and is replayed unchanged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from firstword.runtimes.kafka.dead_letter_records import dead_letter_for, parse_dead_letter
from firstword.runtimes.kafka.records import InboundRecord
from services.common.errors import KnownBadEvent

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
RECORD = InboundRecord("items", 3, 41, b"itm_1", b"{}", 1_767_600_000_000, (("trace", b"abc"),))


def test_a_letter_is_parsed_to_the_same_letter() -> None:
    letter = dead_letter_for(RECORD, KnownBadEvent("no good"), "annotate", 2, NOW)
    out = letter.to_record()
    assert (out.topic, out.key, out.payload) == ("items.dlq", b"itm_1", b"{}")
    assert parse_dead_letter("items", out.key, out.payload, out.headers) == letter


def test_a_record_without_a_payload_keeps_none() -> None:
    out = dead_letter_for(replace(RECORD, payload=None), KnownBadEvent("empty"), "annotate", 1, NOW).to_record()
    found = parse_dead_letter("items", out.key, out.payload, out.headers)
    assert found is not None
    assert found.record.payload is None


def test_a_replay_goes_to_the_original_topic_and_counts_attempts() -> None:
    first = dead_letter_for(RECORD, KnownBadEvent("no good"), "annotate", 2, NOW)
    again = first.replay()
    assert (again.topic, again.key, again.payload) == ("items", b"itm_1", b"{}")
    second = dead_letter_for(replace(RECORD, headers=again.headers), KnownBadEvent("still no good"), "annotate", 2, NOW)
    assert second.attempt == 2
    assert second.replay().headers == (("trace", b"abc"), ("firstword-attempt", b"2"))


def test_records_of_others_are_not_letters() -> None:
    assert parse_dead_letter("items", b"k", b"v", (("firstword-reason", b"half of it"),)) is None
