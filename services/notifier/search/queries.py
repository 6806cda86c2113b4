"""Find drafts, stories, clients and holdings by their words, within a scope."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, and_, case, func, literal, or_, select, union_all

from services.notifier.folding import fold_query, fold_text
from services.notifier.scope import Scope
from services.notifier.search.tables import search_bodies, search_entries, search_words
from services.notifier.tables import clients, drafts

__all__ = ["Found", "FoundDraft", "FoundName", "Results", "search"]

#: Results of each kind, and clients of each holding, that are listed.
LISTED, HOLDERS = 8, 12
#: Letters that a word needs to be looked for in the texts of messages: shorter beginnings are in all of them.
LONG_ENOUGH = 3
#: Characters of a message's text that are shown.
EXCERPT = 160
#: Where a word was found, the nearest first.
_OWN_WORD, _CLIENTS_WORD, _IN_TEXT = range(3)
_entry = search_entries.c
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Found:
    """A result: its title, the id of its page, and whose it is."""

    title: str
    link: str
    client_id: str
    client_name: str


@dataclass(frozen=True, slots=True)
class FoundDraft(Found):
    """A draft in its state; ``excerpt`` is the place in its text where words were found that its title lacks."""

    state: str
    at: datetime
    excerpt: str | None = None


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

    def client_ids(self) -> Iterator[str]:
        """Yield the clients who are in the results."""
        people = (found for name in (*self.holdings, *self.stories) for found in name.people)
        yield from (found.client_id for found in (*self.clients, *self.drafts, *people))


def search(connection: Connection, scope: Scope, text: str) -> Results:
    """Return what has all the words of ``text``; each may be the beginning of a word.

    A draft is also found by its client's name and by its text, and comes after those that have the words in their
    subject; a holding and a story must have one of the words themselves.
    """
    terms = fold_query(text)
    if not terms:
        return Results()
    rows = connection.execute(_query(scope, terms)).all()
    states = _states(connection, [row.link for row in rows if row.kind == "draft"])
    bodies = _bodies(connection, [row.link for row in rows if row.by_text])
    kinds: dict[str, list[FoundName]] = {"holding": [], "story": []}
    people: list[Found] = []
    found_drafts: list[FoundDraft] = []
    for row in rows:
        result = Found(row.title, row.link, row.client_id, row.name)
        if row.kind == "client":
            people.append(result)
        elif row.kind == "draft":
            excerpt = _excerpt(bodies[row.link], terms) if row.by_text else None
            draft = FoundDraft(row.title, row.link, row.client_id, row.name, states[row.link], row.at, excerpt)
            found_drafts.append(draft)
        elif row.place == 1:
            kinds[row.kind].append(FoundName(row.title, row.link, row.clients, [result]))
        else:
            kinds[row.kind][-1].people.append(result)
    totals = {row.kind: row.total for row in rows}
    return Results(kinds["holding"], people, found_drafts, kinds["story"], totals)


def _query(scope: Scope, terms: Sequence[str]) -> Select[Any]:
    """Select the first results of each kind: the hits, the things that they are, those to list, and whose those are."""
    places = union_all(*(part for number, term in enumerate(terms) for part in _places(number, term))).subquery()
    of_term = (
        select(places.c.entry_id, func.min(places.c.place).label("place"))
        .group_by(places.c.entry_id, places.c.term)
        .subquery()
    )
    with_all = (
        select(
            of_term.c.entry_id,
            func.min(of_term.c.place).label("nearest"),
            func.max(of_term.c.place).label("farthest"),
        )
        .group_by(of_term.c.entry_id)
        .having(func.count() == len(terms))
        .subquery()
    )
    by_text = case((with_all.c.farthest == _IN_TEXT, 1), else_=0).label("by_text")
    served = select(clients.c.id).where(clients.c.removed.is_(False), scope.condition())
    hits = (
        select(_entry.id, _entry.kind, _entry.ref, _entry.client_id, _entry.title, _entry.at, by_text)
        .select_from(with_all.join(search_entries, _entry.id == with_all.c.entry_id))
        .where(_entry.client_id.in_(served))
        .where(or_(_entry.kind.in_(("client", "draft")), with_all.c.nearest == _OWN_WORD))
        .cte("hits")
    )
    things = (
        select(
            hits.c.kind,
            hits.c.ref,
            func.count().label("clients"),
            func.min(hits.c.title).label("title"),
            func.min(hits.c.by_text).label("by_text"),
            case((hits.c.kind.in_(("draft", "story")), func.max(hits.c.at))).label("recent"),
        )
        .group_by(hits.c.kind, hits.c.ref)
        .subquery()
    )
    order = (things.c.by_text, things.c.recent.desc(), things.c.title, things.c.ref)
    ranked = select(
        things,
        func.row_number().over(partition_by=things.c.kind, order_by=order).label("nth"),
        func.count().over(partition_by=things.c.kind).label("total"),
    ).subquery()
    first = select(ranked).where(ranked.c.nth <= LISTED).cte("first")
    placed = (
        select(hits.c.id, first.c.nth, first.c.total, first.c.clients, first.c.by_text, clients.c.name)
        .add_columns(
            func.row_number()
            .over(partition_by=(hits.c.kind, hits.c.ref), order_by=(clients.c.search, hits.c.id))
            .label("place")
        )
        .select_from(
            first.join(hits, and_(hits.c.kind == first.c.kind, hits.c.ref == first.c.ref)).join(
                clients, clients.c.id == hits.c.client_id
            )
        )
        .subquery()
    )
    return (
        select(search_entries, placed)
        .join(placed, placed.c.id == _entry.id)
        .where(placed.c.place <= HOLDERS)
        .order_by(_entry.kind, placed.c.nth, placed.c.place)
    )


def _places(number: int, term: str) -> Iterator[Select[Any]]:
    """Yield the entries with a word that begins with the term: their own, their client's name's, or one in a text."""
    ids = _words(search_words.c.entry_id, term)
    yield ids.add_columns(literal(number).label("term"), literal(_OWN_WORD).label("place"))
    client = search_entries.alias("named_client")
    named = select(client.c.client_id).where(client.c.kind == "client", client.c.id.in_(ids))
    yield select(_entry.id, literal(number), literal(_CLIENTS_WORD)).where(_entry.client_id.in_(named))
    if len(term) >= LONG_ENOUGH or not term.isascii():
        in_text = search_bodies.c.words.contains(f" {term}", autoescape=True)
        yield select(search_bodies.c.entry_id, literal(number), literal(_IN_TEXT)).where(in_text)


def _states(connection: Connection, draft_ids: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(drafts.c.id, drafts.c.state).where(drafts.c.id.in_(draft_ids)))
    return {row.id: row.state for row in rows}


def _words(column: Column[Any], term: str) -> Select[Any]:
    """Select the entries with a word that begins with ``term``; a single letter is a whole word."""
    word = search_words.c.word
    if len(term) == 1 and term.isascii():
        return select(column).where(word == term)
    return select(column).where(word >= term, word < term + "\U0010ffff")


def _bodies(connection: Connection, draft_ids: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(drafts.c.id, drafts.c.body).where(drafts.c.id.in_(draft_ids)))
    return {row.id: row.body for row in rows}


def _excerpt(body: str, terms: Sequence[str]) -> str:
    """Return the sentence of a message that has most of the words, on one line."""
    sentences = [" ".join(part.split()) for part in _SENTENCE_END.split(body)]
    best = max(sentences, key=lambda sentence: sum(f" {term}" in fold_text(sentence) for term in terms))
    return best if len(best) <= EXCERPT else f"{best[:EXCERPT].rsplit(' ', 1)[0]} …"
