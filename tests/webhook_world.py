"""Webhooks with a real database, real sockets and a clock set by hand, for tests of the whole room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, select

from schemas.base import content_id, event
from schemas.drafts import DraftDismissed
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.processing import AnyEvent
from services.notifier.webhooks import endpoints
from services.notifier.webhooks.endpoints import Endpoint
from services.notifier.webhooks.sink import WebhookSink
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries
from services.notifier.webhooks.worker import WebhookWorker
from tests.desk_data import NOW
from tests.fakes import CollectingPublisher, FakeClock

__all__ = ["WebhookWorld", "dismissed"]


def dismissed(number: int, at: datetime = NOW, client_id: str = "claire-arnaud") -> AnyEvent:
    """Return one of many events that webhooks report."""
    data = DraftDismissed(draft_id=f"drf_{number}", alert_id="alr_1", client_id=client_id, reason="too_late", by="mara")
    return event(data, key=client_id, id=content_id("evt", "dismissed", number), source="test", time=at)


@dataclass
class WebhookWorld:
    """A database, a clock, a publisher, and webhooks on them."""

    engine: Engine
    clock: FakeClock
    publisher: CollectingPublisher
    timeout_seconds: float = 30.0
    allow_private: tuple[str, ...] = ("127.0.0.1",)

    @classmethod
    def on(cls, engine: Engine) -> WebhookWorld:
        return cls(engine, FakeClock(NOW), CollectingPublisher())

    def add(self, url: str, **how: Any) -> Endpoint:
        with self.engine.begin() as connection:
            return endpoints.add(connection, url, self.clock.now(), **how)

    def endpoint(self, endpoint_id: str) -> Endpoint:
        with reading(self.engine) as connection:
            return endpoints.find(connection, endpoint_id)

    def tell(self, *events: AnyEvent) -> None:
        """Pass events to the sink, as the runtime does."""
        with self.engine.begin() as connection:
            for happened in events:
                WebhookSink().apply(connection, happened)

    @asynccontextmanager
    async def worker(self, *, sole: bool = True) -> AsyncIterator[WebhookWorker]:
        http = HttpSettings(
            total_seconds=self.timeout_seconds, allow_private=self.allow_private, host_concurrency=1_000,
            host_interval_seconds=0.0, max_connections=16, pool_per_host=True, cut_bodies=True, max_body_bytes=4_000,
        )  # fmt: skip
        async with GuardedClient(http) as client:
            yield WebhookWorker(self.engine, self.publisher, self.clock, client, sole=sole)

    async def deliver(self) -> int:
        async with self.worker() as worker:
            return await worker.deliver_due()

    def deliveries(self) -> Sequence[RowMapping]:
        return self._all(select(webhook_deliveries).order_by(webhook_deliveries.c.seq))

    def attempts(self) -> Sequence[RowMapping]:
        return self._all(select(webhook_attempts).order_by(webhook_attempts.c.began_at, webhook_attempts.c.number))

    def _all(self, query: Any) -> Sequence[RowMapping]:
        with reading(self.engine) as connection:
            return connection.execute(query).mappings().all()
