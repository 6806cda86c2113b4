"""The states of one processor: read from its table, written to its changelog by the partition's owner only.

Nobody else writes to a partition that we own, so our records get consecutive offsets. If they don't, the records in
between are read. A higher claim among them means that we lost the partition (:class:`Superseded`, before any output is
sent). Other records come from a superseded worker that doesn't know it yet. They are invalid, and their keys are
rewritten before compaction could keep the invalid values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from firstword.runtimes.kafka.fence import Fence, Superseded, claim_key, is_claim, writer_of
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, PartitionId
from firstword.runtimes.kafka.tables import StateTable
from services.common.logs import get_logger

__all__ = ["Broker", "States"]

log = get_logger(__name__)


class Broker(Protocol):
    """The operations needed from Kafka."""

    async def send(self, out: OutboundRecord, partition: int | None = None) -> Awaitable[Any]:
        """Pass ``out`` to the producer; the returned awaitable completes when every replica has it."""
        ...

    async def ends(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """Return the offset of the next record, by partition."""
        ...

    async def positions(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """Return where the group continues, by partition."""
        ...

    async def between(self, partition: PartitionId, begin: int, end: int) -> Sequence[InboundRecord]:
        """Return a partition's records with offsets from ``begin`` to before ``end``."""
        ...


class States:
    """A table, its changelog, and the ownership of the changelog's partitions."""

    def __init__(self, table: StateTable, changelog: str, fence: Fence, broker: Broker) -> None:
        self._table = table
        self._changelog = changelog
        self._fence = fence
        self._broker = broker

    def get(self, partition: int, key: str) -> bytes | None:
        """Return the latest value of ``key``."""
        return self._table.get(partition, key)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield every key of this worker's partitions with its value."""
        return ((key, raw) for key, raw in self._table.items() if not is_claim(key))

    async def claim(self, partitions: Sequence[int]) -> list[int]:
        """Claim partitions; return those that are ours. The table then has everything written before our claim."""
        sent = {}
        for number in partitions:
            self._fence.advance(number, self._table.position(number) + 1)
            writer = self._fence.next_claim(number)
            out = OutboundRecord(self._changelog, claim_key(number).encode(), writer.dump(), writer.headers())
            sent[number] = writer, await self._broker.send(out, number)
        owned = []
        for number, (writer, acknowledged) in sent.items():
            written = await acknowledged
            await self._catch_up(number, written.offset)
            if self._fence.observe(number, written.offset, claim_key(number), writer.headers()):
                self._fence.hold(number, writer)
                self._table.put(number, claim_key(number), writer.dump())
                owned.append(number)
            else:
                log.warning(
                    "Another worker owns this partition now.",
                    action="partition.superseded",
                    changelog=self._changelog,
                    partition=number,
                )
        await self._rewrite_strays(owned)
        return owned

    def release(self) -> None:
        """Give up all partitions."""
        self._fence.release()

    async def write(self, states: Mapping[int, Mapping[str, bytes | None]]) -> None:
        """Write values by partition and wait until the changelog has them; None deletes a key.

        Raises:
            Superseded: another worker owns one of the partitions; the outputs of these values must not be sent.
        """
        rows = [(number, key, raw) for number, changed in states.items() for key, raw in changed.items()]
        sent = [
            await self._broker.send(
                OutboundRecord(self._changelog, key.encode(), raw, self._fence.writer(number).headers()), number
            )
            for number, key, raw in rows
        ]
        written: dict[int, dict[str, int]] = {}
        ends: dict[Any, int] = {}
        for (number, key, _), result in zip(rows, await asyncio.gather(*sent), strict=True):
            written.setdefault(number, {})[key] = result.offset
            ends[result.topic_partition] = max(result.offset, ends.get(result.topic_partition, 0))
        for number, offsets in written.items():
            await self._check_offsets(number, offsets)
        for number, key, raw in rows:  # not earlier: a table on disk would keep invalid values
            self._table.put(number, key, raw)
        for changelog_partition, offset in ends.items():
            self._table.set_position(changelog_partition, offset)
        await self._rewrite_strays(written)

    async def check_ownership(self, partitions: Sequence[int]) -> None:
        """Find records of other workers in our partitions. None of our own writes may be in progress.

        Raises:
            Superseded: another worker owns one of the partitions.
        """
        ends = await self._broker.ends((self._changelog, number) for number in partitions)
        for number in partitions:
            if self._fence.next_offset(number) < ends[self._changelog, number]:
                await self._catch_up(number, ends[self._changelog, number])
        await self._rewrite_strays(partitions)

    async def has_foreign_records(self, partitions: Sequence[int]) -> bool:
        """Return true if there may be records of other workers; writes of ours in progress look the same."""
        if not partitions:
            return False
        ends = await self._broker.ends((self._changelog, number) for number in partitions)
        return any(self._fence.next_offset(number) < ends[self._changelog, number] for number in partitions)

    async def _check_offsets(self, number: int, offsets: Mapping[str, int]) -> None:
        """Check that nobody else wrote between our records, which got these offsets."""
        first, last = min(offsets.values()), max(offsets.values())
        if first == self._fence.next_offset(number) and last - first + 1 == len(offsets):
            self._fence.record_written(number, offsets, last + 1)
        else:
            await self._catch_up(number, last + 1)

    async def _catch_up(self, number: int, end: int) -> None:
        """Read the unknown records before ``end``."""
        begin = self._fence.next_offset(number)
        records = await self._broker.between((self._changelog, number), begin, end) if begin < end else ()
        for record in records:
            key = (record.key or b"").decode()
            ours = self._fence.is_ours(number, writer_of(record.headers))
            if self._fence.observe(number, record.offset, key, record.headers) and not ours:
                self._table.put(number, key, record.payload)
        self._fence.advance(number, end)
        if self._fence.is_lost(number):
            raise Superseded(
                f"Another worker has taken over partition {number} of {self._changelog}; this one was away too long.",
                fix="Restart this worker; it loses nothing. If this happens often, raise "
                "FIRSTWORD_KAFKA_SESSION_TIMEOUT_SECONDS.",
            )

    async def _rewrite_strays(self, partitions: Iterable[int]) -> None:
        """Rewrite the keys whose last record is invalid."""
        strays = {number: keys for number in partitions if (keys := self._fence.strays(number))}
        if strays:
            log.warning(
                "States written by a superseded worker were written again.",
                action="states.restored",
                changelog=self._changelog,
                keys=sum(map(len, strays.values())),
            )
            await self.write({n: {key: self._table.get(n, key) for key in keys} for n, keys in strays.items()})
