"""The record of each client: what they were told, and until when all alerts were answered.

The matcher's states are not exported, because in the stack they are in Kafka. After an import, the matcher reads a week
of items again and arrives at the same stories. Alerts that it raises again are recognized by ``answered_until``, and
nobody is told twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from firstword.storage.states import StateRow, StateStore
from firstword.storage.tables import states
from firstword.store import EventStore
from firstword.transfer.archive import Row
from firstword.transfer.rows import CHUNK
from schemas.clients import ClientChanged
from services.notifier import tables as notifier
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import ClientRecord, DraftWriter

__all__ = ["ClientRecords"]


class ClientRecords:
    """The section of client records. On import, all alerts up to ``answered_until`` count as answered."""

    name = "told"

    def __init__(self, answered_until: datetime | None = None) -> None:
        self._answered_until = answered_until
        self._processor = DraftWriter(Playbooks.shipped())
        self._states = StateStore()

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Yield one row for each client whose record is not empty."""
        query = select(states.c.key, states.c.state).where(states.c.processor == self._processor.name)
        for key, raw in sorted(connection.execute(query), key=lambda row: row[0]):
            record = _without_mark(self._processor.load(bytes(raw)))
            if record != self._processor.initial(key):
                yield {"key": key, "record": json.loads(self._processor.dump(record))}

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the records of new clients, and add to known clients' records what they were told elsewhere."""
        given = {row["key"]: self._processor.load(json.dumps(row["record"]).encode()) for row in rows}
        known = {key: self._processor.load(raw) for key, raw in self._stored(connection, list(given)).items()}
        self._put(connection, {key: _merge(known.get(key), record) for key, record in given.items()})
        empty = [key for key, record in known.items() if _without_mark(record) == self._processor.initial(key)]
        return len(given) - len(known) + len(empty)

    def rewrite(self, row: Row) -> Row:
        """Return a row as this version writes it: with the fields that were added since the file was made."""
        record = self._processor.load(json.dumps(row["record"]).encode())
        return {**row, "record": json.loads(self._processor.dump(record))}

    def is_empty(self, connection: Connection) -> bool:
        """Return whether no client has a record."""
        return next(self.rows(connection), None) is None

    def mark_answered(self, connection: Connection, events: EventStore) -> None:
        """Mark all alerts up to ``answered_until`` as answered, for every client, including those without a record.

        The matcher raises some of them again. That leads to no drafts, and only those that were imported are listed.
        """
        if self._answered_until is None:
            return
        latest = events.latest_by_key(connection, "clients")
        clients = [key for key, event in latest.items() if isinstance(event.data, ClientChanged)]
        table, until = notifier.clients, self._answered_until
        connection.execute(
            update(table)
            .where(or_(table.c.heard_until.is_(None), table.c.heard_until < until))
            .values(heard_until=until)
        )
        stored = self._stored(connection, clients)
        self._put(connection, {key: self._processor.initial(key) for key in clients if key not in stored})

    def _stored(self, connection: Connection, keys: Sequence[str]) -> dict[str, bytes]:
        stored: dict[str, bytes] = {}
        for start in range(0, len(keys), CHUNK):
            stored |= self._states.get_all(connection, self._processor.name, keys[start : start + CHUNK])
        return stored

    def _put(self, connection: Connection, records: dict[str, ClientRecord]) -> None:
        rows = []
        for key, record in records.items():
            until = max((at for at in (record.answered_until, self._answered_until) if at is not None), default=None)
            marked = record.model_copy(update={"answered_until": until})
            rows.append(StateRow(key, self._processor.dump(marked), self._processor.next_tick(marked)))
        self._states.put(connection, self._processor.name, rows)


def _without_mark(record: ClientRecord) -> ClientRecord:
    return record.model_copy(update={"answered_until": None})


def _merge(known: ClientRecord | None, given: ClientRecord) -> ClientRecord:
    """Return ``known`` with the stories and messages that only ``given`` has; ``given`` if ``known`` is empty."""
    if known is None or _without_mark(known) == ClientRecord(client_id=known.client_id):
        return given if known is None else given.model_copy(update={"answered_until": known.answered_until})
    drafts = {story.draft_id for story in known.stories}
    stories = (*known.stories, *(story for story in given.stories if story.draft_id not in drafts))
    by_time = tuple(sorted(stories, key=lambda story: story.drafted_at))
    return known.model_copy(update={"stories": by_time, "sent": tuple(sorted({*known.sent, *given.sent}))})
