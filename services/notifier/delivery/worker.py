"""Sends the deliveries that are due, each by its channel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import AnyEvent, EventPublisher
from services.common.queue.loop import Recovery, poll
from services.common.queue.outcome import Outcome
from services.common.queue.worker import QueueWorker
from services.notifier.delivery import outages, outbox
from services.notifier.delivery.channels.base import Channel, Probing
from services.notifier.delivery.outbox import ClaimedDelivery
from services.notifier.delivery.routes import MAIL, ClientRoutes
from services.notifier.delivery.sending import ATTEMPT_SECONDS, send_once
from services.notifier.gate.policy import GatePolicy
from services.notifier.sending_plan import BY_HAND

__all__ = ["DeliveryWorker"]

log = get_logger(__name__)

POLL_SECONDS = 1.0
BATCH = 50
CONCURRENT = 4
#: An attempt that is older than this and never ended was interrupted.
LOST_AFTER = timedelta(seconds=2 * ATTEMPT_SECONDS)
#: The more deliveries there are, the longer counting them takes.
COUNT_EVERY = timedelta(seconds=15)
PROBE_EVERY = timedelta(seconds=30)


class DeliveryWorker:
    """Sends what the outbox holds by ``channels`` (by name).

    ``sole`` as in :class:`services.common.queue.loop.Recovery`.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        sole: bool = True,
        routes: ClientRoutes = MAIL,
        metrics: Metrics | None = None,
        gate: GatePolicy | None = None,
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._channels = dict(channels)
        self._sole = sole
        self._routes = routes
        self._gate = gate or GatePolicy()
        self._counted_at: datetime | None = None
        self._probed_at: datetime | None = None
        metrics = metrics or Metrics()
        self._attempts = metrics.counter(
            "delivery_attempts", "Delivery attempts, by channel and outcome", ("channel", "outcome")
        )
        self._waiting = metrics.gauge("deliveries", "Messages to clients not yet delivered, by status", ("status",))
        self._worker = QueueWorker(
            "deliveries", engine, clock, outbox.QUEUE, self._claim, self._send, self._finish,
            recover=self._recover, limit=BATCH, concurrent=CONCURRENT,
        )  # fmt: skip

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; an attempt that has begun is finished."""
        recovery = Recovery(self.recover, LOST_AFTER, self._sole)
        await poll(self._round, stop, name="deliveries", every_seconds=POLL_SECONDS, recovery=recovery)

    def recover(self, age: timedelta) -> int:
        """Mark attempts that began at least ``age`` ago and never ended as unknown; return how many."""
        return self._worker.recover_older_than(age)

    async def deliver_due(self) -> int:
        """Attempt everything that is due; return how many attempts were made."""
        return await self._worker.work_due()

    def publish_stopped(self) -> int:
        """Publish the deliveries that sinks have stopped, and count those that haven't arrived; return how many."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            if self._counted_at is None or now - self._counted_at >= COUNT_EVERY:
                self._counted_at = now
                for status, count in outbox.count_unfinished(connection).items():
                    self._waiting.labels(status).set(count)
            if not outbox.has_unpublished(connection):
                return 0
        with self._engine.begin() as connection:
            return self._publisher.publish(connection, outbox.take_unpublished(connection, now))

    async def probe_down(self) -> int:
        """Ask the channels that took no messages whether they do again; return how many do.

        What waits for a channel is tried again later and later, so without this an outage would seem to last longer.
        """
        with reading(self._engine) as connection:
            down = outages.channels_down(connection)
        back = 0
        for name in down:
            channel = self._channels.get(name)
            if channel is not None and not isinstance(channel, Probing):
                continue
            outcome = Outcome("delivered", "not configured") if channel is None else await channel.probe()
            if not outcome.service_down:
                back += 1
            with self._engine.begin() as connection:
                outages.note_outcome(connection, name, outcome, self._clock.now())
        return back

    async def _round(self) -> None:
        await asyncio.to_thread(self.publish_stopped)
        now = self._clock.now()
        if self._probed_at is None or now - self._probed_at >= PROBE_EVERY:
            self._probed_at = now
            await self.probe_down()
        await self.deliver_due()

    def _claim(self, connection: Connection, delivery_id: str, now: datetime) -> ClaimedDelivery | None:
        claimed = outbox.claim(connection, delivery_id, now, self._gate)
        if claimed is None or claimed.channel != BY_HAND:
            return claimed
        # The account manager has sent it. Nothing is left but to say so, now that it can't be undone any longer.
        done = Outcome("delivered", "Sent by the account manager.")
        self._publisher.publish(connection, outbox.finish(connection, claimed.id, claimed.attempt, done, now))
        return None

    async def _send(self, claimed: ClaimedDelivery) -> Outcome:
        outcome = await self._outcome(claimed)
        self._attempts.labels(claimed.channel, outcome.kind).inc()
        log.info(
            "A delivery was attempted.",
            action="delivery.attempted",
            delivery_id=claimed.id,
            attempt=claimed.attempt,
            outcome=outcome.kind,
        )
        return outcome

    async def _outcome(self, claimed: ClaimedDelivery) -> Outcome:
        if claimed.blocked is not None:
            return Outcome("rejected", claimed.blocked)
        channel = self._channels.get(claimed.channel)
        if channel is None:
            return Outcome("retry", f"The channel {claimed.channel!r} isn't configured.")
        return await send_once(claimed.channel, channel, claimed.message)

    def _finish(self, connection: Connection, claimed: ClaimedDelivery, outcome: Outcome, now: datetime) -> None:
        self._publisher.publish(connection, outbox.finish(connection, claimed.id, claimed.attempt, outcome, now))
        if claimed.blocked is None:
            outages.note_outcome(connection, claimed.channel, outcome, now)
        if outcome.kind in ("rejected", "retry"):
            self._publisher.publish(connection, outbox.fall_back(connection, claimed.id, self._routes, now, self._gate))

    def _recover(self, connection: Connection, now: datetime, began_before: datetime) -> Sequence[AnyEvent]:
        events = outbox.recover(connection, now, began_before)
        self._publisher.publish(connection, events)
        return events
