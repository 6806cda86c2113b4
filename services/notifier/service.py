"""The notifier as one thing to start and stop: what keeps its tables, and what sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy import Engine

from services.common.clock import Clock
from services.common.processing import EventPublisher, Sink
from services.notifier.delivery.channels.base import Channel
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.sinks import all_sinks

__all__ = ["NotifierService"]


class NotifierService:
    """``sinks`` go to the runtime; :meth:`run` sends what was approved, by ``channels`` (by name)."""

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        sole: bool = True,
    ) -> None:
        self.sinks: tuple[Sink, ...] = all_sinks()
        self.worker = DeliveryWorker(engine, publisher, clock, channels, sole=sole)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        await self.worker.run(stop)
