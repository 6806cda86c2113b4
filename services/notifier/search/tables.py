"""The search index: one entry for each thing that can be found, and its folded words. Only the sinks write it."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["search_bodies", "search_entries", "search_words"]

#: Words compare by code point in both databases, so that a prefix is a range of the index.
WORD = String(40).with_variant(String(40, collation="C"), "postgresql")

search_entries = Table(
    "search_entries",
    metadata,
    Column("id", String(400), primary_key=True),  # kind:client:ref
    Column("kind", String(10), nullable=False),  # draft, story, client, holding
    Column("ref", String(255), nullable=False),  # a draft's, story's, client's or watched name's id
    Column("client_id", String(80), nullable=False),
    Column("title", Text, nullable=False),
    Column("link", String(80), nullable=False),  # the id of the page that it leads to
    Column("at", UtcDateTime, nullable=False),
    Index(None, "client_id", "kind"),
    Index(None, "link"),
)

search_words = Table(
    "search_words",
    metadata,
    Column("word", WORD, primary_key=True),
    Column("entry_id", String(400), primary_key=True, index=True),
)

#: The texts of messages: each is one row that is read from end to end, because a row for each of their words would make
#: the index ten times as large.
search_bodies = Table(
    "search_bodies",
    metadata,
    Column("entry_id", String(400), primary_key=True),
    Column("words", Text, nullable=False),  # folded and different, each after a blank
)
