"""The runtimes' own tables.

Both runtimes: processor states, and when old data was last removed. Embedded: events, offsets and dead letters. Stack:
the outbox to Kafka, the offsets of each partition in this database, and the ids of recent events.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from services.common.db import UtcDateTime

__all__ = ["dead_letters", "events", "metadata", "offsets", "outbox", "recent", "retention_runs", "states", "taken"]

metadata = MetaData()
#: SQLite assigns row numbers to INTEGER columns only; they hold 64 bits there.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

#: The event log: one order over all topics. A ``seq`` is never reused, even when old rows are deleted.
events = Table(
    "events",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("topic", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("topic", "event_id", name="uq_events_topic_event_id"),
    Index("ix_events_topic_seq", "topic", "seq"),
    Index("ix_events_topic_key", "topic", "key"),
    sqlite_autoincrement=True,
)

offsets = Table(
    "offsets",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("seq", SEQUENCE, nullable=False),
)

states = Table(
    "states",
    metadata,
    Column("processor", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("next_tick_at", UtcDateTime, nullable=True),
    Index("ix_states_next_tick", "processor", "next_tick_at"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("consumer", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("topic", String(64), nullable=False),
    Column("seq", SEQUENCE, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("place", String(255), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("replayed_at", UtcDateTime, nullable=True),
    Column("asked_at", UtcDateTime, nullable=True),
    UniqueConstraint("consumer", "topic", "seq", "attempt", name="uq_dead_letters_where"),
)

#: Events for Kafka, written in the transactions that they report. ``headers`` are pairs of name and value, the value's
#: bytes as Latin-1. ``refused`` is the reason why the broker will never accept a row; ``sent_at`` is set then, too.
outbox = Table(
    "outbox",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("topic", String(80), nullable=False),
    Column("key", LargeBinary, nullable=True),
    Column("event_id", String(80), nullable=False),
    Column("payload", LargeBinary, nullable=True),
    Column("headers", JSON, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime, nullable=True),
    Column("refused", Text, nullable=True),
    UniqueConstraint("topic", "event_id", name="uq_outbox_topic_event_id"),
    Index("ix_outbox_topic_key", "topic", "key", "id"),
    Index("ix_outbox_sent_at_id", "sent_at", "id"),
)

#: For each consumer group and partition, the first offset that this database doesn't contain yet.
taken = Table(
    "taken",
    metadata,
    Column("consumer", String(120), primary_key=True),
    Column("topic", String(80), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", SEQUENCE, nullable=False),
)

#: The events that each processor processed recently, to recognize repeats: a killed producer sends events again.
recent = Table(
    "recent",
    metadata,
    Column("processor", String(64), primary_key=True),
    Column("event_id", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_recent_at", "at"),
)

#: The last removal of each kind of old data. ``ended_at`` is null while it runs, and after a crash.
retention_runs = Table(
    "retention_runs",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("before", UtcDateTime, nullable=False),  # what is older was to be removed
    Column("removed", BigInteger, nullable=False),  # rows
    Column("ended_at", UtcDateTime),
)
