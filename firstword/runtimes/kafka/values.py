"""The value that a changelog keeps for one key: the state, how far it has come, and what it has just said.

A step is decided by writing this value; only then do its outputs go out. What a crash keeps from going out lies in the
value and is sent when the step's event comes again. So what was said and what is remembered never differ.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from firstword.runtimes.kafka.records import OutboundRecord

__all__ = ["RecentIds", "StateValue", "pack", "peek", "unpack"]

_MAGIC = b"FW1"
_HEAD = struct.Struct(">3sI")
_RECENT = struct.Struct(">8sI")

#: A producer that was killed sends again what it sent since its last commit: seconds, or hours when nobody restarts it.
REPEAT_WINDOW_SECONDS = 24 * 3600
#: 6 KB for a key at its busiest. With 0.5 s between commits, that is a repeat of 1,000 events a second on one key.
MOST_RECENT = 512


class RecentIds:
    """The ids of the events that a key has lately taken, so that a repeat upstream is known for one."""

    __slots__ = ("_raw", "_seen")

    def __init__(self, raw: bytes = b"") -> None:
        self._raw = bytearray(raw)  # (digest, seconds), oldest first, as it is stored
        self._seen = {digest for digest, _ in _RECENT.iter_unpack(raw)}

    def __contains__(self, event_id: str) -> bool:
        return _digest(event_id) in self._seen

    def add(self, event_id: str, at_seconds: int) -> None:
        """Note an event that is not in here; forget those that are old or too many. Seconds are those since 1970."""
        digest = _digest(event_id)
        self._seen.add(digest)
        self._raw += _RECENT.pack(digest, at_seconds)
        while True:
            oldest, at = _RECENT.unpack_from(self._raw)
            if len(self._seen) <= MOST_RECENT and at >= at_seconds - REPEAT_WINDOW_SECONDS:
                return
            self._seen.discard(oldest)
            del self._raw[: _RECENT.size]

    def dump(self) -> bytes:
        """As bytes, oldest first."""
        return bytes(self._raw)


@dataclass(slots=True)
class StateValue:
    """All that is kept of one key.

    ``offsets`` are, by topic, those of the last events that are in ``state``. ``said`` are the outputs of the last
    batch that touched the key. ``ticked`` says that some of them come from a tick and have not been seen to arrive: no
    event will come again to have them sent.
    """

    partition: int
    state: bytes
    next_tick: datetime | None
    offsets: dict[str, int]
    recent: RecentIds
    said: tuple[OutboundRecord, ...] = ()
    ticked: bool = False


def pack(value: StateValue) -> bytes:
    """As bytes, the same for equal values."""
    recent = value.recent.dump()
    head = orjson.dumps(
        {
            "partition": value.partition,
            "next": value.next_tick.isoformat() if value.next_tick else None,
            "ticked": value.ticked,
            "offsets": value.offsets,
            "sizes": (len(value.state), len(recent)),
            "said": [(out.topic, (out.key or b"").decode(), len(out.payload or b"")) for out in value.said],
        },
        option=orjson.OPT_SORT_KEYS,
    )
    payloads = (out.payload or b"" for out in value.said)
    return b"".join((_HEAD.pack(_MAGIC, len(head)), head, value.state, recent, *payloads))


def unpack(raw: bytes) -> StateValue:
    """The inverse of :func:`pack`.

    Raises:
        ValueError: when the bytes are no such value; the changelog is not ours, or of a later version.
    """
    head, at = _head(raw)
    state_size, recent_size = head["sizes"]
    state, recent = raw[at : at + state_size], raw[at + state_size : at + state_size + recent_size]
    return StateValue(
        partition=head["partition"],
        state=state,
        next_tick=datetime.fromisoformat(head["next"]) if head["next"] else None,
        offsets=head["offsets"],
        recent=RecentIds(recent),
        said=tuple(_said(head["said"], raw, at + state_size + recent_size)),
        ticked=head["ticked"],
    )


def peek(raw: bytes) -> tuple[int, datetime | None, bool]:
    """Partition, next tick and ``ticked`` of a value, without reading the rest of it."""
    head, _ = _head(raw)
    return head["partition"], datetime.fromisoformat(head["next"]) if head["next"] else None, head["ticked"]


def _head(raw: bytes) -> tuple[dict[str, Any], int]:
    if len(raw) < _HEAD.size or raw[:3] != _MAGIC:
        raise ValueError("a state's value doesn't begin as this version writes it")
    _, size = _HEAD.unpack_from(raw)
    at = _HEAD.size + size
    head: dict[str, Any] = orjson.loads(raw[_HEAD.size : at])
    return head, at


def _said(listed: list[tuple[str, str, int]], raw: bytes, at: int) -> Iterator[OutboundRecord]:
    for topic, key, size in listed:
        yield OutboundRecord(topic, key.encode(), raw[at : at + size])
        at += size


def _digest(event_id: str) -> bytes:
    return hashlib.blake2b(event_id.encode(), digest_size=8).digest()
