"""The tables of ingest: feeds with their health, the items seen of each, and bodies that could not be parsed."""

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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from services.common.db import UtcDateTime

__all__ = [
    "article_pages",
    "feed_credentials",
    "feed_items",
    "feeds",
    "mailboxes",
    "metadata",
    "quarantine",
    "unread_messages",
    "websub",
]

metadata = MetaData()

#: ``url`` is the URL under which the feed was added. It never changes, because the ids of the feed's items derive from
#: it; ``fetch_url`` is the current one, after permanent redirects, and ``host`` is the host and port in it
#: (written with each poll).
#: ``redirect_url`` is where it redirects permanently, seen on ``redirect_days`` days. ``new_moments`` is a list of ISO
#: 8601 texts, ``delays`` one of seconds; ``extents`` has a letter for each of the latest items (h: headline, t: teaser,
#: w: whole); ``skip_hours`` (0–23, UTC) and ``skip_days`` (0: Monday) are lists of numbers.
feeds = Table(
    "feeds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("fetch_url", Text, nullable=False),
    Column("host", String(255)),
    Column("kind", String(16)),  # schemas.feeds.FeedKind; null: feed
    Column("links_under", Text),
    Column("links_in", Text),
    Column("full_text", Boolean),  # null: false
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
    Column("delays", JSON(none_as_null=True)),
    Column("extents", String(40)),
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

#: The last document of each feed that could not be read, with the reason. ``entries`` is how many of its entries could
#: not be read; null if all of it. ``body`` is the whole document, compressed with zlib; null if it is too large.
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
    Column("fix", Text),
    Column("first_at", UtcDateTime),
    Column("times", Integer),
    Column("entries", Integer),
    Column("body", LargeBinary),
)

#: What a feed's server asks for. ``kind`` is basic, bearer or header; ``sealed`` is the header with the secret, and the
#: origin that alone gets it.
feed_credentials = Table(
    "feed_credentials",
    metadata,
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

#: The mailboxes of inlets, and the last message that was read: its ``uid`` counts while ``uid_validity`` stays.
#: ``verified_by`` is the name under which the own mail server says where messages come from.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("username", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("security", String(8), nullable=False),
    Column("verified_by", Text),
    Column("uid_validity", BigInteger),
    Column("uid", BigInteger),
)

#: Messages of mailboxes that could not be read, with the reason. ``body`` is the whole message, compressed with zlib;
#: null if it is too large, or newer ones took its place.
unread_messages = Table(
    "unread_messages",
    metadata,
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("uid_validity", BigInteger, primary_key=True),
    Column("uid", BigInteger, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fix", Text),
    Column("size_bytes", Integer, nullable=False),
    Column("body", LargeBinary),
    Index("ix_unread_messages_at", "at"),
)

#: Pages of articles that were asked for: ``id`` is derived from the address, ``final_url`` is the one that answered,
#: ``result`` what became of it (a :class:`services.ingest.articles.pages.PageResult`). ``titles`` is what it calls
#: itself, ``text`` the text of its article. ``feed_id`` is the feed that asked for it first.
article_pages = Table(
    "article_pages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("final_url", Text, nullable=False),
    Column("result", String(16), nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("titles", Text),
    Column("text", Text),
    Index("ix_article_pages_fetched_at", "fetched_at"),
    Index("ix_article_pages_feed_id", "feed_id"),
)

#: The subscription of each feed at its hub (WebSub): none (no hub was found), asked, active or refused. ``token`` is
#: the secret part of the callback's address, ``secret`` what the hub signs with, sealed. ``next_at`` is when to look
#: for a hub again, to ask it again, or to renew what it grants until ``lease_until``.
websub = Table(
    "websub",
    metadata,
    Column("feed_id", String(64), ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("hub", Text),
    Column("topic", Text),
    Column("secret", Text),
    Column("failures", Integer, nullable=False),
    Column("reason", Text),
    Column("next_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("notified_at", UtcDateTime),
    UniqueConstraint("token", name="uq_websub_token"),
    Index("ix_websub_next_at", "next_at"),
)
