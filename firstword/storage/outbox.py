"""The stack's transactional outbox: events for Kafka, written together with the change they report, sent by a relay.

A database and a broker can't share a transaction. So an event is first a row, committed together with the change that
it reports, and is sent afterwards. After a crash:

- before the commit: nothing happened, and nothing is sent;
- after the commit, before the broker has the event: the row is unsent, and the next relay sends it;
- after the broker has it, before the row is marked: it is sent again, and consumers recognize it by its id.

Rows with the same key are sent in the order in which they were written. Transactions that write the same key at the
same time wait for each other at the rows that both change, before they write here. If they change none in common, their
order doesn't matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, select, true, tuple_, update

from firstword.storage.tables import outbox
from schemas.topics import TOPICS, decode, encode, topic_of
from services.common.clock import Clock
from services.common.db import upsert
from services.common.processing import AnyEvent

__all__ = ["LATEST_MUST_BE_LAST", "PARTITION", "Outbox", "OutboxPublisher", "OutboxRow"]

#: Sent rows are kept this long, so that a repeated event is recognized and not published again.
KEEP_SENT = timedelta(days=14)
#: A header for the relay only: the partition for a row, regardless of its key.
PARTITION = "outbox-partition"
#: Topics where a key's latest event must also be its last record, because compaction keeps only that one. The matcher
#: publishes "outcomes" without the outbox, and its readers compare times.
LATEST_MUST_BE_LAST = tuple(topic.name for topic in TOPICS.values() if topic.compacted and topic.name != "outcomes")


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A record for Kafka. ``event_id`` is unique on its topic; ``id`` is the row's number, in order of writing."""

    topic: str
    key: bytes | None
    payload: bytes | None
    event_id: str
    headers: tuple[tuple[str, bytes], ...] = ()
    id: int = 0


class Outbox:
    """Writes, reads and marks rows. Holds no connection: every call runs in the caller's transaction."""

    def add(self, connection: Connection, rows: Sequence[OutboxRow], now: datetime) -> int:
        """Write ``rows`` unless their topic already has their event id; return the number of new ones."""
        values = [
            {
                "topic": row.topic,
                "key": row.key,
                "event_id": row.event_id,
                "payload": row.payload,
                "headers": [[name, value.decode("latin-1")] for name, value in row.headers],
                "written_at": now,
            }
            for row in rows
        ]
        return upsert(connection, outbox, values, ("topic", "event_id"), update=())

    def unsent(
        self, connection: Connection, limit: int | None = None, topics: Sequence[str] | None = None
    ) -> list[OutboxRow]:
        """Return the first ``limit`` unsent rows in order of writing, on ``topics`` if given."""
        query = select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id).limit(limit)
        if topics is not None:
            query = query.where(outbox.c.topic.in_(topics))
        return [
            OutboxRow(
                topic=row["topic"],
                key=row["key"],
                payload=row["payload"],
                event_id=row["event_id"],
                headers=tuple((name, value.encode("latin-1")) for name, value in row["headers"]),
                id=row["id"],
            )
            for row in connection.execute(query).mappings()
        ]

    def count_unsent(self, connection: Connection) -> int:
        """Return the number of unsent rows."""
        query = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
        return int(connection.scalar(query) or 0)

    def mark_sent(self, connection: Connection, ids: Sequence[int], now: datetime) -> None:
        """Mark rows as sent."""
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at=now))

    def mark_refused(self, connection: Connection, id: int, reason: str, now: datetime) -> None:
        """Mark a row as refused by the broker, with the reason. It is never sent and never deleted."""
        connection.execute(update(outbox).where(outbox.c.id == id).values(sent_at=now, refused=reason))

    def resend_latest(
        self,
        connection: Connection,
        *,
        keys: Collection[tuple[str, bytes]] | None = None,
        since: datetime | None = None,
    ) -> int:
        """Mark the latest row of each key as unsent, on topics where it must be the last record; return the number.

        Only for ``keys`` (pairs of topic and key; None: all) and only if it was sent after ``since``. A relay that lost
        its lock may have sent an older row after a newer one; sending the latest again restores the order.
        """
        if keys is not None and not keys:
            return 0
        selected: ColumnElement[bool] = (
            true() if keys is None else tuple_(outbox.c.topic, outbox.c.key).in_(sorted(keys))
        )
        latest = (
            select(func.max(outbox.c.id))
            .where(outbox.c.topic.in_(LATEST_MUST_BE_LAST), selected)
            .group_by(outbox.c.topic, outbox.c.key)
        )
        sent = outbox.c.sent_at.is_not(None) if since is None else outbox.c.sent_at > since
        return connection.execute(
            update(outbox).where(outbox.c.id.in_(latest), sent, outbox.c.refused.is_(None)).values(sent_at=None)
        ).rowcount

    def prune(self, connection: Connection, now: datetime) -> int:
        """Delete rows sent long ago, except the latest of each key on compacted topics; return the number deleted."""
        compacted = [topic.name for topic in TOPICS.values() if topic.compacted]
        latest = (
            select(func.max(outbox.c.id)).where(outbox.c.topic.in_(compacted)).group_by(outbox.c.topic, outbox.c.key)
        )
        old = outbox.c.sent_at < now - KEEP_SENT
        return connection.execute(
            delete(outbox).where(old, outbox.c.refused.is_(None), outbox.c.id.not_in(latest))
        ).rowcount


