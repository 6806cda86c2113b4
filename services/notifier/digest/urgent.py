"""Writes down word of drafts that can't wait, to the account managers who wish to hear of them at once.

Every draft is told of once. Those of one manager that come together go into one message: what touches thirty clients is
one thing to hear of, not thirty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, func, select

from schemas.clients import ClientChanged, Manager
from services.common.db import exclusive, reading, upsert
from services.notifier.delivery.channels.base import Run
from services.notifier.delivery.html_letter import letter_html
from services.notifier.delivery.routes import ManagerWays
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue, message_id
from services.notifier.digest.model import manager_zone
from services.notifier.digest.preferences import wishes_of
from services.notifier.digest.tables import manager_messages, noticed
from services.notifier.tables import clients, drafts

__all__ = ["Urgent"]

#: Between two such messages to one manager; what comes meanwhile goes into the second.
APART = timedelta(minutes=2)
#: At most so many are named in a message; the inbox has them all.
NAMED = 10


class Urgent:
    """Makes such messages; ``base_url`` is the desk's address."""

    def __init__(self, ways: ManagerWays, base_url: str) -> None:
        self._ways = ways
        self._base_url = base_url

    def enqueue_due(self, engine: Engine, now: datetime) -> None:
        """Write down what is to be told, for each manager in a transaction of its own."""
        with reading(engine) as connection:
            of_managers = dict.fromkeys(row["manager_id"] for row in _untold(connection, now))
        for manager_id in of_managers:
            with engine.begin() as connection:
                exclusive(connection, f"urgent/{manager_id}")  # so that no two processes tell of one draft
                self._make(connection, _untold(connection, now, manager_id), now)

    def _make(self, connection: Connection, rows: Sequence[RowMapping], now: datetime) -> None:
        """One message on all of ``rows``. Who wishes none is noted to have been told, so that nobody asks again."""
        if not rows:
            return
        manager = ClientChanged.model_validate(rows[-1]["payload"]).manager
        by, about = wishes_of(connection, manager).urgent, rows[0]["id"]
        if by:
            if _lately(connection, manager.id, now):
                return
            words = _words(manager, rows, now, self._base_url)
            enqueue(connection, "urgent", manager, about, words, by=by, ways=self._ways, due_at=now, now=now)
        id = message_id("urgent", manager.id, about)
        told = [{"draft_id": row["id"], "message_id": id} for row in rows]
        upsert(connection, noticed, told, ["draft_id"], update=())


def _untold(connection: Connection, now: datetime, manager_id: str | None = None) -> Sequence[RowMapping]:
    """Urgent drafts that lie open, are worth telling still, and were not told of; the oldest first."""
    told = select(noticed.c.draft_id).where(noticed.c.draft_id == drafts.c.id).exists()
    columns = (drafts.c.id, drafts.c.subject, drafts.c.deadline_at)
    about = (clients.c.manager_id, clients.c.name, clients.c.organisation, clients.c.payload)
    query = (
        select(*columns, *about)
        .join(clients, clients.c.id == drafts.c.client_id)
        .where(drafts.c.state == "open", drafts.c.deadline_at > now, drafts.c.urgency == "urgent", ~told)
        .order_by(drafts.c.created_at, drafts.c.id)
    )
    if manager_id is not None:
        query = query.where(clients.c.manager_id == manager_id)
    return connection.execute(query).mappings().all()


def _lately(connection: Connection, manager_id: str, now: datetime) -> bool:
    query = select(func.max(manager_messages.c.made_at)).where(
        manager_messages.c.kind == "urgent", manager_messages.c.manager_id == manager_id
    )
    last: datetime | None = connection.execute(query).scalar()
    return last is not None and last > now - APART


def _words(manager: Manager, rows: Sequence[RowMapping], now: datetime, base_url: str) -> RenderedMessage:
    """Of each: what it says, to whom, until when that is worth something, and where it lies."""
    zone = manager_zone(manager)
    named, more = rows[:NAMED], len(rows) - NAMED
    lines = []
    for row in named:
        until = row["deadline_at"].astimezone(zone)
        day = "today" if until.date() == now.astimezone(zone).date() else f"{until:%A} {until.day} {until:%B}"
        whom = f"{row['name']} ({row['organisation']})" if row["organisation"] else row["name"]
        lines.append((row["subject"], f"For {whom}, by {day} {until:%H:%M}.", f"{base_url}/drafts/{row['id']}"))
    closing = f"… and {more} more in the inbox" if more > 0 else "The whole inbox"
    subject = f"Urgent: {rows[0]['subject']}" if len(rows) == 1 else f"{len(rows)} urgent messages to decide"
    opening = "This can't wait for the digest." if len(rows) == 1 else "These can't wait for the digest."
    text = "\n\n".join([opening, *(f"{title}\n{whom}\n{url}" for title, whom, url in lines), f"{closing}: {base_url}/"])
    chat = [
        (Run(opening),),
        *((Run(title, url, strong=True), Run(f"  {whom}")) for title, whom, url in lines),
        (Run(closing, f"{base_url}/"),),
    ]
    return RenderedMessage(subject, f"{text}\n", letter_html(subject, text, manager.language), tuple(chat))
