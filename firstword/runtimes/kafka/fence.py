"""Who may write a changelog's partition: a worker that was away too long must not undo what its successor has done.

A worker that is stopped (a frozen machine, SIGSTOP) for longer than its session doesn't know, when it goes on, that its
partitions are another's by now. Kafka refuses its offsets, but not its records. So whoever takes a partition over says
so in the changelog: a *claim*, with an epoch above every one before. Every record there bears its writer's claim. Then
the changelog's own order decides, for everybody alike: a record counts if no higher claim stands before it.

Nothing here reaches outside.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from firstword.runtimes.kafka.records import Headers
from services.common.errors import FirstwordError

__all__ = ["NOBODY", "Fence", "Superseded", "Writer", "claim_key", "is_claim", "writer_of"]

#: The header that says whose record it is.
WRITER = "firstword-writer"
#: No subject begins so.
_CLAIM = "\x00claim-"


class Superseded(FirstwordError):
    """Another worker has taken this one's partition over: what is in hand here is no longer ours to say."""


class Writer(NamedTuple):
    """One worker's time with a partition. ``owner`` tells workers apart that claim the same epoch; the first has it."""

    epoch: int
    owner: str

    def headers(self) -> Headers:
        """As it stands in a record."""
        return ((WRITER, self.dump()),)

    def dump(self) -> bytes:
        """As bytes."""
        return f"{self.epoch}:{self.owner}".encode()


#: Of whom nothing is known: what versions without claims wrote.
NOBODY = Writer(0, "")


def writer_of(headers: Headers) -> Writer:
    """Whose record it is."""
    return _read(dict(headers).get(WRITER, b"0:"))


def _read(raw: bytes) -> Writer:
    epoch, _, owner = raw.decode().partition(":")
    return Writer(int(epoch), owner)


def claim_key(partition: int) -> str:
    """The key of the claims on a partition; a table on disk keeps the newest under it."""
    return f"{_CLAIM}{partition}"


def is_claim(key: str) -> bool:
    """Whether a changelog's key is that of claims, and not a state's."""
    return key.startswith(_CLAIM)


@dataclass
class _Partition:
    claims: list[tuple[int, Writer]] = field(default_factory=list)  # by offset
    next_offset: int = 0
    strays: set[str] = field(default_factory=set)
    held: Writer | None = None

    def before(self, offset: int) -> Writer:
        """Who held the partition when the record of this offset was written."""
        at = bisect_left(self.claims, (offset, NOBODY))
        return self.claims[at - 1][1] if at else NOBODY


class Fence:
    """What one worker knows of the claims on each partition of one changelog."""

    def __init__(self, owner: str, kept: Callable[[int], bytes | None] = lambda _: None) -> None:
        """``owner`` must be this process's alone; ``kept`` gives the claim that a table on disk has of a partition."""
        self._owner = owner
        self._kept = kept
        self._partitions: dict[int, _Partition] = {}

    def note(self, partition: int, offset: int, key: str, headers: Headers) -> bool:
        """Take note of a record of the changelog, in whatever order; return whether it counts.

        What doesn't count has been written after its key's good value, and compaction would keep it instead: its key is
        a stray, to be written anew.
        """
        known, writer = self._of(partition), writer_of(headers)
        known.next_offset = max(known.next_offset, offset + 1)
        before = known.before(offset)
        # A state of a higher epoch than is known: its claim is compacted away, as a still higher one stands further on.
        counts = writer == before or writer.epoch > before.epoch
        if counts and writer != before and is_claim(key) and (offset, writer) not in known.claims:
            insort(known.claims, (offset, writer))
        if counts:
            known.strays.discard(key)
        else:
            known.strays.add(key)
        return counts

    def next_claim(self, partition: int) -> Writer:
        """With what to claim a partition; it is ours once :meth:`note` has found that it counts."""
        highest = max((writer.epoch for _, writer in self._of(partition).claims), default=0)
        return Writer(highest + 1, self._owner)

    def hold(self, partition: int, writer: Writer) -> None:
        """The partition is ours under this claim, which counts."""
        self._of(partition).held = writer

    def release(self) -> None:
        """No partition is ours."""
        for known in self._partitions.values():
            known.held = None

    def writer(self, partition: int) -> Writer:
        """Our claim on a partition that we hold.

        Raises:
            Superseded: we hold it no longer.
        """
        held = self._of(partition).held
        if held is None:
            raise Superseded(f"Partition {partition} is not held here.", fix="The worker is to be started again.")
        return held

    def is_ours(self, partition: int, writer: Writer) -> bool:
        """Whether that is our claim, under which we hold the partition."""
        return self._of(partition).held == writer

    def is_lost(self, partition: int) -> bool:
        """Whether somebody has claimed a partition after us."""
        known = self._of(partition)
        return known.held is not None and known.before(known.next_offset) != known.held

    def expected(self, partition: int) -> int:
        """The offset that the next record gets if nobody but us writes."""
        return self._of(partition).next_offset

    def expect(self, partition: int, offset: int) -> None:
        """Everything before ``offset`` is known."""
        known = self._of(partition)
        known.next_offset = max(known.next_offset, offset)

    def wrote(self, partition: int, keys: Iterable[str], next_offset: int) -> None:
        """We have written these keys, and nobody else anything up to ``next_offset``."""
        self.expect(partition, next_offset)
        self._of(partition).strays.difference_update(keys)

    def strays(self, partition: int) -> list[str]:
        """Keys whose last record doesn't count."""
        return sorted(self._of(partition).strays)

    def _of(self, partition: int) -> _Partition:
        known = self._partitions.get(partition)
        if known is None:
            known = self._partitions[partition] = _Partition()
            if (kept := self._kept(partition)) is not None:
                known.claims.append((-1, _read(kept)))
        return known
