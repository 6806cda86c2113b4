"""The topics that Firstword ships in ``lexicon/topics.yaml``. A client book can name one instead of writing a query."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from schemas.clients import Near, Query
from services.matcher.lexicon import expand, read_yaml

__all__ = ["Topic", "all_topics", "find_topic"]


class Topic(NamedTuple):
    """A topic. An item is about it if any of its ``queries`` matches; ``also`` are other names of it."""

    id: str
    title: str
    about: str
    queries: tuple[Query, ...]
    also: tuple[str, ...] = ()


@cache
def all_topics() -> dict[str, Topic]:
    """Return all topics by id, in the order of the file."""
    return {topic_id: _topic(topic_id, entry) for topic_id, entry in read_yaml("topics.yaml").items()}


def _topic(topic_id: str, entry: dict[str, Any]) -> Topic:
    none_of = _phrases(entry.get("none_of", ()))
    queries = [Query(any_of=_phrases(entry["any_of"]), none_of=none_of)]
    queries += [Query(near=(Near(**near),), none_of=none_of) for near in entry.get("near", ())]
    return Topic(topic_id, entry["title"], entry["about"], tuple(queries), tuple(entry.get("also", ())))


def _phrases(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrase for pattern in patterns for phrase in expand(pattern)))


def find_topic(name: str) -> Topic | None:
    """Return the topic with this id, title or other name, ignoring case, hyphens and extra spaces."""
    return _topics_by_name().get(_plain(name))


@cache
def _topics_by_name() -> dict[str, Topic]:
    topics = all_topics().values()
    return {_plain(name): topic for topic in topics for name in (topic.title, topic.id, *topic.also)}


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").split())
