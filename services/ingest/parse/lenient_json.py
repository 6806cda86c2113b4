"""Reads values of JSON whose types nobody has checked. A value of the wrong type is none, and costs nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.ingest.parse.errors import NotAFeed

__all__ = [
    "entries_of",
    "is_object",
    "load_json",
    "moment_of",
    "nests_too_deep",
    "number_of",
    "object_of",
    "text_of",
    "texts_of",
]

#: Half a character of UTF-16, and what else can't be written as UTF-8.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def load_json(text: str, document: str = "JSON") -> Any:
    """Return the value of ``text``, which messages call ``document``.

    Raises:
        NotAFeed: it is not JSON, or nests too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise nests_too_deep(document) from None
    except ValueError as error:
        raise NotAFeed(
            f"This looks like {document}, but is not valid ({error}).", fix="Try again later, or tell the publisher."
        ) from None


def nests_too_deep(document: str = "JSON") -> NotAFeed:
    """Return the error for a ``document`` that nests deeper than it can be read."""
    return NotAFeed(
        f"This {document} nests deeper than any feed.",
        fix="Remove this feed, or ask the publisher for another address.",
    )


def is_object(value: object) -> bool:
    """Return whether ``value`` is a JSON object."""
    return isinstance(value, dict)


def object_of(value: object) -> Mapping[str, Any]:
    """Return ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries_of(value: object, most: int) -> list[Mapping[str, Any]]:
    """Return the objects among the first ``most`` entries of a list; none if ``value`` is no list."""
    return [entry for entry in value[:most] if isinstance(entry, dict)] if isinstance(value, list) else []


def text_of(value: object, longest: int = 20_000) -> str | None:
    """Return a text without surrounding blanks, at most ``longest`` characters; None if there is none."""
    if not isinstance(value, str):
        return None
    return _HALF_CHARACTER.sub("\ufffd", value[:longest]).strip() or None


def texts_of(value: object, most: int, longest: int = 500) -> list[str]:
    """Return the texts among the first ``most`` entries of a list, without repetitions."""
    if not isinstance(value, list):
        return []
    texts = (text_of(entry, longest) for entry in value[:most])
    return list(dict.fromkeys(text for text in texts if text))


def number_of(value: object) -> float | None:
    """Return a number, also if it is written as a text; None for anything else, infinity and not-a-number included."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}(?:\.\d{1,3})?", value.strip(), re.ASCII):
        return float(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -1e9 < value < 1e9 else None


def moment_of(value: object) -> datetime | None:
    """Return a date and time of RFC 3339, in UTC if it names no zone; None for anything else."""
    text = text_of(value, 100)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
