"""The embedded event log: all topics in one table, in one order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, literal_column, or_, select

from firstword.storage.tables import events, offsets
from schemas.topics import TOPICS, decode, encode, topic_of
from services.common.db import upsert
from services.common.processing import AnyEvent

__all__ = ["EventLog", "StoredEvent"]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event in the log, not decoded yet."""

    seq: int
    topic: str
    key: str
    payload: bytes


class EventLog:
    """Appends and reads events. Holds no connection: every call runs in the caller's transaction."""

    def publish(self, connection: Connection, new: Sequence[AnyEvent]) -> int:
        """Append events, except those whose id their topic already has; return the number of new ones.

        Raises:
            UnreadableEvent: no topic is registered for an event's type.
        """
        if not new:
            return 0
        rows = [
            {
                "topic": topic_of(event).name,
                "key": event.subject,
                "event_id": event.id,
                "time": event.time,
                "payload": encode(event),
            }
            for event in new
        ]
        before = self.end(connection)
        upsert(connection, events, rows, ("topic", "event_id"), update=())
        return int(connection.scalar(select(func.count()).where(events.c.seq > before)) or 0)

    def publish_in_order(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Publish events in this order; the log has only one order anyway."""
        return self.publish(connection, events)

    def end(self, connection: Connection) -> int:
        """Return the highest ``seq`` in the log, or 0 if it is empty."""
        return int(connection.scalar(select(func.coalesce(func.max(events.c.seq), 0))) or 0)

    def read(self, connection: Connection, topics: Sequence[str], *, after: int, limit: int) -> list[StoredEvent]:
        """Return the next ``limit`` events on ``topics`` after ``after``, in order."""
        query = (
            select(events.c.seq, events.c.topic, events.c.key, events.c.payload)
            .where(events.c.seq > after, events.c.topic.in_(topics))
            .order_by(events.c.seq)
            .limit(limit)
        )
        return [StoredEvent(*row) for row in connection.execute(query)]

    def scan(
        self, connection: Connection, topic: str, *, after: int = 0, until: int | None = None
    ) -> Iterator[AnyEvent]:
        """Yield the events on ``topic`` with ``after < seq <= until``, decoded, in order.

        Raises:
            UnreadableEvent: an event can't be decoded.
        """
        query = select(events.c.payload).where(events.c.topic == topic, events.c.seq > after)
        if until is not None:
            query = query.where(events.c.seq <= until)
        for (payload,) in connection.execute(query.order_by(events.c.seq)):
            yield decode(topic, payload)

    def latest_by_key(self, connection: Connection, topic: str) -> dict[str, AnyEvent]:
        """Return the latest event of each key on ``topic``, in the order in which they were written."""
        last = select(func.max(events.c.seq)).where(events.c.topic == topic).group_by(events.c.key)
        query = select(events.c.key, events.c.payload).where(events.c.seq.in_(last)).order_by(events.c.seq)
        return {key: decode(topic, payload) for key, payload in connection.execute(query)}

    def for_keys(self, connection: Connection, topic: str, keys: Sequence[str]) -> list[AnyEvent]:
        """Return all stored events with these keys on ``topic``, decoded, in order."""
        query = select(events.c.payload).where(events.c.topic == topic, events.c.key.in_(keys)).order_by(events.c.seq)
        return [decode(topic, payload) for (payload,) in connection.execute(query)]

    def newest(self, connection: Connection, topic: str, limit: int) -> list[AnyEvent]:
        """Return at most ``limit`` events on ``topic``, decoded, the latest first."""
        query = select(events.c.payload).where(events.c.topic == topic).order_by(events.c.seq.desc()).limit(limit)
        return [decode(topic, payload) for (payload,) in connection.execute(query)]

    def is_newest(self, connection: Connection, topic: str, seq: int) -> bool:
        """Return true if no later event on ``topic`` has the key of event ``seq``, and it is stored itself."""
        key = select(events.c.key).where(events.c.topic == topic, events.c.seq == seq).scalar_subquery()
        last = select(func.max(events.c.seq)).where(events.c.topic == topic, events.c.key == key)
        return bool(connection.scalar(last) == seq)

    def has_any(self, connection: Connection, topic: str) -> bool:
        """Return true if any event on ``topic`` is stored."""
        return self.has_more(connection, [topic], after=0)

    def offset(self, connection: Connection, consumer: str) -> int:
        """Return the ``seq`` up to which ``consumer`` has read, or 0 if it hasn't yet."""
        return int(connection.scalar(select(offsets.c.seq).where(offsets.c.consumer == consumer)) or 0)

    def commit(self, connection: Connection, consumer: str, seq: int) -> None:
        """Record that ``consumer`` has processed everything up to ``seq``."""
        upsert(connection, offsets, [{"consumer": consumer, "seq": seq}], ("consumer",))

    def lag(self, connection: Connection, consumer: str, topics: Sequence[str]) -> int:
        """Return the number of events on ``topics`` that wait for ``consumer``."""
        after = self.offset(connection, consumer)
        query = select(func.count()).where(events.c.seq > after, events.c.topic.in_(topics))
        return int(connection.scalar(query) or 0)

    def has_more(self, connection: Connection, topics: Sequence[str], *, after: int) -> bool:
        """Return true if an event on ``topics`` was written after ``after``."""
        query = select(events.c.seq).where(events.c.seq > after, events.c.topic.in_(topics)).limit(1)
        return connection.scalar(query) is not None

    def prune(
        self,
        connection: Connection,
        now: datetime,
        readers: Mapping[str, Sequence[str]],
        erased: Sequence[str] = (),
    ) -> int:
        """Delete events past their topic's retention, and all but the latest of each key on compacted topics.

        Of the ``erased`` clients, all events are deleted. Only events that all ``readers`` (topics by consumer) of the
        topic have read. Return the number deleted.
        """
        deleted = 0
        for topic in TOPICS.values():
            read = [self.offset(connection, name) for name, topics in readers.items() if topic.name in topics]
            read_by_all = min(read, default=self.end(connection))
            if topic.retention_seconds is None:
                old = self._superseded(read_by_all)
            else:
                old = events.c.time < now - timedelta(seconds=topic.retention_seconds)
            if erased and topic.key == "client id":
                old = or_(old, events.c.key.in_(erased))
            result = connection.execute(
                delete(events).where(events.c.topic == topic.name, events.c.seq <= read_by_all, old)
            )
            deleted += result.rowcount
        return deleted

    @staticmethod
    def _superseded(read_by_all: int) -> ColumnElement[bool]:
        """Return the condition that all readers have read a later event with the same key."""
        later = events.alias()
        newer: Select[Any] = select(literal_column("1")).where(
            later.c.topic == events.c.topic,
            later.c.key == events.c.key,
            later.c.seq > events.c.seq,
            later.c.seq <= read_by_all,
        )
        return newer.exists()
