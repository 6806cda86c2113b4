"""Wait until all published events are processed: the outbox is empty and no service has a lag on Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType

from sqlalchemy import Engine

from firstword.runtimes.kafka.records import PartitionId
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.watch import GroupWatch
from firstword.storage.outbox import Outbox
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import Unreachable
from services.common.processing import AnyProcessor

__all__ = ["IdleWaiter"]

CHECK_SECONDS = 0.1
#: Reference topics are read without a group, so their lag is unknown; workers know a change within a second, or a few
#: seconds where the machine is busy.
REFERENCE_SECONDS = 8.0
TIMEOUT_SECONDS = 120


class IdleWaiter:
    """Watches services, given by name with their processors. Use as an async context manager."""

    def __init__(self, engine: Engine, settings: KafkaSettings, services: Mapping[str, Sequence[AnyProcessor]]) -> None:
        self._engine = engine
        self._watches: list[tuple[GroupWatch, list[PartitionId]]] = []
        for service, processors in services.items():
            topics = sorted({topic for processor in processors for topic in processor.inputs})
            partitions = [(topic, number) for topic in topics for number in range(TOPICS[topic].partitions)]
            self._watches.append((GroupWatch(settings, settings.group(service)), partitions))
        self._first = True

    async def __aenter__(self) -> IdleWaiter:
        for watch, partitions in self._watches:
            await watch.start()
            await watch.require({topic: TOPICS[topic].partitions for topic, _ in partitions})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watch, _ in self._watches:
            await watch.stop()

    async def wait(self) -> None:
        """Wait until two checks in a row find nothing waiting, and nothing written in between.

        An event that moves from the outbox to Kafka, or back, during a check can escape it, but then the next one finds
        more records on Kafka, or the event in the outbox.

        Raises:
            Unreachable: events still wait after two minutes; the message says how many.
        """
        idle_at: int | None = None
        for _ in range(int(TIMEOUT_SECONDS / CHECK_SECONDS)):
            waiting, written = await self._check()
            if not waiting and written == idle_at:
                await asyncio.sleep(REFERENCE_SECONDS if self._first else 0)
                self._first = False
                return
            idle_at = None if waiting else written
            await asyncio.sleep(CHECK_SECONDS)
        raise Unreachable(
            f"{waiting} events still wait after {TIMEOUT_SECONDS} s.",
            fix="Check that the matcher and the notifier run.",
        )

    async def _check(self) -> tuple[int, int]:
        """Return the number of events that wait, and of records that were ever written to the services' topics."""
        waiting, written = await asyncio.to_thread(self._unsent), 0
        for watch, partitions in self._watches:
            positions, ends = await watch.positions(partitions), await watch.ends(partitions)
            waiting += sum(max(0, ends[partition] - positions[partition]) for partition in partitions)
            written += sum(ends.values())
        return waiting, written

    def _unsent(self) -> int:
        with reading(self._engine) as connection:
            return Outbox().count_unsent(connection)
