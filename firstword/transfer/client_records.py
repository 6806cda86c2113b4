"""What each client was told: the states of the processor that drafts, and until when they have heard everything.

The matcher's own states are not carried, for in the stack they lie in Kafka. Where a house arrives, the matcher hears
a week's items again and comes to the same stories; what it then raises anew is known by ``heard_until``, and nobody is
told twice.
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

__all__ = ["Told"]


class Told:
    """The record of each client. ``heard_until``, when writing: alerts raised up to then were answered before."""

    name = "told"

    def __init__(self, heard_until: datetime | None = None) -> None:
        self._heard_until = heard_until
        self._processor = DraftWriter(Playbooks.shipped())
        self._states = StateStore()

    def rows(self, connection: Connection) -> Iterator[Row]:
        """One row a client of whom anything is remembered."""
        query = select(states.c.key, states.c.state).where(states.c.processor == self._processor.name)
        for key, raw in sorted(connection.execute(query), key=lambda one: one[0]):
            record = self._processor.load(bytes(raw)).model_copy(update={"answered_until": None})
            if record != self._processor.initial(key):
                yield {"key": key, "record": json.loads(self._processor.dump(record))}

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the records of clients who have none; to one who has, add what they were told elsewhere."""
        given = {row["key"]: self._processor.load(json.dumps(row["record"]).encode()) for row in rows}
        known = {key: self._processor.load(raw) for key, raw in self._known(connection, list(given)).items()}
        self._put(connection, {key: _joined(known.get(key), record) for key, record in given.items()})
        empty = [key for key, record in known.items() if _bare(record) == self._processor.initial(key)]
        return len(given) - len(known) + len(empty)

    def is_empty(self, connection: Connection) -> bool:
        """Whether nothing is remembered of any client."""
        return next(self.rows(connection), None) is None

    def hush(self, connection: Connection, log: EventStore) -> None:
        """Note of every client of the book, also of those who were never told anything, until when all is heard.

        What the matcher raises again of that time is answered by nobody, and listed only if it came along.
        """
        if self._heard_until is None:
            return
        clients = [
            key
            for key, last in log.latest_by_key(connection, "clients").items()
            if isinstance(last.data, ClientChanged)
        ]
        shown = notifier.clients
        until = self._heard_until
        connection.execute(
            update(shown)
            .where(or_(shown.c.heard_until.is_(None), shown.c.heard_until < until))
            .values(heard_until=until)
        )
        known = self._known(connection, clients)
        self._put(connection, {key: self._processor.initial(key) for key in clients if key not in known})

    def _known(self, connection: Connection, keys: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), CHUNK):
            found |= self._states.get_all(connection, self._processor.name, keys[start : start + CHUNK])
        return found

    def _put(self, connection: Connection, records: dict[str, ClientRecord]) -> None:
        rows = []
        for key, record in records.items():
            until = max((at for at in (record.answered_until, self._heard_until) if at is not None), default=None)
            heard = record.model_copy(update={"answered_until": until})
            rows.append(StateRow(key, self._processor.dump(heard), self._processor.next_tick(heard)))
        self._states.put(connection, self._processor.name, rows)


def _bare(record: ClientRecord) -> ClientRecord:
    return record.model_copy(update={"answered_until": None})


def _joined(known: ClientRecord | None, given: ClientRecord) -> ClientRecord:
    """``known``, with the stories and messages that only ``given`` has; ``given`` where nothing is known."""
    if known is None or _bare(known) == ClientRecord(client_id=known.client_id):
        return given if known is None else given.model_copy(update={"answered_until": known.answered_until})
    drafts = {story.draft_id for story in known.stories}
    stories = (*known.stories, *(story for story in given.stories if story.draft_id not in drafts))
    sent = tuple(sorted({*known.sent, *given.sent}))
    return known.model_copy(
        update={"stories": tuple(sorted(stories, key=lambda story: story.drafted_at)), "sent": sent}
    )
