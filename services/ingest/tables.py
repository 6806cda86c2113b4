"""The tables that ingest owns: feeds and how they are, what was seen of each, and what could not be read."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from services.common.db import UtcDateTime

__all__ = ["feed_items", "feeds", "metadata", "quarantine"]

metadata = MetaData()

#: ``url`` is what the feed was listed under and stays its identity, for the ids of its items derive from it;
#: ``fetch_url`` is where it is fetched now, after permanent redirects. ``new_moments`` is a list of ISO 8601 texts.
feeds = Table(
    "feeds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("fetch_url", Text, nullable=False),
    Column("title", Text),
    Column("publisher", Text),
    Column("group_name", Text),
    Column("site_url", Text),
    Column("added_at", UtcDateTime, nullable=False),
    Column("paused", Boolean, nullable=False, default=False),
    # how it is
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("mend", Text),
    Column("failures_in_a_row", Integer, nullable=False, default=0),
    Column("last_ok_at", UtcDateTime),
    Column("last_new_at", UtcDateTime),
    Column("last_poll_at", UtcDateTime),
    Column("next_poll_at", UtcDateTime),
    # what it is asked with
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_digest", String(64)),
    # its rhythm
    Column("new_moments", JSON, nullable=False, default=list),
    Column("longest_gap_seconds", Float, nullable=False, default=0.0),
    Column("ttl_seconds", Integer),
    Column("max_age_seconds", Integer),
    # until when one of several workers has it for itself
    Column("leased_until", UtcDateTime),
    Index("ix_feeds_due", "paused", "next_poll_at"),
)

#: One row for each item of each feed, written when it is new and when it changes, never else.
feed_items = Table(
    "feed_items",
    metadata,
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("fingerprint", String(128), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("stated_at", UtcDateTime),
    Column("earlier", JSON, nullable=False, default=list),
    Column("copy_of", String(64)),
    Index("ix_feed_items_fingerprint", "feed_id", "fingerprint"),
)

#: The last body of each feed that could not be read, for somebody to look at: its beginning, and why.
quarantine = Table(
    "quarantine",
    metadata,
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("url", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content_type", Text),
    Column("size_bytes", Integer, nullable=False),
    Column("beginning", LargeBinary, nullable=False),
)
