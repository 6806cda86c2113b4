"""Writes down account managers' digests, one a day at their hour; after downtime late, and saying so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from schemas.clients import DigestPreferences, Manager
from services.common.db import reading
from services.notifier.delivery.routes import ManagerWays
from services.notifier.digest.chat import digest_chat
from services.notifier.digest.gather import all_managers, manager_digest
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue, message_id
from services.notifier.digest.model import digest_due, manager_zone
from services.notifier.digest.preferences import wishes_of
from services.notifier.digest.render import render
from services.notifier.digest.tables import manager_messages

__all__ = ["Digests"]


class Digests:
    """Makes the digests that are due; ``base_url`` is the desk's address."""

    def __init__(self, ways: ManagerWays, base_url: str) -> None:
        self._ways = ways
        self._base_url = base_url

    def enqueue_due(self, engine: Engine, now: datetime) -> None:
        """Write down each digest whose hour has come, unless that day's is there; each in a transaction of its own."""
        for manager, wish, day, wanted in self._due(engine, now):
            with engine.begin() as connection:
                digest = manager_digest(connection, manager, now, wanted_at=wanted)
                mail = render(digest, self._base_url)
                words = RenderedMessage(mail.subject, mail.text, mail.html, digest_chat(digest, self._base_url))
                unwanted = digest.empty and wish.empty == "nothing"
                enqueue(
                    connection, "digest", manager, day, words,
                    by=wish.by, ways=self._ways, due_at=wanted, now=now, unwanted=unwanted,
                )  # fmt: skip

    def _due(self, engine: Engine, now: datetime) -> list[tuple[Manager, DigestPreferences, str, datetime]]:
        found = []
        with reading(engine) as connection:
            for manager in all_managers(connection):
                wishes = wishes_of(connection, manager)
                wish = wishes.digest
                due = None if wish is None else digest_due(wish, manager_zone(manager), now)
                if wish is None or due is None or (wishes.since is not None and due[1] < wishes.since):
                    continue
                known = select(manager_messages.c.id).where(
                    manager_messages.c.id == message_id("digest", manager.id, due[0])
                )
                if connection.execute(known).first() is None:
                    found.append((manager, wish, *due))
        return found
