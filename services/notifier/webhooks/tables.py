"""The tables of webhooks: endpoints, messages, deliveries and their attempts.

Each message is stored once. A delivery is one message to one endpoint. ``seq`` is the order of messages or deliveries.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["endpoint_notices", "webhook_attempts", "webhook_deliveries", "webhook_endpoints", "webhook_messages"]

#: A number that the database generates; SQLite does so only for INTEGER.
_SEQ = BigInteger().with_variant(Integer, "sqlite")

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("wants", JSON, nullable=False),  # endpoints.Subscription
    Column("secrets", JSON, nullable=False),  # endpoints.Secret, the newest first
    Column("ordered", Boolean, nullable=False, default=False),
    Column("concurrency", Integer, nullable=False),
    Column("per_second", Float, nullable=False),
    Column("state", String(10), nullable=False),  # active, disabled
    Column("disabled_at", UtcDateTime),
    Column("disabled_because", Text),
    Column("notice_due_at", UtcDateTime),  # when to queue a notice that it was disabled
    Column("resting_until", UtcDateTime),  # until when it asked for a break (Retry-After)
    Column("paced_until", UtcDateTime),  # see pace.py
    Column("last_delivered_at", UtcDateTime),
    Column("failures_in_a_row", Integer, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("id", String(80), nullable=False, unique=True),  # of the event
    Column("type", String(40), nullable=False),
    Column("client_id", String(80)),
    Column("entity_id", String(255)),
    Column("body", Text, nullable=False),  # signed and sent byte for byte
    Column("at", UtcDateTime, nullable=False, index=True),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("id", String(80), nullable=False, unique=True),  # the header webhook-id
    Column("endpoint_id", String(80), ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("message_id", String(80), ForeignKey("webhook_messages.id"), nullable=False),
    Column("status", String(10), nullable=False),  # pending, sending, delivered, failed, canceled
    Column("attempts", Integer, nullable=False, default=0),
    Column("attempts_before", Integer, nullable=False, default=0),  # before the last replay
    Column("next_attempt_at", UtcDateTime),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("endpoint_id", "message_id"),
    Index(None, "endpoint_id", "status", "seq"),
    Index(None, "status", "next_attempt_at"),
    Index(None, "message_id"),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", String(80), ForeignKey("webhook_deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # null: the attempt has not ended, or its end was not recorded
    Column("outcome", String(10)),  # delivered, retry, rejected, unknown
    Column("detail", Text),
    Column("request", JSON),  # URL and headers; the body is the message's
    Column("status", Integer),
    Column("response", JSON),  # headers and the beginning of the body
    Column("elapsed_ms", Integer),
    Index(None, "outcome"),
)

#: Notices to the operator about disabled endpoints.
endpoint_notices = Table(
    "endpoint_notices",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("endpoint_id", String(80), nullable=False),
    Column("status", String(10), nullable=False),  # pending, sending, delivered, failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", UtcDateTime),
    Column("last_error", Text),
    Column("changed_at", UtcDateTime, nullable=False),
    Index(None, "status", "next_attempt_at"),
)
