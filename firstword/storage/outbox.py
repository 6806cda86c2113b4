"""The stack's outbox: what is to go to Kafka, written in the very transactions that it tells of, and sent by a relay.

A database and a broker can't be written in one transaction. So an event is a row first, committed together with what it
tells of, and goes out after that. What a crash between any two lines does:

- before the commit: nothing happened, and nothing will be said of it;
- after the commit, before the broker has it: the row is unsent, and the next relay sends it;
- after the broker has it, before the row is marked: it is sent once more, and known by its id to all who read it.

Rows of one key go out in the order in which they were written. Transactions that write the same key at once take turns
at the rows that they change, before they write here; where they change none in common, their order means nothing.
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

__all__ = ["NEWEST_LAST", "PARTITION", "Outbox", "OutboxPublisher", "Post"]

#: So long it is known that an event was sent, and a repeat of it is left out. Consumers know repeats for longer.
KEPT = timedelta(days=14)
#: A header for the relay alone: the partition to which a row goes, whatever its key.
PARTITION = "outbox-partition"
#: Topics of which the last record of a key must be the newest, as that is all that compaction leaves. How rumors ended
#: is told by the matcher past the outbox, and its readers go by the moment.
NEWEST_LAST = tuple(topic.name for topic in TOPICS.values() if topic.compacted and topic.name != "outcomes")


@dataclass(frozen=True, slots=True)
class Post:
    """One record for Kafka. ``event_id`` tells it from others on its topic; ``id`` is its place in the outbox."""

    topic: str
    key: bytes | None
    payload: bytes | None
    event_id: str
    headers: tuple[tuple[str, bytes], ...] = ()
    id: int = 0


class Outbox:
    """Writes, reads and marks rows. Holds no connection: every call works inside the caller's transaction."""

    def add(self, connection: Connection, posts: Sequence[Post], now: datetime) -> int:
        """Write ``posts``, leaving out those whose id their topic already had here; return how many were new."""
        rows = [
            {
                "topic": post.topic,
                "key": post.key,
                "event_id": post.event_id,
                "payload": post.payload,
                "headers": [[name, value.decode("latin-1")] for name, value in post.headers],
                "written_at": now,
            }
            for post in posts
        ]
        return upsert(connection, outbox, rows, ("topic", "event_id"), update=())

    def waiting(self, connection: Connection, limit: int) -> list[Post]:
        """The first ``limit`` rows that were not sent yet, in the order in which they were written."""
        query = select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id).limit(limit)
        return [
            Post(
                topic=row["topic"],
                key=row["key"],
                payload=row["payload"],
                event_id=row["event_id"],
                headers=tuple((name, value.encode("latin-1")) for name, value in row["headers"]),
                id=row["id"],
            )
            for row in connection.execute(query).mappings()
        ]

    def count_waiting(self, connection: Connection) -> int:
        """How many rows were not sent yet."""
        query = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
        return int(connection.scalar(query) or 0)

    def mark_sent(self, connection: Connection, ids: Sequence[int], now: datetime) -> None:
        """Note that the broker has these rows."""
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at=now))

    def set_aside(self, connection: Connection, id: int, reason: str, now: datetime) -> None:
        """Note that the broker will never take this row; it stays, with the reason, until somebody looks at it."""
        connection.execute(update(outbox).where(outbox.c.id == id).values(sent_at=now, refused=reason))

    def send_again(
        self,
        connection: Connection,
        *,
        keys: Collection[tuple[str, bytes]] | None = None,
        since: datetime | None = None,
    ) -> int:
        """Have the newest row of keys sent once more, on topics where the newest must be last; return how many.

        Of ``keys`` (topic and key), or of all; only what was sent after ``since``. For whoever may have been overtaken:
        a relay that sent something without knowing it, and went on later.
        """
        if keys is not None and not keys:
            return 0
        which: ColumnElement[bool] = true() if keys is None else tuple_(outbox.c.topic, outbox.c.key).in_(sorted(keys))
        newest = (
            select(func.max(outbox.c.id))
            .where(outbox.c.topic.in_(NEWEST_LAST), which)
            .group_by(outbox.c.topic, outbox.c.key)
        )
        sent = outbox.c.sent_at.is_not(None) if since is None else outbox.c.sent_at > since
        return connection.execute(
            update(outbox).where(outbox.c.id.in_(newest), sent, outbox.c.refused.is_(None)).values(sent_at=None)
        ).rowcount

    def prune(self, connection: Connection, now: datetime) -> int:
        """Drop what was sent long ago, but of compacted topics the newest of each key; return how many rows went."""
        compacted = [topic.name for topic in TOPICS.values() if topic.compacted]
        newest = (
            select(func.max(outbox.c.id)).where(outbox.c.topic.in_(compacted)).group_by(outbox.c.topic, outbox.c.key)
        )
        old = outbox.c.sent_at < now - KEPT
        return connection.execute(
            delete(outbox).where(old, outbox.c.refused.is_(None), outbox.c.id.not_in(newest))
        ).rowcount


class OutboxPublisher:
    """Publishes events through the outbox, and knows the newest of each key on compacted topics."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._outbox = Outbox()

    def publish(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Append ``events`` within the open transaction; those that were published before are left out.

        Raises:
            UnreadableEvent: when an event is of a type that no topic carries.
        """
        posts = [Post(topic_of(one).name, one.subject.encode(), encode(one), one.id) for one in events]
        return self._outbox.add(connection, posts, self._clock.now())

    def publish_in_order(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """The same, for events that must be heard in this order, whatever their keys: all go to one partition.

        For readers that keep no state by key.
        """
        together = ((PARTITION, b"0"),)
        posts = [Post(topic_of(one).name, one.subject.encode(), encode(one), one.id, together) for one in events]
        return self._outbox.add(connection, posts, self._clock.now())

    def latest_by_key(self, connection: Connection, topic: str) -> dict[str, AnyEvent]:
        """The last event of each key on the compacted ``topic``, in the order in which they were written.

        Not what Kafka holds, but what it is going to: who reads here and writes what follows sees their own writing.
        """
        last = select(func.max(outbox.c.id)).where(outbox.c.topic == topic).group_by(outbox.c.key)
        query = select(outbox.c.payload).where(outbox.c.id.in_(last)).order_by(outbox.c.id)
        events = [decode(topic, payload) for (payload,) in connection.execute(query)]
        return {event.subject: event for event in events}

    def for_keys(self, connection: Connection, topic: str, keys: Sequence[str]) -> list[AnyEvent]:
        """Every event of these keys that is still kept here, in order."""
        raw = [key.encode() for key in keys]
        query = select(outbox.c.payload).where(outbox.c.topic == topic, outbox.c.key.in_(raw)).order_by(outbox.c.id)
        return [decode(topic, payload) for (payload,) in connection.execute(query)]

    def scan(self, connection: Connection, topic: str) -> Iterator[AnyEvent]:
        """Every event on ``topic`` that is still kept here, in order."""
        query = select(outbox.c.payload).where(outbox.c.topic == topic).order_by(outbox.c.id)
        for (payload,) in connection.execute(query, execution_options={"yield_per": 500}):
            yield decode(topic, payload)

    def has_any(self, connection: Connection, topic: str) -> bool:
        """Whether an event on ``topic`` is kept here."""
        return connection.scalar(select(outbox.c.id).where(outbox.c.topic == topic).limit(1)) is not None
