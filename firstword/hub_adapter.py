"""Connect the desk's public callback for hubs with ingest's subscriptions."""

from __future__ import annotations

import hmac

from sqlalchemy import Engine

from services.common.clock import Clock
from services.common.db import reading
from services.common.metrics import Metrics
from services.ingest.service import IngestService
from services.ingest.websub.subscriptions import Subscriptions

__all__ = ["HubAdapter"]


class HubAdapter:
    """Implements the desk's port ``hubs``."""

    def __init__(self, ingest: IngestService, engine: Engine, clock: Clock, metrics: Metrics) -> None:
        self._ingest = ingest
        self._engine = engine
        self._clock = clock
        self._subscriptions = Subscriptions()
        self._announced = metrics.counter(
            "websub_announcements", "Announcements of hubs, by what came of them", ["outcome"]
        )

    def known(self, token: str) -> bool:
        """Return whether a subscription has this token."""
        with reading(self._engine) as connection:
            return self._subscriptions.by_token(connection, token) is not None

    def verify(self, token: str, topic: str, lease_seconds: int) -> bool:
        """Confirm a subscription; False if it was not asked for."""
        with self._engine.begin() as connection:
            return self._subscriptions.verified(connection, token, topic, lease_seconds, self._clock.now())

    def refuse(self, token: str, topic: str, reason: str) -> bool:
        """Take note that the hub refuses; False if it isn't our subscription."""
        with self._engine.begin() as connection:
            said = reason or "The hub refuses, and gives no reason."
            return self._subscriptions.refused(connection, token, topic, said, self._clock.now())

    def signature(self, token: str, header: str) -> tuple[hmac.HMAC, str] | None:
        """Return what computes an announcement's signature, and the one that it must have; None if there is none."""
        with reading(self._engine) as connection:
            return self._subscriptions.signature(connection, token, header)

    def announced(self, token: str, *, signed: bool) -> None:
        """Poll the feed soon after a signed announcement; count every one."""
        if not signed:
            self._announced.labels("not_signed").inc()
            return
        with self._engine.begin() as connection:
            feed_id = self._subscriptions.notified(connection, token, self._clock.now())
        self._announced.labels("poll" if feed_id is not None else "not_due").inc()
        if feed_id is not None:
            self._ingest.look_for_due_feeds()
