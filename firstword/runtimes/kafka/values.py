"""The value of a key in a changelog: the state, the offsets it includes, and the last outputs.

Writing this value decides a step; its outputs are sent afterwards. If a crash prevents that, the outputs are still in
the value and are sent when the step's event comes again. So the sent outputs and the stored state always agree.
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

#: A killed producer sends again what it sent since its last commit: seconds, or hours if it is restarted late.
REPEAT_WINDOW_SECONDS = 24 * 3600
#: At most 6 KB per key. With a commit every 0.5 s, that covers the repeats of 1,000 events a second on one key.
MOST_RECENT = 512


class RecentIds:
    """The ids of a key's recent events, to recognize repeats from upstream."""

    __slots__ = ("_raw", "_seen")

    def __init__(self, raw: bytes = b"") -> None:
        self._raw = bytearray(raw)  # (digest, seconds), oldest first, as it is stored
        self._seen = {digest for digest, _ in _RECENT.iter_unpack(raw)}

    def __contains__(self, event_id: str) -> bool:
        return _digest(event_id) in self._seen

    def add(self, event_id: str, at_seconds: int) -> None:
        """Add a new event id; remove ids that are too old or too many. Seconds count from 1970."""
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
        """Return the ids as bytes, oldest first."""
        return bytes(self._raw)


@dataclass(slots=True)
class StateValue:
    """Everything stored for one key.

    ``offsets`` are, by topic, those of the last events included in ``state``. ``outputs`` are those of the last batch
    that changed the key. ``ticked`` is true if some of them come from a timer and are not confirmed yet: no event will
    come again to trigger them.
    """

    partition: int
    state: bytes
    next_tick: datetime | None
    offsets: dict[str, int]
    recent: RecentIds
    outputs: tuple[OutboundRecord, ...] = ()
    ticked: bool = False


def pack(value: StateValue) -> bytes:
    """Return the value as bytes, the same for equal values."""
    recent = value.recent.dump()
    head = orjson.dumps(
        {
            "partition": value.partition,
            "next": value.next_tick.isoformat() if value.next_tick else None,
            "ticked": value.ticked,
            "offsets": value.offsets,
            "sizes": (len(value.state), len(recent)),
            "said": [(out.topic, (out.key or b"").decode(), len(out.payload or b"")) for out in value.outputs],
        },
        option=orjson.OPT_SORT_KEYS,
    )
    payloads = (out.payload or b"" for out in value.outputs)
    return b"".join((_HEAD.pack(_MAGIC, len(head)), head, value.state, recent, *payloads))


def unpack(raw: bytes) -> StateValue:
    """Unpack what :func:`pack` returned.

    Raises:
        ValueError: the bytes are not a valid value; the changelog is not ours, or from a later version.
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
        outputs=tuple(_outputs(head["said"], raw, at + state_size + recent_size)),
        ticked=head["ticked"],
    )


def peek(raw: bytes) -> tuple[int, datetime | None, bool]:
    """Return a value's partition, next tick and ``ticked`` without unpacking the rest."""
    head, _ = _head(raw)
    return head["partition"], datetime.fromisoformat(head["next"]) if head["next"] else None, head["ticked"]


def _head(raw: bytes) -> tuple[dict[str, Any], int]:
    if len(raw) < _HEAD.size or raw[:3] != _MAGIC:
        raise ValueError("the value of a state does not begin as this version writes it")
    _, size = _HEAD.unpack_from(raw)
    at = _HEAD.size + size
    head: dict[str, Any] = orjson.loads(raw[_HEAD.size : at])
    return head, at


def _outputs(listed: list[tuple[str, str, int]], raw: bytes, at: int) -> Iterator[OutboundRecord]:
    for topic, key, size in listed:
        yield OutboundRecord(topic, key.encode(), raw[at : at + size])
        at += size


def _digest(event_id: str) -> bytes:
    return hashlib.blake2b(event_id.encode(), digest_size=8).digest()
