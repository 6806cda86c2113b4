"""Sends account managers their messages: the day's digest, and news of urgent drafts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine, RowMapping

from services.common.clock import Clock
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.queue.loop import poll
from services.common.queue.worker import QueueWorker
from services.notifier.delivery.channels.base import Channel, Outcome, Outgoing
from services.notifier.delivery.sending import send_once
from services.notifier.digest import chat, manager_outbox

__all__ = ["ManagerMailer", "MessageSource"]

log = get_logger(__name__)

POLL_SECONDS = 10.0


class MessageSource(Protocol):
    """Produces the messages of one kind."""

    def enqueue_due(self, engine: Engine, now: datetime) -> None:
        """Queue each message that is due at ``now`` and not queued yet, by :func:`manager_outbox.enqueue`."""
        ...


class ManagerMailer:
    """Lets ``sources`` queue what is due, and sends it by ``channels`` (by name)."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        channels: Mapping[str, Channel],
        sources: Sequence[MessageSource],
        metrics: Metrics | None = None,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._poll_seconds = poll_seconds
        self._engine = engine
        self._clock = clock
        self._channels = dict(channels)
        self._sources = tuple(sources)
        meaning = "Attempts to reach account managers, by kind, channel and outcome"
        self._counter = (metrics or Metrics()).counter("manager_messages", meaning, ("kind", "channel", "outcome"))
        queue = manager_outbox.QUEUE
        self._worker = QueueWorker(
            "manager_messages", engine, clock, queue, queue.claim_one, self._send, manager_outbox.finish
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        await poll(self.send_due, stop, name="manager_messages", every_seconds=self._poll_seconds)

    async def send_due(self) -> int:
        """Queue and send what is due; return how many attempts were made."""
        for source in self._sources:
            await asyncio.to_thread(source.enqueue_due, self._engine, self._clock.now())
        await asyncio.to_thread(self._worker.recover_older_than, manager_outbox.LOST_AFTER)
        return await self._worker.work_due()

    async def _send(self, row: RowMapping) -> Outcome:
        outcome = await self._outcome(row)
        self._counter.labels(row["kind"], row["channel"], outcome.kind).inc()
        log.info(
            "A message to an account manager was attempted.",
            action="manager_message.attempted",
            kind=row["kind"],
            manager_id=row["manager_id"],
            message_id=row["id"],
            outcome=outcome.kind,
        )
        return outcome

    async def _outcome(self, row: RowMapping) -> Outcome:
        channel = self._channels.get(row["channel"])
        if channel is None:
            return Outcome("rejected", f"The channel {row['channel']!r} isn't configured.")
        message = Outgoing(
            delivery_id=row["id"],
            recipient=row["recipient"],
            recipient_name="",
            sender_name="Firstword",
            sender_email=None,
            subject=row["subject"],
            body=row["text"],
            html=row["html"],
            chat=chat.read(row["chat"]),
        )
        return await send_once(row["channel"], channel, message)
