"""A changelog's value survives packing; old and excess ids are removed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.runtimes.kafka.records import OutboundRecord
from firstword.runtimes.kafka.values import (
    MOST_RECENT,
    REPEAT_WINDOW_SECONDS,
    RecentIds,
    StateValue,
    pack,
    peek,
    unpack,
)

NOW = 1_767_600_000


def recent(*ids: str, at: int = NOW) -> RecentIds:
    made = RecentIds()
    for name in ids:
        made.add(name, at)
    return made


said = st.builds(
    OutboundRecord,
    topic=st.sampled_from(("alerts", "drafts")),
    key=st.binary().map(bytes.hex).map(str.encode),
    payload=st.binary(),
)
values = st.builds(
    StateValue,
    partition=st.integers(0, 11),
    state=st.binary(),
    next_tick=st.none() | st.datetimes(timezones=st.just(UTC)),
    offsets=st.dictionaries(st.sampled_from(("items", "alerts")), st.integers(0, 2**62)),
    recent=st.lists(st.text(), unique=True, max_size=5).map(lambda ids: recent(*ids)),
    outputs=st.lists(said, max_size=4).map(tuple),
    ticked=st.booleans(),
)


@pytest.mark.slow
@given(values)
def test_a_packed_value_unpacks_to_the_same_value(value: StateValue) -> None:
    raw = pack(value)
    found = unpack(raw)
    assert pack(found) == raw
    assert (found.state, found.offsets, found.outputs) == (value.state, value.offsets, value.outputs)
    assert peek(raw) == (value.partition, value.next_tick, value.ticked)


@pytest.mark.parametrize("raw", [b"", b"FW", b'{"count": 1}', b"FW2....."])
def test_invalid_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="does not begin as this version writes it"):
        unpack(raw)


def test_ids_survive_a_restart() -> None:
    again = RecentIds(recent("a", "b").dump())
    assert "a" in again
    assert "c" not in again


def test_the_oldest_id_is_removed_when_there_are_too_many() -> None:
    many = recent(*(str(number) for number in range(MOST_RECENT + 1)))
    assert "0" not in many
    assert "1" in many
    assert len(many.dump()) == MOST_RECENT * 12


def test_old_ids_are_removed_when_a_new_one_is_added() -> None:
    made = recent("old")
    made.add("new", NOW + REPEAT_WINDOW_SECONDS + 1)
    assert "old" not in made
    assert "new" in made


def test_the_next_tick_keeps_its_time_zone() -> None:
    value = StateValue(1, b"s", datetime(2026, 1, 5, 9, tzinfo=UTC), {}, RecentIds())
    assert unpack(pack(value)).next_tick == value.next_tick
