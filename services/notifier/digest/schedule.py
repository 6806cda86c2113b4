"""Queues account managers' digests: one a day at their hour, or late after downtime, and the digest says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from schemas.clients import DigestPreferences, Manager
from services.common.db import reading
from services.notifier.delivery.routes import ManagerRoutes
from services.notifier.digest.chat import digest_chat
from services.notifier.digest.gather import all_managers, manager_digest
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue, message_id
from services.notifier.digest.model import digest_due, manager_zone
from services.notifier.digest.preferences import preferences_of
from services.notifier.digest.render import render
from services.notifier.digest.tables import manager_messages

__all__ = ["DigestSource"]


class DigestSource:
    """Queues the digests that are due; ``base_url`` is the desk's address."""

    def __init__(self, routes: ManagerRoutes, base_url: str) -> None:
        self._routes = routes
        self._base_url = base_url

    def enqueue_due(self, engine: Engine, now: datetime) -> None:
        """Queue each digest whose hour has come and that isn't queued yet, each in its own transaction."""
        for manager, preferences, day, wanted_at in self._due(engine, now):
            with engine.begin() as connection:
                digest = manager_digest(connection, manager, now, wanted_at=wanted_at)
                mail = render(digest, self._base_url)
                message = RenderedMessage(mail.subject, mail.text, mail.html, digest_chat(digest, self._base_url))
                unwanted = digest.empty and preferences.empty == "nothing"
                enqueue(
                    connection, "digest", manager, day, message,
                    by=preferences.by, routes=self._routes, due_at=wanted_at, now=now, unwanted=unwanted,
                )  # fmt: skip

    def _due(self, engine: Engine, now: datetime) -> list[tuple[Manager, DigestPreferences, str, datetime]]:
        """Return the managers whose digest is due, with its day and hour."""
        result = []
        with reading(engine) as connection:
            for manager in all_managers(connection):
                preferences = preferences_of(connection, manager)
                digest, since = preferences.digest, preferences.since
                due = None if digest is None else digest_due(digest, manager_zone(manager), now)
                if digest is None or due is None or (since is not None and due[1] < since):
                    continue
                queued = select(manager_messages.c.id).where(
                    manager_messages.c.id == message_id("digest", manager.id, due[0])
                )
                if connection.execute(queued).first() is None:
                    result.append((manager, digest, *due))
        return result
