"""Find drafts, stories, clients and holdings by their words, within a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, case, func, or_, select, union

from services.notifier.scope import Scope
from services.notifier.search.tables import search_entries, search_words
from services.notifier.search.words import fold_query
from services.notifier.tables import clients, drafts

__all__ = ["Found", "FoundDraft", "FoundName", "Results", "search"]

#: Results of each kind, and clients of each holding, that are listed.
LISTED, HOLDERS = 8, 12
_entry = search_entries.c


@dataclass(frozen=True, slots=True)
class Found:
    """A result: its title, the id of its page, and whose it is."""

    title: str
    link: str
    client_id: str
    client_name: str


@dataclass(frozen=True, slots=True)
class FoundDraft(Found):
    """A draft in its state."""

    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FoundName:
    """A story or a watched name with the first of the clients whom it concerns."""

    title: str
    link: str
    count: int
    people: list[Found]


@dataclass(frozen=True, slots=True)
class Results:
    """The first results of each kind; ``totals`` counts all of them, by kind."""

    holdings: Sequence[FoundName] = ()
    clients: Sequence[Found] = ()
    drafts: Sequence[FoundDraft] = ()
    stories: Sequence[FoundName] = ()
    totals: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """True if nothing was found."""
        return not (self.holdings or self.clients or self.drafts or self.stories)


def search(connection: Connection, scope: Scope, text: str) -> Results:
    """Return what has all the words of ``text``; each may be the beginning of a word.

    A draft is also found by its client's name; a holding and a story must have one of the words themselves.
    """
    terms = fold_query(text)
    if not terms:
        return Results()
    rows = connection.execute(_query(scope, terms)).all()
    states = _states(connection, [row.link for row in rows if row.kind == "draft"])
    kinds: dict[str, list[FoundName]] = {"holding": [], "story": []}
    people: list[Found] = []
    found_drafts: list[FoundDraft] = []
    for row in rows:
        result = Found(row.title, row.link, row.client_id, row.name)
        if row.kind == "client":
            people.append(result)
        elif row.kind == "draft":
            found_drafts.append(FoundDraft(row.title, row.link, row.client_id, row.name, states[row.link], row.at))
        elif row.place == 1:
            kinds[row.kind].append(FoundName(row.title, row.link, row.clients, [result]))
        else:
            kinds[row.kind][-1].people.append(result)
    totals = {row.kind: row.total for row in rows}
    return Results(kinds["holding"], people, found_drafts, kinds["story"], totals)


def _query(scope: Scope, terms: Sequence[str]) -> Select[Any]:
    """Select the first results of each kind in one pass: the hits, their places, and those to list."""
    named = or_(*(_entry.id.in_(_words(search_words.c.entry_id, term)) for term in terms))
    of_ref = (_entry.kind, _entry.ref)
    hits = (
        select(*_entry, clients.c.name, clients.c.search)
        .add_columns(
            func.max(_entry.at).over(partition_by=of_ref).label("newest"),
            func.count().over(partition_by=of_ref).label("clients"),
        )
        .add_columns(func.min(_entry.title).over(partition_by=of_ref).label("first_title"))
        .select_from(search_entries.join(clients, clients.c.id == _entry.client_id))
        .where(scope.condition(), clients.c.removed.is_(False), *(_has(term) for term in terms))
        .where(or_(_entry.kind.in_(("client", "draft")), named))
        .subquery()
    )
    recent = case((hits.c.kind.in_(("draft", "story")), hits.c.newest))
    order = (recent.desc(), hits.c.first_title, hits.c.ref)
    placed = select(
        hits,
        func.dense_rank().over(partition_by=hits.c.kind, order_by=order).label("nth"),
        func.row_number()
        .over(partition_by=(hits.c.kind, hits.c.ref), order_by=(hits.c.search, hits.c.id))
        .label("place"),
    ).subquery()
    counted = select(placed, func.max(placed.c.nth).over(partition_by=placed.c.kind).label("total")).subquery()
    return (
        select(counted)
        .where(counted.c.nth <= LISTED, counted.c.place <= HOLDERS)
        .order_by(counted.c.kind, counted.c.nth, counted.c.place)
    )


def _states(connection: Connection, draft_ids: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(drafts.c.id, drafts.c.state).where(drafts.c.id.in_(draft_ids)))
    return {row.id: row.state for row in rows}


def _words(column: Column[Any], term: str) -> Select[Any]:
    """Select the entries with a word that begins with ``term``; a single letter is a whole word."""
    word = search_words.c.word
    if len(term) == 1 and term.isascii():
        return select(column).where(word == term)
    return select(column).where(word >= term, word < term + "\U0010ffff")


def _has(term: str) -> ColumnElement[bool]:
    """Return the condition that an entry, or its client's name, has a word that begins with ``term``."""
    client = search_entries.alias("named_client")
    ids = _words(search_words.c.entry_id, term)
    of_client = select(client.c.client_id).where(client.c.kind == "client", client.c.id.in_(ids))
    theirs = select(_entry.id).where(_entry.client_id.in_(of_client)).correlate(None)
    return _entry.id.in_(select(union(ids, theirs).subquery().c[0]))
