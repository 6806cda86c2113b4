"""Knows when all that was published has been worked with: nothing waits in the outbox, nor for any service on Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType

from sqlalchemy import Engine

from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.watch import At, GroupWatch
from firstword.storage.outbox import Outbox
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import Unreachable
from services.common.processing import AnyProcessor

__all__ = ["IdleWaiter"]

LOOK_SECONDS = 0.1
#: Reference topics are read without a group, so nobody can say how far; they are live within a second.
REFERENCE_SECONDS = 1.5
PATIENCE_SECONDS = 120


class IdleWaiter:
    """Watches the services (by name, with the processors each runs). Use as an async context manager."""

    def __init__(self, engine: Engine, settings: KafkaSettings, services: Mapping[str, Sequence[AnyProcessor]]) -> None:
        self._engine = engine
        self._watches: list[tuple[GroupWatch, list[At]]] = []
        for service, processors in services.items():
            topics = sorted({topic for processor in processors for topic in processor.inputs})
            places = [(topic, number) for topic in topics for number in range(TOPICS[topic].partitions)]
            self._watches.append((GroupWatch(settings, settings.group(service)), places))
        self._first = True

    async def __aenter__(self) -> IdleWaiter:
        for watch, places in self._watches:
            await watch.start()
            await watch.require({topic: TOPICS[topic].partitions for topic, _ in places})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watch, _ in self._watches:
            await watch.stop()

    async def wait(self) -> None:
        """Until nothing waits anywhere, seen twice in a row: what is on its way is always counted in one place.

        Raises:
            Unreachable: something still waits after two minutes; the message says what.
        """
        seen, looks = 0, int(PATIENCE_SECONDS / LOOK_SECONDS)
        for _ in range(looks):
            waiting = await self._waiting()
            seen = 0 if waiting else seen + 1
            if seen == 2:
                await asyncio.sleep(REFERENCE_SECONDS if self._first else 0)
                self._first = False
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise Unreachable(
            f"{waiting} events still wait after {PATIENCE_SECONDS} s.", fix="Do the matcher and the notifier run?"
        )

    async def _waiting(self) -> int:
        waiting = await asyncio.to_thread(self._unsent)
        for watch, places in self._watches:
            positions, ends = await watch.positions(places), await watch.ends(places)
            waiting += sum(max(0, ends[at] - positions[at]) for at in places)
        return waiting

    def _unsent(self) -> int:
        with reading(self._engine) as connection:
            return Outbox().count_unsent(connection)
