"""Tells the operator by mail or chat that a webhook endpoint was disabled: the endpoint's owner may not notice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, select

from schemas.base import content_id
from services.common.addresses import redact_url
from services.common.clock import Clock
from services.common.db import reading, upsert
from services.common.logs import get_logger
from services.common.queue.backoff import Schedule
from services.common.queue.loop import poll
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, WorkQueue
from services.common.queue.worker import QueueWorker
from services.notifier.delivery.channels.base import Channel, Outgoing
from services.notifier.delivery.sending import ATTEMPT_SECONDS, send_once
from services.notifier.webhooks.endpoints import change
from services.notifier.webhooks.tables import endpoint_notices, webhook_endpoints

__all__ = ["EndpointNotifier"]

log = get_logger(__name__)

POLL_SECONDS = 15.0
QUEUE = WorkQueue(endpoint_notices, "at_least_once", Schedule((0, 300), endless=True))
#: An attempt that is older than this and never ended was interrupted.
LOST_AFTER = timedelta(seconds=2 * ATTEMPT_SECONDS)


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice that only this worker may send now. Without a ``message``, it is no longer needed."""

    attempt: Attempt
    message: Outgoing | None


class EndpointNotifier:
    """Sends the notices to ``recipient`` by ``channel``, each under an id of its own, until the channel accepts it.

    A notice that may have arrived is not repeated: the desk and ``firstword doctor`` show the endpoint, too.
    """

    def __init__(self, engine: Engine, clock: Clock, channel: Channel, recipient: str) -> None:
        self._engine = engine
        self._clock = clock
        self._channel = channel
        self._recipient = recipient
        self._worker = QueueWorker("notices", engine, clock, QUEUE, self._claim, self._send, _finish)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        await poll(self.send_due, stop, name="notices", every_seconds=POLL_SECONDS)

    async def send_due(self) -> int:
        """Send the notices that are due; return how many attempts were made."""
        await asyncio.to_thread(self._enqueue_due)
        await asyncio.to_thread(self._worker.recover_older_than, LOST_AFTER)
        return await self._worker.work_due()

    def _enqueue_due(self) -> None:
        now = self._clock.now()
        query = select(webhook_endpoints).where(webhook_endpoints.c.notice_due_at <= now)
        with reading(self._engine) as connection:
            endpoints = connection.execute(query).mappings().all()
        for endpoint in endpoints:
            row = {"id": _notice_id(endpoint), "endpoint_id": endpoint["id"], "status": "pending", "attempts": 0}
            row |= {"next_attempt_at": now, "last_error": None, "changed_at": now}
            with self._engine.begin() as connection:
                upsert(connection, endpoint_notices, [row], ["id"], update=())
                change(connection, endpoint["id"], now, notice_due_at=None)

    def _claim(self, connection: Connection, notice_id: str, now: datetime) -> ClaimedNotice | None:
        row = QUEUE.claim_one(connection, notice_id, now)
        if row is None:
            return None
        query = select(webhook_endpoints).where(webhook_endpoints.c.id == row["endpoint_id"])
        endpoint = connection.execute(query).mappings().first()
        applies = endpoint is not None and endpoint["state"] == "disabled" and _notice_id(endpoint) == notice_id
        message = self._message(endpoint) if endpoint is not None and applies else None
        return ClaimedNotice(Attempt(notice_id, row["attempts"]), message)

    async def _send(self, claimed: ClaimedNotice) -> Outcome:
        if claimed.message is None:
            return Outcome("rejected", "The endpoint was enabled or removed before the notice was sent.")
        outcome = await send_once(self._channel.name, self._channel, claimed.message)
        log.info(
            "A notice about a disabled webhook endpoint was attempted.",
            action="notice.attempted",
            notice_id=claimed.attempt.id,
            outcome=outcome.kind,
            detail=outcome.detail,
        )
        return replace(outcome, kind="rejected") if outcome.kind == "unknown" else outcome

    def _message(self, endpoint: RowMapping) -> Outgoing:
        address = redact_url(endpoint["url"])
        return Outgoing(
            delivery_id=_notice_id(endpoint),
            recipient=self._recipient,
            recipient_name="",
            sender_name="Firstword",
            sender_email=None,
            subject=f"Webhooks to {endpoint['description'] or address} are disabled",
            body=(
                f"Firstword no longer sends webhooks to {address}.\n\n{endpoint['disabled_because']}\n\n"
                "Messages that were waiting for it are kept. New ones are kept for 30 days.\n"
                "To fix it: repair the endpoint, then run\n"
                f"  firstword webhooks enable {endpoint['id']} --catch-up\n"
            ),
        )


def _finish(connection: Connection, claimed: ClaimedNotice, outcome: Outcome, now: datetime) -> None:
    QUEUE.finish(connection, [Finished(claimed.attempt, outcome)], now)


def _notice_id(endpoint: RowMapping) -> str:
    return content_id("ntc", endpoint["id"], endpoint["disabled_at"].isoformat())
