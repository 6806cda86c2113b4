"""The topics that Firstword ships, from ``lexicon/topics.yaml``: what a book may name instead of writing a query."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from schemas.clients import Near, Query
from services.matcher.lexicon import expand, read_yaml

__all__ = ["Topic", "shipped_topics", "topic_named"]


class Topic(NamedTuple):
    """A topic: it is touched where any of ``queries`` holds."""

    id: str
    title: str
    about: str
    queries: tuple[Query, ...]


@cache
def shipped_topics() -> dict[str, Topic]:
    """All topics by id, in the order of the file."""
    return {key: _topic(key, entry) for key, entry in read_yaml("topics.yaml").items()}


def _topic(key: str, entry: dict[str, Any]) -> Topic:
    none_of = _phrases(entry.get("none_of", ()))
    queries = [Query(any_of=_phrases(entry["any_of"]), none_of=none_of)]
    queries += [Query(near=(Near(**near),), none_of=none_of) for near in entry.get("near", ())]
    return Topic(key, entry["title"], entry["about"], tuple(queries))


def _phrases(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrase for pattern in patterns for phrase in expand(pattern)))


def topic_named(name: str) -> Topic | None:
    """The topic that goes by this id or title, whatever its case, hyphens or blanks."""
    return _by_name().get(_plain(name))


@cache
def _by_name() -> dict[str, Topic]:
    topics = shipped_topics().values()
    return {_plain(name): topic for topic in topics for name in (topic.title, topic.id)}


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").split())
