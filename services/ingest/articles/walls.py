"""Recognizes that an article is for subscribers: by its data, by its server's answer, or by its words. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = [
    "MOST_SCRIPTS",
    "SCRIPT_CHARACTERS",
    "LinkedData",
    "asks_to_subscribe",
    "is_denied",
    "phrases",
    "read_linked_data",
]

#: Scripts with data about a page, and the characters of one that are read.
MOST_SCRIPTS, SCRIPT_CHARACTERS = 20, 300_000
#: Objects that are looked at on the way to the article.
_MOST_OBJECTS = 500
#: What leads from the data of a page to that of its article; lists of other articles are not looked through.
_LEADS_TO = ("@graph", "mainEntity", "mainEntityOfPage")
_ARTICLE = re.compile(r"(?:Article|Report|BlogPosting|LiveBlogPosting|PressRelease)$")
_PAGE = re.compile(r"WebPage$")
#: What some programs put around data, from the time when browsers showed it.
_AROUND = re.compile(r"\s*(?://)?\s*(?:<!--|<!\[CDATA\[)|(?://)?\s*(?:-->|\]\]>)\s*$")
_NO = frozenset(("false", "no", "http://schema.org/false", "https://schema.org/false"))


@dataclass(frozen=True, slots=True)
class LinkedData:
    """The data that a page has of its article in schema.org's words. ``is_free`` is None if it doesn't say."""

    headline: str | None = None
    body: str | None = None
    is_free: bool | None = None


def read_linked_data(scripts: Sequence[str]) -> LinkedData:
    """Return what scripts of JSON-LD say about the page and its article; what can't be read says nothing.

    An article is not free if one of the scripts says so of it or of its page.
    """
    headline = body = is_free = None
    for script in scripts[:MOST_SCRIPTS]:
        try:
            found = json.loads(_bare(script[:SCRIPT_CHARACTERS]), strict=False)
        except (ValueError, RecursionError):
            continue
        for described in _described(found):
            said = _is_free(described)
            is_free = said if is_free is None or said is False else is_free
            if not _is_a(_ARTICLE, described):
                continue
            headline = headline or _text(described.get("headline"))
            body = body or _text(described.get("articleBody"))
            break
    return LinkedData(headline, body, is_free)


def is_denied(value: object) -> bool:
    """Return whether a value of ``isAccessibleForFree`` says no."""
    return str(value).strip().casefold() in _NO


def asks_to_subscribe(words: str) -> bool:
    """Return whether a page has words that stand where an article ends for those who have not paid."""
    folded = " ".join(words.casefold().replace("’", "'").split())
    return any(phrase in folded for phrase in phrases("wall_phrases.txt"))


@cache
def phrases(name: str) -> tuple[str, ...]:
    """Return the phrases of a file of this package."""
    lines = files("services.ingest.articles").joinpath(name).read_text("utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _bare(script: str) -> str:
    """Return the data in a script."""
    begins = _AROUND.match(script)
    start = begins.end() if begins else 0
    ends = _AROUND.search(script, max(start, len(script) - 50))
    return script[start : ends.start()] if ends else script[start:]


def _is_a(kind: re.Pattern[str], described: dict[str, Any]) -> bool:
    types = described.get("@type")
    return any(isinstance(name, str) and kind.search(name) for name in (types if isinstance(types, list) else [types]))


def _described(found: Any) -> Iterator[dict[str, Any]]:
    """Yield what data says of the page and its articles."""
    waiting, seen = [found], 0
    while waiting and seen < _MOST_OBJECTS:
        value = waiting.pop(0)
        seen += 1
        if isinstance(value, list):
            waiting.extend(value[:_MOST_OBJECTS])
        elif isinstance(value, dict):
            if _is_a(_ARTICLE, value) or _is_a(_PAGE, value):
                yield value
            waiting.extend(value[key] for key in _LEADS_TO if key in value)


def _is_free(article: dict[str, Any]) -> bool | None:
    """Return whether everybody may read an article: False if it, or a part of it, is said not to be for free."""
    parts = article.get("hasPart")
    said = [article.get("isAccessibleForFree")]
    said += [part.get("isAccessibleForFree") for part in (parts if isinstance(parts, list) else [parts])[:_MOST_OBJECTS]
             if isinstance(part, dict)]  # fmt: skip
    stated = [not is_denied(value) for value in said if value is not None]
    return all(stated) if stated else None


def _text(value: Any) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and value.strip() else None
