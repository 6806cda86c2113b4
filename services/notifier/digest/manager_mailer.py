"""Sends account managers what is theirs: the day's digest, and word of drafts that can't wait. Each once.

A row is written before anything is sent, and taken before each attempt, so that two processes send it once. An attempt
whose end is not known is not repeated: a message that may have arrived is worth less than the trust that it comes
once. It stands as ``unknown``, and what it told of lies at the desk anyhow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Engine, RowMapping, select, update
from sqlalchemy.exc import OperationalError

from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.notifier.delivery.channels.base import Channel, Outcome, Outgoing
from services.notifier.delivery.sending import send_once
from services.notifier.digest import chat
from services.notifier.digest.tables import manager_messages

__all__ = ["Maker", "ManagerPost"]

log = get_logger(__name__)

POLL_SECONDS = 10.0
#: Before the second attempt by a channel, and the following; then the next channel, if there is one.
RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
#: An attempt that began so long ago and has no end was cut off.
CUT_OFF = timedelta(minutes=10)

_M = manager_messages.c


class Maker(Protocol):
    """What writes down the messages of one kind."""

    def make_due(self, engine: Engine, now: datetime) -> None:
        """Write down what is due at ``now`` and isn't there yet, each by :func:`manager_outbox.put`."""
        ...


class ManagerPost:
    """Has ``makers`` write down what is due, and hands it to ``channels`` (by name)."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        channels: Mapping[str, Channel],
        makers: Sequence[Maker],
        metrics: Metrics | None = None,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._poll_seconds = poll_seconds
        self._engine = engine
        self._clock = clock
        self._channels = dict(channels)
        self._makers = tuple(makers)
        meaning = "Attempts to reach account managers, by end"
        self._counter = (metrics or Metrics()).counter("manager_messages", meaning, ("kind", "channel", "outcome"))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.post_due()
            except OperationalError as error:  # the database is busy or away: the next round finds the same
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="manager_messages",
                    error=str(error.orig),
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._poll_seconds)

    async def post_due(self) -> int:
        """Make and send what is due; returns how many attempts were made."""
        for maker in self._makers:
            await asyncio.to_thread(maker.make_due, self._engine, self._clock.now())
        count = 0
        for id in await asyncio.to_thread(self._due):
            row = await asyncio.to_thread(self._claim, id)
            if row is None:  # another process has it
                continue
            outcome = await self._send(row)
            await asyncio.to_thread(self._finish, row, outcome)
            self._counter.labels(row["kind"], row["channel"], outcome.kind).inc()
            log.info(
                "A message to an account manager was attempted.",
                action="manager_message.attempted",
                kind=row["kind"],
                manager_id=row["manager_id"],
                message_id=id,
                outcome=outcome.kind,
            )
            count += 1
        return count

    def _due(self) -> list[str]:
        """Ids of what is to be sent now; what was cut off is marked first."""
        now = self._clock.now()
        cut_off = (_M.status == "sending", _M.next_attempt_at <= now - CUT_OFF)
        due = select(_M.id).where(_M.status == "pending", _M.next_attempt_at <= now)
        with reading(self._engine) as connection:
            ids = list(connection.execute(due.order_by(_M.due_at, _M.id)).scalars())
            lost = connection.execute(select(_M.id).where(*cut_off)).scalars().all()
        if lost:
            said = "Firstword was stopped while this was being sent; it may have arrived."
            with self._engine.begin() as connection:
                values = {"status": "unknown", "last_error": said, "next_attempt_at": None, "changed_at": now}
                connection.execute(update(manager_messages).where(*cut_off).values(values))
        return ids

    def _claim(self, id: str) -> RowMapping | None:
        """Take a message to send it; nobody else can take it then."""
        now = self._clock.now()
        with self._engine.begin() as connection:
            taken = connection.execute(
                update(manager_messages)
                .where(_M.id == id, _M.status == "pending", _M.next_attempt_at <= now)
                .values(status="sending", attempts=_M.attempts + 1, next_attempt_at=now, changed_at=now)
            )
            if taken.rowcount != 1:
                return None
            return connection.execute(select(manager_messages).where(_M.id == id)).mappings().one()

    async def _send(self, row: RowMapping) -> Outcome:
        channel = self._channels.get(row["channel"])
        if channel is None:
            return Outcome("rejected", f"There is no channel {row['channel']!r} at present: it isn't configured.")
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

    def _finish(self, row: RowMapping, outcome: Outcome) -> None:
        """Record an attempt's end. A crash before it leaves ``sending``, which becomes ``unknown`` in its time."""
        with self._engine.begin() as connection:
            connection.execute(
                update(manager_messages)
                .where(_M.id == row["id"], _M.status == "sending", _M.attempts == row["attempts"])
                .values(_after(row, outcome, self._clock.now()))
            )


def _after(row: RowMapping, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """What follows from an attempt: it is there, it is tried again, by the next channel, or given up."""
    plain = {"next_attempt_at": None, "last_error": outcome.detail, "changed_at": now}
    attempt: int = row["attempts"]
    match outcome.kind:
        case "delivered":
            return plain | {"status": "sent", "last_error": None}
        case "unknown":
            return plain | {"status": "unknown"}
        case "retry" if attempt <= len(RETRY_AFTER):
            patience = timedelta(seconds=min(outcome.retry_after_seconds or 0.0, RETRY_AFTER[-1].total_seconds()))
            return plain | {"status": "pending", "next_attempt_at": now + max(RETRY_AFTER[attempt - 1], patience)}
    if not row["others"]:
        return plain | {"status": "failed"}
    (channel, recipient), *rest = row["others"]
    nearest = {"channel": channel, "recipient": recipient, "others": rest, "attempts": 0}
    return plain | nearest | {"status": "pending", "next_attempt_at": now}
