"""Looks for the hubs of feeds, and asks them to notify us. Without a hub or its answer, feeds are polled as always."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from sqlalchemy import Engine

from services.common.addresses import redact_url
from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.http import GuardedClient
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.queue.loop import poll
from services.ingest.fetch.fetchers import ACCEPT
from services.ingest.readers import Readers
from services.ingest.websub.discovery import find_hub
from services.ingest.websub.subscriptions import LEASE, Subscription, Subscriptions

__all__ = ["HubSubscriber"]

POLL_SECONDS = 30.0
#: Feeds and hubs that are asked in one round, a few at a time.
BATCH = 20
ABREAST = 4

log = get_logger(__name__)


class HubSubscriber:
    """Subscribes at hubs; ``callbacks`` is the public address below which the desk hears from them."""

    def __init__(
        self,
        engine: Engine,
        client: GuardedClient,
        readers: Readers,
        clock: Clock,
        callbacks: str,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._client = client
        self._readers = readers
        self._clock = clock
        self._callbacks = callbacks.rstrip("/")
        self._subscriptions = Subscriptions()
        self._requests = (metrics or Metrics()).counter(
            "websub_requests", "Requests to hubs for notifications, by outcome", ["outcome"]
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Look for hubs and ask them until ``stop`` is set."""
        try:
            await poll(self.work, stop, name="websub", every_seconds=POLL_SECONDS, abandon=True)
        finally:
            await self._client.aclose()

    async def work(self) -> None:
        """Look once for new hubs, then ask those that are due."""
        with self._engine.begin() as connection:
            feeds = self._subscriptions.take_feeds(connection, self._clock.now(), BATCH)
        for start in range(0, len(feeds), ABREAST):
            await asyncio.gather(*(self._look(*feed) for feed in feeds[start : start + ABREAST]))
        with self._engine.begin() as connection:
            due = self._subscriptions.take_due(connection, self._clock.now(), BATCH)
        for start in range(0, len(due), ABREAST):
            await asyncio.gather(*(self._ask(subscription) for subscription in due[start : start + ABREAST]))

    async def _look(self, feed_id: str, url: str) -> None:
        try:
            response = await self._client.get(url, {"accept": ACCEPT})
            if response.status != 200:
                return  # it is looked at again in a week
            hub = await self._readers.run(find_hub, response.body, response.url, response.headers.get("link"))
        except FirstwordError:
            return
        with self._engine.begin() as connection:
            self._subscriptions.found(connection, feed_id, hub, self._clock.now())
        if hub is not None:
            log.info("A feed has a hub.", action="websub.found", feed_id=feed_id, hub=redact_url(hub.url))

    async def _ask(self, subscription: Subscription) -> None:
        with self._engine.begin() as connection:
            secret = self._subscriptions.new_secret(connection, subscription.feed_id)
        wanted = {
            "hub.mode": "subscribe",
            "hub.topic": subscription.topic or "",
            "hub.callback": f"{self._callbacks}/websub/{subscription.token}",
            "hub.secret": secret,
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
        }
        try:
            response = await self._client.request(
                "POST",
                subscription.hub or "",
                headers={"content-type": "application/x-www-form-urlencoded"},
                content=urlencode(wanted).encode(),
            )
            accepted = 200 <= response.status <= 299
            reason = f"The hub answers with HTTP status {response.status}."
        except FirstwordError as error:
            accepted, reason = False, error.message
        self._requests.labels("accepted" if accepted else "failed").inc()
        now = self._clock.now()
        with self._engine.begin() as connection:
            if accepted:
                self._subscriptions.asked(connection, subscription, now)
            else:
                self._subscriptions.failed(connection, subscription, reason, now)
        if not accepted:
            log.info("A hub could not be asked.", action="websub.failed", feed_id=subscription.feed_id, reason=reason)
