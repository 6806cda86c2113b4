"""Sends account managers their digest by mail, once a day at their hour; after downtime late, and saying so.

A row for each manager and day is written before anything is sent. An attempt whose end is not known is not repeated:
a digest that may have arrived is worth less than the trust that there is one a day.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, select, update
from sqlalchemy.exc import OperationalError

from firstword.kit.clock import Clock
from firstword.kit.db import reading, upsert
from firstword.kit.logs import get_logger
from schemas.base import content_id
from schemas.clients import Manager
from services.notifier.contact.digest import digest_due, manager_zone
from services.notifier.contact.digest_view import render
from services.notifier.delivery.channels.base import Channel, Outcome, Outgoing
from services.notifier.digests import all_managers, manager_digest
from services.notifier.tables import digests

__all__ = ["DigestPost"]

log = get_logger(__name__)

POLL_SECONDS = 60.0
RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
#: An attempt that began so long ago and has no end was cut off.
CUT_OFF = timedelta(minutes=10)


class DigestPost:
    """Makes the digests that are due and hands them to ``channel``; ``base_url`` is the desk's address."""

    def __init__(self, engine: Engine, clock: Clock, channel: Channel, base_url: str) -> None:
        self._engine = engine
        self._clock = clock
        self._channel = channel
        self._base_url = base_url

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.post_due()
            except OperationalError as error:  # the database is busy or away: the next round finds the same
                log.warning("database unavailable", action="digest", error=str(error.orig))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)

    async def post_due(self) -> int:
        """Make and send what is due; returns how many attempts were made."""
        await asyncio.to_thread(self._make_due)
        count = 0
        while (row := await asyncio.to_thread(self._claim)) is not None:
            outcome = await self._send(row)
            await asyncio.to_thread(self._finish, row, outcome)
            log.info("attempted", action="digest", manager_id=row["manager_id"], day=row["day"], outcome=outcome.kind)
            count += 1
        return count

    def _make_due(self) -> None:
        now = self._clock.now()
        with reading(self._engine) as connection:
            wanting = [manager for manager in all_managers(connection) if manager.digest is not None]
        for manager in wanting:
            due = None if manager.digest is None else digest_due(manager.digest, manager_zone(manager), now)
            if due is not None:
                with self._engine.begin() as connection:
                    self._make(connection, manager, *due, now)

    def _make(self, connection: Connection, manager: Manager, day: str, wanted: datetime, now: datetime) -> None:
        known = select(digests.c.day).where(digests.c.manager_id == manager.id, digests.c.day == day)
        if connection.execute(known).first() is not None:
            return
        digest = manager_digest(connection, manager, now, wanted_at=wanted)
        mail = render(digest, self._base_url)
        unwanted = digest.empty and manager.digest is not None and manager.digest.empty == "nothing"
        nowhere = None if manager.email else f"The book has no mail address for {manager.name}."
        row = {
            "manager_id": manager.id,
            "day": day,
            "due_at": wanted,
            "made_at": now,
            "status": "empty" if unwanted else "failed" if nowhere else "pending",
            "attempts": 0,
            "next_attempt_at": None if unwanted or nowhere else now,
            "last_error": nowhere,
            "recipient": manager.email,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
        }
        upsert(connection, digests, [row], ["manager_id", "day"], update=())

    def _claim(self) -> RowMapping | None:
        """Take the next that is to be sent; nobody else can take it then."""
        now = self._clock.now()
        due = select(digests).where(digests.c.status == "pending", digests.c.next_attempt_at <= now)
        with self._engine.begin() as connection:
            connection.execute(
                update(digests)
                .where(digests.c.status == "sending", digests.c.next_attempt_at <= now - CUT_OFF)
                .values(status="failed", last_error="Firstword was stopped while this was being sent; it may be there.")
            )
            row = connection.execute(due.order_by(digests.c.due_at, digests.c.manager_id).limit(1)).mappings().first()
            if row is None:
                return None
            taken = connection.execute(
                update(digests)
                .where(digests.c.manager_id == row["manager_id"], digests.c.day == row["day"])
                .where(digests.c.status == "pending")
                .values(status="sending", attempts=row["attempts"] + 1, next_attempt_at=now)
            )
            return row if taken.rowcount == 1 else None

    async def _send(self, row: RowMapping) -> Outcome:
        message = Outgoing(
            delivery_id=content_id("dig", row["manager_id"], row["day"]),
            recipient=row["recipient"],
            recipient_name="",
            sender_name="Firstword",
            sender_email=None,
            subject=row["subject"],
            body=row["text"],
            html=row["html"],
        )
        try:
            return await self._channel.send(message)
        except Exception as error:  # whatever it is, the mail may have gone
            log.exception("channel failed", action="digest", manager_id=row["manager_id"])
            return Outcome("unknown", f"The channel failed in a way it should not: {type(error).__name__}.")

    def _finish(self, row: RowMapping, outcome: Outcome) -> None:
        attempt = row["attempts"]
        again = outcome.kind == "retry" and attempt < len(RETRY_AFTER)
        status = "sent" if outcome.kind == "delivered" else "pending" if again else "failed"
        following = self._clock.now() + RETRY_AFTER[attempt] if again else None
        with self._engine.begin() as connection:
            connection.execute(
                update(digests)
                .where(digests.c.manager_id == row["manager_id"], digests.c.day == row["day"])
                .values(status=status, next_attempt_at=following)
                .values(last_error=None if status == "sent" else outcome.detail)
            )
