"""Search over drafts, stories, clients and holdings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from schemas.base import Model
from services.notifier.desk.api.caller import Caller
from services.notifier.search.queries import search

__all__ = ["router"]

router = APIRouter(prefix="/search")


class _Result(Model):
    model_config = ConfigDict(from_attributes=True)


class FoundItem(_Result):
    """A result: its title, the id of what it is, and whose it is."""

    title: str
    link: str
    client_id: str
    client_name: str


class FoundDraftItem(FoundItem):
    """A draft in its state, and when it was created.

    ``excerpt`` is the sentence of its text that has the words, if its title lacks them.
    """

    state: str
    at: datetime
    excerpt: str | None = None


class FoundNameItem(_Result):
    """A story or a watched name: the number of clients whom it concerns, and the first of them."""

    title: str
    link: str
    count: int
    people: Sequence[FoundItem]


class SearchResults(_Result):
    """The first results of each kind; ``totals`` counts all of them: client, draft, holding, story."""

    holdings: Sequence[FoundNameItem]
    clients: Sequence[FoundItem]
    drafts: Sequence[FoundDraftItem]
    stories: Sequence[FoundNameItem]
    totals: Mapping[str, int]


@router.get("")
def find(
    context: Caller,
    q: Annotated[str, Query(min_length=1, max_length=200, description="Words; each may be the beginning of a word.")],
) -> SearchResults:
    """Return what has all the words: "who holds Halden" is asked with the name alone."""
    with context.reading() as connection:
        results = search(connection, context.scope, q)
    context.audit_read("search", "search", shown=results.client_ids())
    return SearchResults.model_validate(results)