class OutboxPublisher:
    """Publishes events through the outbox and reads them back from it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._outbox = Outbox()

    def publish(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Append ``events`` in the open transaction, except those published before; return the number of new ones.

        Raises:
            UnreadableEvent: no topic is registered for an event's type.
        """
        rows = [OutboxRow(topic_of(event).name, event.subject.encode(), encode(event), event.id) for event in events]
        return self._outbox.add(connection, rows, self._clock.now())

    def publish_in_order(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Publish events that consumers must receive in this order, whatever their keys: all go to one partition.

        Only for consumers that keep no state by key.
        """
        same_partition = ((PARTITION, b"0"),)
        rows = [
            OutboxRow(topic_of(event).name, event.subject.encode(), encode(event), event.id, same_partition)
            for event in events
        ]
        return self._outbox.add(connection, rows, self._clock.now())

    def latest_by_key(self, connection: Connection, topic: str) -> dict[str, AnyEvent]:
        """Return the latest event of each key on the compacted ``topic``, in the order in which they were written.

        It includes unsent events, so a transaction sees its own writes.
        """
        last = select(func.max(outbox.c.id)).where(outbox.c.topic == topic).group_by(outbox.c.key)
        query = select(outbox.c.payload).where(outbox.c.id.in_(last)).order_by(outbox.c.id)
        events = [decode(topic, payload) for (payload,) in connection.execute(query)]
        return {event.subject: event for event in events}

    def for_keys(self, connection: Connection, topic: str, keys: Sequence[str]) -> list[AnyEvent]:
        """Return all stored events with these keys, in order."""
        raw = [key.encode() for key in keys]
        query = select(outbox.c.payload).where(outbox.c.topic == topic, outbox.c.key.in_(raw)).order_by(outbox.c.id)
        return [decode(topic, payload) for (payload,) in connection.execute(query)]

    def scan(self, connection: Connection, topic: str) -> Iterator[AnyEvent]:
        """Yield all stored events on ``topic``, in order."""
        query = select(outbox.c.payload).where(outbox.c.topic == topic).order_by(outbox.c.id)
        for (payload,) in connection.execute(query, execution_options={"yield_per": 500}):
            yield decode(topic, payload)

    def newest(self, connection: Connection, topic: str, limit: int) -> list[AnyEvent]:
        """Return at most ``limit`` stored events on ``topic``, the latest first."""
        query = select(outbox.c.payload).where(outbox.c.topic == topic).order_by(outbox.c.id.desc()).limit(limit)
        return [decode(topic, payload) for (payload,) in connection.execute(query) if payload is not None]

    def has_any(self, connection: Connection, topic: str) -> bool:
        """Return true if any event on ``topic`` is stored."""
        return connection.scalar(select(outbox.c.id).where(outbox.c.topic == topic).limit(1)) is not None
