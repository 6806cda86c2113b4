"""Tells by another channel that an endpoint was given up on: whoever runs it may hear nothing of it otherwise."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Engine, RowMapping, select
from sqlalchemy.exc import OperationalError

from schemas.base import content_id
from services.common.addresses import redact_url
from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.notifier.delivery.channels.base import Channel, Outgoing
from services.notifier.webhooks.endpoints import change
from services.notifier.webhooks.tables import webhook_endpoints

__all__ = ["Notices"]

log = get_logger(__name__)

POLL_SECONDS = 15.0
RETRY = timedelta(minutes=5)


class Notices:
    """Sends such notices to ``recipient`` by ``channel``, each under an id of its own, until it is taken.

    What may have arrived is not repeated: the desk and ``firstword doctor`` say it, too.
    """

    def __init__(self, engine: Engine, clock: Clock, channel: Channel, recipient: str) -> None:
        self._engine = engine
        self._clock = clock
        self._channel = channel
        self._recipient = recipient

    async def run(self, stop: asyncio.Event) -> None:
        """Look for something to tell until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.tell_due()
            except OperationalError as error:
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="notices",
                    error=str(error.orig),
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)

    async def tell_due(self) -> int:
        """Tell what is to be told now; returns of how many endpoints."""
        rows = await asyncio.to_thread(self._due)
        for row in rows:
            await asyncio.to_thread(self._settle, row["id"], retry=True)  # before: a crash then repeats it later
            outcome = await self._channel.send(self._message(row))
            if outcome.kind != "retry":
                await asyncio.to_thread(self._settle, row["id"], retry=False)
            log.info(
                "A notice about a disabled webhook endpoint was attempted.",
                action="notice.attempted",
                endpoint_id=row["id"],
                outcome=outcome.kind,
                detail=outcome.detail,
            )
        return len(rows)

    def _due(self) -> list[RowMapping]:
        query = select(webhook_endpoints).where(webhook_endpoints.c.notice_due_at <= self._clock.now())
        with reading(self._engine) as connection:
            return list(connection.execute(query.order_by(webhook_endpoints.c.id)).mappings())

    def _settle(self, endpoint_id: str, *, retry: bool) -> None:
        now = self._clock.now()
        with self._engine.begin() as connection:
            change(connection, endpoint_id, now, notice_due_at=now + RETRY if retry else None)

    def _message(self, row: RowMapping) -> Outgoing:
        name = row["description"] or redact_url(row["url"])
        return Outgoing(
            delivery_id=content_id("ntc", row["id"], row["disabled_at"].isoformat()),
            recipient=self._recipient,
            recipient_name="",
            sender_name="Firstword",
            sender_email=None,
            subject=f"Webhooks to {name} have stopped",
            body=(
                f"Firstword sends no webhooks to {redact_url(row['url'])} any more.\n\n{row['disabled_because']}\n\n"
                "What was to be sent there waits, and what happens meanwhile is kept for 30 days.\n"
                f"See to the endpoint, then run: firstword webhooks enable {row['id']} --catch-up\n"
            ),
        )
