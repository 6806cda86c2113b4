"""Names that the book gives to two different things: each would be reported whenever the other is in the news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from firstword.book.identity import bare_name
from schemas.clients import Client, Watch
from services.matcher.mentions.terms import is_phrase

__all__ = ["SharedName", "shared_names"]


class SharedName(NamedTuple):
    """Where the second of two things is named: the client's place in the book and the path within them."""

    client: int
    where: str
    message: str
    fix: str


class _First(NamedTuple):
    watch: Watch
    client: str


def shared_names(clients: Sequence[Client]) -> Iterator[SharedName]:
    """Each such name once, at the second thing that bears it."""
    first: dict[str, _First] = {}
    told: set[str] = set()
    for at, client in enumerate(clients):
        for where, watch in _places(client):
            for name in (watch.name, *watch.aliases):
                key = bare_name(name)
                known = first.setdefault(key, _First(watch, client.name))
                if known.watch.entity_id == watch.entity_id or key in told:
                    continue
                told.add(key)
                yield SharedName(
                    at,
                    where,
                    f"{name!r} names {watch.name!r} here and {known.watch.name!r} of {known.client}, as two things.",
                    "Give both the same `id` if they are one, else tell them apart by `context`.",
                )


def _places(client: Client) -> Iterator[tuple[str, Watch]]:
    """The watches that are found by name alone."""
    for group, watches in (("assets", client.assets), ("interests", client.interests)):
        for at, watch in enumerate(watches):
            if not (is_phrase(watch) or watch.context or watch.query is not None or watch.topic is not None):
                yield f"{group}[{at}]", watch
