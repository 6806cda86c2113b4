"""The states of one processor: read from its table, written to its changelog by whoever holds the partition, alone.

Nobody else writes a partition that we hold, so the offsets that our records get follow upon each other. Where they
don't, what stands between is read: a higher claim means that it is ours no longer (:class:`Superseded`, before anything
was said); anything else comes from a worker that doesn't know yet that it was superseded. That doesn't count, and its
keys are written anew, before compaction could take the stray for the newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from firstword.runtimes.kafka.fence import Fence, Superseded, claim_key, is_claim, writer_of
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord
from firstword.runtimes.kafka.tables import StateTable
from firstword.runtimes.kafka.watch import At
from services.common.logs import get_logger

__all__ = ["Broker", "States"]

log = get_logger(__name__)


class Broker(Protocol):
    """What is needed of Kafka."""

    async def send(self, out: OutboundRecord, partition: int | None = None) -> Awaitable[Any]:
        """Hand ``out`` to the producer; what is returned is done when every replica has it."""
        ...

    async def ends(self, partitions: Iterable[At]) -> dict[At, int]:
        """The offsets that the next records will get."""
        ...

    async def positions(self, partitions: Iterable[At]) -> dict[At, int]:
        """Where the group goes on."""
        ...

    async def between(self, at: At, begin: int, end: int) -> Sequence[InboundRecord]:
        """The records of a partition from ``begin`` on, before ``end``."""
        ...


class States:
    """A table, its changelog, and the right to write there."""

    def __init__(self, table: StateTable, changelog: str, fence: Fence, broker: Broker) -> None:
        self._table = table
        self._changelog = changelog
        self._fence = fence
        self._broker = broker

    def get(self, partition: int, key: str) -> bytes | None:
        """The newest value of ``key``."""
        return self._table.get(partition, key)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Every key of the partitions that this worker has, with its value."""
        return ((key, raw) for key, raw in self._table.items() if not is_claim(key))

    async def claim(self, partitions: Sequence[int]) -> list[int]:
        """Take partitions over; return those that are ours. What was written before our claim is in the table then."""
        sent = {}
        for number in partitions:
            self._fence.expect(number, self._table.position(number) + 1)
            writer = self._fence.next_claim(number)
            out = OutboundRecord(self._changelog, claim_key(number).encode(), writer.dump(), writer.headers())
            sent[number] = writer, await self._broker.send(out, number)
        held = []
        for number, (writer, acknowledged) in sent.items():
            at = await acknowledged
            await self._catch_up(number, at.offset)
            if self._fence.note(number, at.offset, claim_key(number), writer.headers()):
                self._fence.hold(number, writer)
                self._table.put(number, claim_key(number), writer.dump())
                held.append(number)
            else:
                log.warning(
                    "Another worker owns this partition now.",
                    action="partition.superseded",
                    changelog=self._changelog,
                    partition=number,
                )
        await self._mend(held)
        return held

    def release(self) -> None:
        """Hold nothing any more."""
        self._fence.release()

    async def write(self, states: Mapping[int, Mapping[str, bytes | None]]) -> None:
        """Write values by partition, and wait until they are there; None takes a key out.

        Raises:
            Superseded: another worker has a partition of these; what follows from the values must not be said.
        """
        rows = [(number, key, raw) for number, changed in states.items() for key, raw in changed.items()]
        sent = [
            await self._broker.send(
                OutboundRecord(self._changelog, key.encode(), raw, self._fence.writer(number).headers()), number
            )
            for number, key, raw in rows
        ]
        written: dict[int, dict[str, int]] = {}
        newest: dict[Any, int] = {}
        for (number, key, _), at in zip(rows, await asyncio.gather(*sent), strict=True):
            written.setdefault(number, {})[key] = at.offset
            newest[at.topic_partition] = max(at.offset, newest.get(at.topic_partition, 0))
        for number, offsets in written.items():
            await self._account(number, offsets)
        for number, key, raw in rows:  # only now: a table on disk would keep what doesn't count
            self._table.put(number, key, raw)
        for place, offset in newest.items():
            self._table.persisted(place, offset)
        await self._mend(written)

    async def look(self, partitions: Sequence[int]) -> None:
        """Find what others have written to partitions that we hold; nothing of ours may be under way.

        Raises:
            Superseded: another worker has one of them.
        """
        ends = await self._broker.ends((self._changelog, number) for number in partitions)
        for number in partitions:
            if self._fence.expected(number) < ends[self._changelog, number]:
                await self._catch_up(number, ends[self._changelog, number])
        await self._mend(partitions)

    async def has_strangers(self, partitions: Sequence[int]) -> bool:
        """Whether there may be something for :meth:`look`; what we are writing just now looks the same."""
        if not partitions:
            return False
        ends = await self._broker.ends((self._changelog, number) for number in partitions)
        return any(self._fence.expected(number) < ends[self._changelog, number] for number in partitions)

    async def _account(self, number: int, offsets: Mapping[str, int]) -> None:
        """Our records have got these offsets: did anybody write between them?"""
        first, last = min(offsets.values()), max(offsets.values())
        if first == self._fence.expected(number) and last - first + 1 == len(offsets):
            self._fence.wrote(number, offsets, last + 1)
        else:
            await self._catch_up(number, last + 1)

    async def _catch_up(self, number: int, end: int) -> None:
        """Read what stands before ``end`` that we don't know."""
        begin = self._fence.expected(number)
        records = await self._broker.between((self._changelog, number), begin, end) if begin < end else ()
        for record in records:
            key = (record.key or b"").decode()
            ours = self._fence.is_ours(number, writer_of(record.headers))
            if self._fence.note(number, record.offset, key, record.headers) and not ours:
                self._table.put(number, key, record.payload)
        self._fence.expect(number, end)
        if self._fence.is_lost(number):
            raise Superseded(
                f"Another worker has taken over partition {number} of {self._changelog}.",
                fix="This one was away for longer than FIRSTWORD_KAFKA_SESSION_TIMEOUT_SECONDS; it is to be started "
                "again, and goes on from there.",
            )

    async def _mend(self, partitions: Iterable[int]) -> None:
        """Write those keys anew whose last record doesn't count."""
        strays = {number: keys for number in partitions if (keys := self._fence.strays(number))}
        if strays:
            log.warning(
                "States written by a superseded worker were written again.",
                action="states.restored",
                changelog=self._changelog,
                keys=sum(map(len, strays.values())),
            )
            await self.write({n: {key: self._table.get(n, key) for key in keys} for n, keys in strays.items()})
