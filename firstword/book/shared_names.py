"""Find names that the book gives to two entities: news about one would be reported for the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from firstword.book.identity import bare_name
from schemas.clients import Client, Watch
from services.matcher.mentions.medicines import medicine_names
from services.matcher.mentions.terms import is_phrase

__all__ = ["SharedName", "shared_names"]


class SharedName(NamedTuple):
    """The second entity with a name: the client's index in the book, and the path within the client."""

    client: int
    where: str
    message: str
    fix: str


class _First(NamedTuple):
    watch: Watch
    client: str


def shared_names(clients: Sequence[Client]) -> Iterator[SharedName]:
    """Yield each shared name once, at the second entity that has it."""
    first: dict[str, _First] = {}
    reported: set[str] = set()
    for at, client in enumerate(clients):
        for where, watch in _places(client):
            # Several brands have one generic name, which the book need not write.
            generic = medicine_names(watch.name)
            for name in (watch.name, *(alias for alias in watch.aliases if alias not in generic)):
                key = bare_name(name)
                known = first.setdefault(key, _First(watch, client.name))
                if known.watch.entity_id == watch.entity_id or key in reported:
                    continue
                reported.add(key)
                yield SharedName(
                    at,
                    where,
                    f"{name!r} means {watch.name!r} here, and {known.watch.name!r} for {known.client}.",
                    "If they are the same, give both the same `id`; otherwise tell them apart with `context`.",
                )


def _places(client: Client) -> Iterator[tuple[str, Watch]]:
    """Yield the watches that are found by their name alone."""
    for group, watches in (("assets", client.assets), ("interests", client.interests)):
        for at, watch in enumerate(watches):
            if not (is_phrase(watch) or watch.context or watch.query is not None or watch.topic is not None):
                yield f"{group}[{at}]", watch
