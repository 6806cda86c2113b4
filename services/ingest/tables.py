"""The tables of ingest: feeds with their health, the items seen of each, and bodies that could not be parsed."""

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

#: ``url`` is the URL under which the feed was added. It never changes, because the ids of the feed's items derive from
#: it; ``fetch_url`` is the current one, after permanent redirects, and ``host`` is the host and port in it
#: (written with each poll).
#: ``redirect_url`` is where it redirects permanently, seen on ``redirect_days`` days. ``new_moments`` is a list of ISO
#: 8601 texts; ``skip_hours`` (0–23, UTC) and ``skip_days`` (0: Monday) are lists of numbers.
feeds = Table(
    "feeds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("fetch_url", Text, nullable=False),
    Column("host", String(255)),
    Column("title", Text),
    Column("publisher", Text),
    Column("group_name", Text),
    Column("site_url", Text),
    Column("speaks_for", JSON(none_as_null=True)),
    Column("ground", Text),
    Column("added_at", UtcDateTime, nullable=False),
    Column("paused", Boolean, nullable=False, default=False),
    # health
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("mend", Text),
    Column("failures_in_a_row", Integer, nullable=False, default=0),
    Column("last_ok_at", UtcDateTime),
    Column("last_new_at", UtcDateTime),
    Column("last_poll_at", UtcDateTime),
    Column("next_poll_at", UtcDateTime),
    # conditional requests
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_digest", String(64)),
    # rhythm
    Column("new_moments", JSON, nullable=False, default=list),
    Column("longest_gap_seconds", Float, nullable=False, default=0.0),
    Column("ttl_seconds", Integer),
    Column("max_age_seconds", Integer),
    Column("skip_hours", JSON(none_as_null=True)),
    Column("skip_days", JSON(none_as_null=True)),
    # a permanent redirect that is not believed yet
    Column("redirect_url", Text),
    Column("redirect_days", Integer),
    Column("redirect_seen_at", UtcDateTime),
    # end of a worker's exclusive lease, where several workers poll
    Column("leased_until", UtcDateTime),
    Index("ix_feeds_due", "paused", "next_poll_at"),
    Index("ix_feeds_host", "host"),
)

#: One row for each item of each feed, written only when the item is new or changes.
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

#: The last body of each feed that could not be parsed, for people to look at: its beginning and the reason.
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
