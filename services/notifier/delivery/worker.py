"""Takes what is due from the outbox and hands it to its channel, one attempt at a time for each delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import EventPublisher
from services.notifier.delivery import outbox
from services.notifier.delivery.channels.base import Channel, Outcome, Outgoing
from services.notifier.delivery.routes import MAIL, Ways
from services.notifier.delivery.sending import ATTEMPT_SECONDS, send_once

__all__ = ["DeliveryWorker"]

log = get_logger(__name__)

POLL_SECONDS = 1.0
BATCH = 50
CONCURRENT = 4

#: Counting them takes longer the more there are.
COUNT_EVERY = timedelta(seconds=15)


class DeliveryWorker:
    """Sends by ``channels`` (by name) what the outbox holds.

    ``sole`` says that no other process works on this database: then whatever is found half sent at the start was
    left by a crash. Otherwise it is taken for that only once an attempt is older than an attempt may last.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        sole: bool = True,
        ways: Ways = MAIL,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._channels = dict(channels)
        self._sole = sole
        self._ways = ways
        self._counted_at: datetime | None = None
        metrics = metrics or Metrics()
        self._attempts = metrics.counter(
            "delivery_attempts", "Attempts to reach clients, by end", ("channel", "outcome")
        )
        self._waiting = metrics.gauge("deliveries", "Messages to clients that are not there, by status", ("status",))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; an attempt that has begun is brought to its end."""
        age = timedelta(0) if self._sole else timedelta(seconds=2 * ATTEMPT_SECONDS)
        while True:
            try:
                await asyncio.to_thread(self.recover, age)
                await asyncio.to_thread(self.tell)
                age = timedelta(seconds=2 * ATTEMPT_SECONDS)
                if stop.is_set():
                    return
                await self.deliver_due()
            except OperationalError as error:  # the database is busy or away: nothing is lost, try again
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="deliveries",
                    error=str(error.orig),
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)
                return

    def recover(self, age: timedelta) -> int:
        """Set aside attempts begun at least ``age`` ago whose end nobody recorded; returns how many."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            if not outbox.stuck(connection, began_before=now - age):
                return 0
        with self._engine.begin() as connection:
            events = outbox.recover(connection, now, began_before=now - age)
            self._publisher.publish(connection, events)
        log.warning(
            "Deliveries were interrupted; their outcome is unknown.", action="delivery.recovered", count=len(events)
        )
        return len(events)

    def tell(self) -> int:
        """Publish what became of deliveries that sinks have stopped, and count what isn't there; returns how many."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            if self._counted_at is None or now - self._counted_at >= COUNT_EVERY:
                self._counted_at = now
                for status, count in outbox.standing(connection).items():
                    self._waiting.labels(status).set(count)
            if not outbox.untold(connection):
                return 0
        with self._engine.begin() as connection:
            return self._publisher.publish(connection, outbox.tell(connection, now))

    async def deliver_due(self) -> int:
        """Attempt everything whose moment has come; returns how many attempts were made."""
        ids = await asyncio.to_thread(self._due)
        gate = asyncio.Semaphore(CONCURRENT)

        async def one(delivery_id: str) -> bool:
            async with gate:
                return await self._attempt(delivery_id)

        return sum(await asyncio.gather(*(one(delivery_id) for delivery_id in ids)))

    def _due(self) -> list[str]:
        with reading(self._engine) as connection:
            return list(outbox.due(connection, self._clock.now(), BATCH))

    async def _attempt(self, delivery_id: str) -> bool:
        claimed = await asyncio.to_thread(self._claim, delivery_id)
        if claimed is None:
            return False
        if claimed.forbidden is not None:
            outcome = Outcome("rejected", claimed.forbidden)
        else:
            outcome = await self._send(claimed.channel, claimed.message)
        await self._record(delivery_id, claimed.attempt, outcome)
        self._attempts.labels(claimed.channel, outcome.kind).inc()
        log.info(
            "A delivery was attempted.",
            action="delivery.attempted",
            delivery_id=delivery_id,
            attempt=claimed.attempt,
            outcome=outcome.kind,
        )
        return True

    def _claim(self, delivery_id: str) -> outbox.Claimed | None:
        with self._engine.begin() as connection:
            return outbox.claim(connection, delivery_id, self._clock.now())

    async def _send(self, name: str, message: Outgoing) -> Outcome:
        channel = self._channels.get(name)
        if channel is None:
            return Outcome("retry", f"There is no channel {name!r} at present: it isn't configured.")
        return await send_once(name, channel, message)

    async def _record(self, delivery_id: str, attempt: int, outcome: Outcome) -> None:
        """Keep at it while the database is away: unrecorded, nobody could say whether the message arrived."""
        while True:
            try:
                return await asyncio.to_thread(self._finish, delivery_id, attempt, outcome)
            except OperationalError as error:
                log.warning(
                    "The outcome of a delivery could not be recorded yet.",
                    action="database.unavailable",
                    component="deliveries",
                    delivery_id=delivery_id,
                    error=str(error.orig),
                )
                await asyncio.sleep(POLL_SECONDS)

    def _finish(self, delivery_id: str, attempt: int, outcome: Outcome) -> None:
        now = self._clock.now()
        with self._engine.begin() as connection:
            self._publisher.publish(connection, outbox.finish(connection, delivery_id, attempt, outcome, now))
            if outcome.kind in ("rejected", "retry"):
                self._publisher.publish(connection, outbox.fall_back(connection, delivery_id, self._ways, now))
