"""Fencing: a worker that was frozen must not overwrite what its successor wrote to a changelog's partition.

A worker that is frozen for longer than its session (a suspended machine, SIGSTOP) doesn't notice that its partitions
belong to another one by now. Kafka rejects its offset commits, but not its records. So a worker that takes over a
partition first writes a *claim* to the changelog, with a higher epoch than all before. Every record carries its
writer's claim. The order of the changelog then decides, equally for all readers: a record is valid unless a higher
claim stands before it.

This module is pure: no I/O.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from firstword.runtimes.kafka.records import Headers
from services.common.errors import FirstwordError

__all__ = ["NOBODY", "Fence", "Superseded", "Writer", "claim_key", "is_claim", "writer_of"]

#: The header with the writer of a record.
WRITER = "firstword-writer"
#: No event subject begins with this.
_CLAIM = "\x00claim-"


class Superseded(FirstwordError):
    """Another worker has taken over this one's partition, so its current batch must not be sent."""


class Writer(NamedTuple):
    """A worker's claim on a partition. Of two claims with the same epoch but different owners, the first one wins."""

    epoch: int
    owner: str

    def headers(self) -> Headers:
        """Return the claim as a record's header."""
        return ((WRITER, self.dump()),)

    def dump(self) -> bytes:
        """Return the claim as bytes."""
        return f"{self.epoch}:{self.owner}".encode()


#: The writer of records from versions without claims.
NOBODY = Writer(0, "")


def writer_of(headers: Headers) -> Writer:
    """Return the writer of a record."""
    return _read(dict(headers).get(WRITER, b"0:"))


def _read(raw: bytes) -> Writer:
    epoch, _, owner = raw.decode().partition(":")
    return Writer(int(epoch), owner)


def claim_key(partition: int) -> str:
    """Return the key of the claims on a partition. A table on disk stores the latest claim under it."""
    return f"{_CLAIM}{partition}"


def is_claim(key: str) -> bool:
    """Return true if a changelog's key belongs to claims and not to a state."""
    return key.startswith(_CLAIM)


@dataclass
class _Partition:
    claims: list[tuple[int, Writer]] = field(default_factory=list)  # by offset
    next_offset: int = 0
    strays: set[str] = field(default_factory=set)
    held: Writer | None = None

    def before(self, offset: int) -> Writer:
        """Return the partition's owner when the record with this offset was written."""
        at = bisect_left(self.claims, (offset, NOBODY))
        return self.claims[at - 1][1] if at else NOBODY


class Fence:
    """The claims on each partition of one changelog, as far as this worker knows them."""

    def __init__(self, owner: str, stored_claim: Callable[[int], bytes | None] = lambda _: None) -> None:
        """``owner`` must be unique to this process; ``stored_claim`` returns the claim that a table on disk has."""
        self._owner = owner
        self._stored_claim = stored_claim
        self._partitions: dict[int, _Partition] = {}

    def observe(self, partition: int, offset: int, key: str, headers: Headers) -> bool:
        """Observe a record of the changelog, in any order; return true if it is valid.

        An invalid record comes after its key's valid value, and compaction would keep the invalid one. Its key is
        therefore a stray that must be rewritten.
        """
        known, writer = self._of(partition), writer_of(headers)
        known.next_offset = max(known.next_offset, offset + 1)
        before = known.before(offset)
        # An unknown higher epoch: its claim was compacted away because a still higher one follows.
        valid = writer == before or writer.epoch > before.epoch
        if valid and writer != before and is_claim(key) and (offset, writer) not in known.claims:
            insort(known.claims, (offset, writer))
        if valid:
            known.strays.discard(key)
        else:
            known.strays.add(key)
        return valid

    def next_claim(self, partition: int) -> Writer:
        """Return the claim to write for a partition. It holds once :meth:`observe` has found it valid."""
        highest = max((writer.epoch for _, writer in self._of(partition).claims), default=0)
        return Writer(highest + 1, self._owner)

    def hold(self, partition: int, writer: Writer) -> None:
        """Record that we own the partition under this valid claim."""
        self._of(partition).held = writer

    def release(self) -> None:
        """Give up all partitions."""
        for known in self._partitions.values():
            known.held = None

    def writer(self, partition: int) -> Writer:
        """Return our claim on a partition.

        Raises:
            Superseded: we no longer own it.
        """
        held = self._of(partition).held
        if held is None:
            raise Superseded(f"This worker does not own partition {partition}.", fix="Restart the worker.")
        return held

    def is_ours(self, partition: int, writer: Writer) -> bool:
        """Return true if we own the partition under this claim."""
        return self._of(partition).held == writer

    def is_lost(self, partition: int) -> bool:
        """Return true if another worker has claimed the partition after us."""
        known = self._of(partition)
        return known.held is not None and known.before(known.next_offset) != known.held

    def next_offset(self, partition: int) -> int:
        """Return the offset of the next record if only we write."""
        return self._of(partition).next_offset

    def advance(self, partition: int, offset: int) -> None:
        """Record that everything before ``offset`` is known."""
        known = self._of(partition)
        known.next_offset = max(known.next_offset, offset)

    def record_written(self, partition: int, keys: Iterable[str], next_offset: int) -> None:
        """Record that we wrote these keys, and that nobody else wrote anything before ``next_offset``."""
        self.advance(partition, next_offset)
        self._of(partition).strays.difference_update(keys)

    def strays(self, partition: int) -> list[str]:
        """Return the keys whose last record is invalid."""
        return sorted(self._of(partition).strays)

    def _of(self, partition: int) -> _Partition:
        known = self._partitions.get(partition)
        if known is None:
            known = self._partitions[partition] = _Partition()
            if (stored := self._stored_claim(partition)) is not None:
                known.claims.append((-1, _read(stored)))
        return known
