"""Queues messages about urgent drafts to the account managers who want to know at once.

Each draft is reported once. A manager's drafts that arrive together share one message: news that affects thirty clients
is one message, not thirty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, func, select

from schemas.clients import ClientChanged, Manager
from services.common.db import exclusive, reading, upsert
from services.notifier.delivery.channels.base import Run
from services.notifier.delivery.html_letter import letter_html
from services.notifier.delivery.routes import ManagerRoutes
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue, message_id
from services.notifier.digest.model import manager_zone
from services.notifier.digest.preferences import preferences_of
from services.notifier.digest.tables import manager_messages, noticed
from services.notifier.tables import clients, drafts

__all__ = ["UrgentSource"]

#: The shortest time between two such messages to one manager; later drafts wait for the second.
APART = timedelta(minutes=2)
#: The most drafts that a message lists; the inbox has them all.
LISTED = 10


class UrgentSource:
    """Queues messages about urgent drafts; ``base_url`` is the desk's address."""

    def __init__(self, routes: ManagerRoutes, base_url: str) -> None:
        self._routes = routes
        self._base_url = base_url

    def enqueue_due(self, engine: Engine, now: datetime) -> None:
        """Queue a message about each manager's unreported drafts, each in its own transaction."""
        with reading(engine) as connection:
            manager_ids = dict.fromkeys(row["manager_id"] for row in _unreported(connection, now))
        for manager_id in manager_ids:
            with engine.begin() as connection:
                exclusive(connection, f"urgent/{manager_id}")  # so that no two notifiers report the same draft
                self._enqueue(connection, _unreported(connection, now, manager_id), now)

    def _enqueue(self, connection: Connection, rows: Sequence[RowMapping], now: datetime) -> None:
        """Queue one message about all of ``rows``. Without a message, they are marked as reported anyway."""
        if not rows:
            return
        manager = ClientChanged.model_validate(rows[-1]["payload"]).manager
        by, about = preferences_of(connection, manager).urgent, rows[0]["id"]
        if by:
            if _was_told_lately(connection, manager.id, now):
                return
            message = _render(manager, rows, now, self._base_url)
            enqueue(connection, "urgent", manager, about, message, by=by, routes=self._routes, due_at=now, now=now)
        id = message_id("urgent", manager.id, about)
        reported = [{"draft_id": row["id"], "message_id": id} for row in rows]
        upsert(connection, noticed, reported, ["draft_id"], update=())


def _unreported(connection: Connection, now: datetime, manager_id: str | None = None) -> Sequence[RowMapping]:
    """Return urgent drafts that await a decision and were not reported yet, the oldest first."""
    reported = select(noticed.c.draft_id).where(noticed.c.draft_id == drafts.c.id).exists()
    columns = (drafts.c.id, drafts.c.subject, drafts.c.deadline_at)
    client_columns = (clients.c.manager_id, clients.c.name, clients.c.organisation, clients.c.payload)
    query = (
        select(*columns, *client_columns)
        .join(clients, clients.c.id == drafts.c.client_id)
        .where(drafts.c.state == "open", drafts.c.deadline_at > now, drafts.c.urgency == "urgent", ~reported)
        .order_by(drafts.c.created_at, drafts.c.id)
    )
    if manager_id is not None:
        query = query.where(clients.c.manager_id == manager_id)
    return connection.execute(query).mappings().all()


def _was_told_lately(connection: Connection, manager_id: str, now: datetime) -> bool:
    query = select(func.max(manager_messages.c.made_at)).where(
        manager_messages.c.kind == "urgent", manager_messages.c.manager_id == manager_id
    )
    last: datetime | None = connection.execute(query).scalar()
    return last is not None and last > now - APART


def _render(manager: Manager, rows: Sequence[RowMapping], now: datetime, base_url: str) -> RenderedMessage:
    """Say of each draft what it is about, for whom, until when it can be sent, and where to decide."""
    zone = manager_zone(manager)
    listed, more = rows[:LISTED], len(rows) - LISTED
    lines = []
    for row in listed:
        until = row["deadline_at"].astimezone(zone)
        day = "today" if until.date() == now.astimezone(zone).date() else f"on {until:%A} {until.day} {until:%B}"
        client = f"{row['name']} ({row['organisation']})" if row["organisation"] else row["name"]
        lines.append((row["subject"], f"For {client}, by {until:%H:%M} {day}.", f"{base_url}/drafts/{row['id']}"))
    closing = f"… and {more} more in the inbox" if more > 0 else "Open the inbox"
    subject = f"Urgent: {rows[0]['subject']}" if len(rows) == 1 else f"{len(rows)} urgent messages to decide on"
    opening = "This can't wait for the digest." if len(rows) == 1 else "These can't wait for the digest."
    paragraphs = [f"{title}\n{client}\n{url}" for title, client, url in lines]
    text = "\n\n".join([opening, *paragraphs, f"{closing}: {base_url}/"])
    chat = [
        (Run(opening),),
        *((Run(title, url, strong=True), Run(f"  {client}")) for title, client, url in lines),
        (Run(closing, f"{base_url}/"),),
    ]
    return RenderedMessage(subject, f"{text}\n", letter_html(subject, text, manager.language), tuple(chat))
