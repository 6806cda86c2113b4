"""Decides if a story concerns a client who follows a subject: a topic, an industry, a regulation or a place. Pure.

Such a subject is in the news every day, and most of it concerns others. The client book limits it with a scope; without
one, only major news counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.clients import TopicScope, Watch
from services.matcher.mentions.scopes import ScopeText
from services.matcher.stories.threads import EventSummary

__all__ = ["INSIDE", "ScopeFit", "fit_scope"]

#: Entries of a scope that a sentence names at most.
_MOST_NAMED = 4


class ScopeFit(NamedTuple):
    """The relation of a story to a client's scope.

    ``matched`` are the entries by which it is inside, ``particular`` if one is a party or an industry; ``outside`` is
    the sentence that says why it is not.
    """

    matched: tuple[str, ...] = ()
    particular: bool = False
    outside: str | None = None


INSIDE = ScopeFit()


def fit_scope(watch: Watch, text: ScopeText, event: EventSummary) -> ScopeFit:
    """Return how a story fits the scope of ``watch``, by its text and the size of its event."""
    if not watch.is_subject:
        return INSIDE
    if watch.scope is not None:
        match = text.within(watch.scope)
        if match is not None:
            return ScopeFit(*match)
        return ScopeFit(outside=f"It is outside the scope of {watch.name} for this client: it {_missing(watch.scope)}.")
    if watch.is_unlimited and event.size != "major":
        outside = f"{watch.name} has no scope in the client book, so news about it counts only if it is major."
        return ScopeFit(outside=outside)
    return INSIDE


def _missing(scope: TopicScope) -> str:
    """Return what an item outside ``scope`` lacks: ``is not about healthcare in Germany and does not name SAP``."""
    about = " in ".join(_either(entries) for entries in (scope.industries, scope.regions) if entries)
    parties = _either(scope.parties)
    lacks = [f"is not about {about}" if about else "", f"does not name {parties}" if parties else ""]
    return " and ".join(lack for lack in lacks if lack)


def _either(entries: Sequence[str]) -> str:
    """Return ``a, b or c``; of many entries, the first ones and ``others``."""
    named = [" or ".join(entry.split(" | ")) for entry in entries]
    if len(named) > _MOST_NAMED:
        named = [*named[:_MOST_NAMED], "others"]
    return f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else "".join(named)
