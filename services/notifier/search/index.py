"""Write the search index. The sinks call it with what they write; recording the same again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from schemas.alerts import Alert
from schemas.clients import Client, ClientChanged
from services.notifier.folding import fold_text, fold_words
from services.notifier.search.tables import search_bodies, search_entries, search_words
from services.notifier.tables import alerts, clients, drafts

__all__ = ["index_alert", "index_client", "index_draft", "is_empty", "rebuild", "remove_client"]


class _Entry(NamedTuple):
    kind: str
    client_id: str
    ref: str
    title: str
    link: str
    at: datetime
    words: frozenset[str]

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.client_id}:{self.ref}"[:400]


def index_client(connection: Connection, client: Client, at: datetime) -> None:
    """Write the entries of a client and of everything they own or follow; they replace the former ones."""
    remove_client(connection, client.id)
    names = fold_words(client.name, client.organisation or "")
    entries = {"": _Entry("client", client.id, client.id, client.name, client.id, at, names)}
    for watch in client.watches:
        words = fold_words(watch.name, *watch.aliases, *watch.tickers, watch.isin or "", watch.cik or "")
        ref = watch.entity_id[:255]
        entries.setdefault(ref, _Entry("holding", client.id, ref, watch.name, client.id, at, words))
    _add(connection, list(entries.values()))


def remove_client(connection: Connection, client_id: str) -> None:
    """Delete the entries of a client and of what they own; those of their drafts and stories remain."""
    of_client = search_entries.c.client_id == client_id
    _remove(connection, of_client & search_entries.c.kind.in_(("client", "holding")))


def index_alert(connection: Connection, alert: Alert) -> None:
    """Write the entry of a story for a client; ignored ones have none."""
    if alert.verdict == "ignore":
        return
    words = fold_words(alert.headline, alert.entity_name)
    entry = _Entry("story", alert.client_id, alert.story_id, alert.headline, alert.id, alert.raised_at, words)
    _replace(connection, entry)


def index_draft(connection: Connection, draft_id: str) -> None:
    """Write the entry of a draft as it is stored."""
    query = (
        select(drafts.c.client_id, drafts.c.subject, drafts.c.body, drafts.c.created_at, alerts.c.entity_name)
        .select_from(drafts.outerjoin(alerts, alerts.c.id == drafts.c.alert_id))
        .where(drafts.c.id == draft_id)
    )
    row = connection.execute(query).one()
    words = fold_words(row.subject, row.entity_name or "")
    entry = _Entry("draft", row.client_id, draft_id, row.subject, draft_id, row.created_at, words)
    _replace(connection, entry)
    body = " ".join(dict.fromkeys(fold_text(row.body).split()))
    connection.execute(insert(search_bodies).values(entry_id=entry.id, words=f" {body}"))


def is_empty(connection: Connection) -> bool:
    """Return whether nothing is in the index yet."""
    return connection.execute(select(search_entries.c.id).limit(1)).first() is None


def rebuild(connection: Connection) -> None:
    """Index everything, for databases that were filled without the index, or with an older one."""
    _fold_names(connection)
    query = select(clients.c.payload, clients.c.changed_at).where(clients.c.removed.is_(False))
    for row in connection.execute(query).all():
        index_client(connection, ClientChanged.model_validate(row.payload).client, row.changed_at)
    for story in connection.execute(select(alerts).where(alerts.c.is_current, alerts.c.verdict != "ignore")).all():
        words = fold_words(story.headline, story.entity_name)
        values = (story.client_id, story.story_id, story.headline, story.id, story.raised_at, words)
        _replace(connection, _Entry("story", *values))
    for draft_id in connection.execute(select(drafts.c.id)).scalars().all():
        index_draft(connection, draft_id)


def _fold_names(connection: Connection) -> None:
    """Write the names of all clients as filters look for them."""
    named = connection.execute(select(clients.c.id, clients.c.name, clients.c.organisation)).all()
    rows = [{"of": row.id, "folded": fold_text(f"{row.name} {row.organisation or ''}")} for row in named]
    if rows:
        folded = update(clients).where(clients.c.id == bindparam("of")).values(search=bindparam("folded"))
        connection.execute(folded, rows)


def _replace(connection: Connection, entry: _Entry) -> None:
    _remove(connection, search_entries.c.id == entry.id)
    _add(connection, [entry])


def _remove(connection: Connection, which: ColumnElement[bool]) -> None:
    gone = select(search_entries.c.id).where(which)
    connection.execute(delete(search_words).where(search_words.c.entry_id.in_(gone)))
    connection.execute(delete(search_bodies).where(search_bodies.c.entry_id.in_(gone)))
    connection.execute(delete(search_entries).where(which))


def _add(connection: Connection, entries: Sequence[_Entry]) -> None:
    rows = [{"id": entry.id, **{name: getattr(entry, name) for name in _Entry._fields[:-1]}} for entry in entries]
    connection.execute(insert(search_entries), rows)
    words = [{"word": word, "entry_id": entry.id} for entry in entries for word in sorted(entry.words)]
    if words:
        connection.execute(insert(search_words), words)
