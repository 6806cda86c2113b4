"""Items as JSON lines: written by ``firstword parse``, read by ``firstword replay``. A bad line stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from schemas.base import content_id
from schemas.items import Item
from services.ingest.identity.ids import place_of
from services.ingest.identity.urls import host_of

__all__ = ["ITEM_FIELDS", "SOURCE_FIELDS", "BadLine", "dump_item", "read_items"]

#: The fields of a line in order: a contract with the programs that read them.
ITEM_FIELDS = (
    "id",
    "url",
    "title",
    "summary",
    "body",
    "language",
    "published_at",
    "updated_at",
    "fetched_at",
    "authors",
    "categories",
    "source",
    "dated",
    "filers",
)
SOURCE_FIELDS = ("feed_url", "host", "publisher", "owner")
_OPTIONS = orjson.OPT_UTC_Z
_EXAMPLE = '{"title": "…", "url": "https://…"}'


@dataclass(frozen=True)
class BadLine:
    """A problem with a line.

    A line with an ``error`` is skipped. Each unknown field gives one ``warning``, after the last line; it has the first
    ``line`` with the field and the number of such lines, ``count``.
    """

    name: str
    line: int
    field: str | None
    reason: str
    fix: str
    severity: Literal["error", "warning"] = "error"
    count: int = 1

    def __str__(self) -> str:
        where = f"{self.name}:{self.line}" + (f": {self.field}" if self.field else "")
        return f"{where}: {self.reason} {self.fix}"


def read_items(lines: Iterable[str | bytes], name: str) -> Iterator[Item | BadLine]:
    """Yield the items in ``lines``, in order; ``name`` is the file's name for messages. Empty lines are skipped.

    An item needs ``title``, and ``url`` or ``id``; a missing id is derived from the URL, as for an item of a feed.
    ``source.feed_url`` is its channel. Lines can't vouch for a publisher: ``source.speaks_for`` is unknown here.
    """
    unknown: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = _load(line)
            for path in _unknown(values):
                first, count = unknown.get(path, (number, 0))
                unknown[path] = (first, count + 1)
            yield _item(values)
        except _Bad as bad:
            yield BadLine(name, number, bad.field, bad.reason, bad.fix)
    for path, (first, count) in unknown.items():
        times = f" in {count} lines" if count > 1 else ""
        reason = f"Unknown field, ignored{times}."
        yield BadLine(name, first, path, reason, f"Known fields: {', '.join(ITEM_FIELDS)}.", "warning", count)


def dump_item(item: Item) -> str:
    """Return ``item`` as one line of JSON without a newline: all fields, missing ones as null, letters unescaped."""
    values: dict[str, Any] = {name: getattr(item, name) for name in ITEM_FIELDS}
    values["source"] = {name: getattr(item.source, name) for name in SOURCE_FIELDS}
    values["filers"] = [filer.model_dump() for filer in item.filers]
    return orjson.dumps(values, option=_OPTIONS).decode()


class _Bad(Exception):
    def __init__(self, field: str | None, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.fix = field, reason, fix


def _load(line: str | bytes) -> dict[str, Any]:
    try:
        values = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if isinstance(line, bytes) else line.lstrip("\ufeff"))
    except (orjson.JSONDecodeError, UnicodeError) as error:
        raise _Bad(None, f"Not JSON ({error}).", f"Write one object per line, such as {_EXAMPLE}.") from None
    if not isinstance(values, dict):
        raise _Bad(None, "Not a JSON object.", f"Write one object per line, such as {_EXAMPLE}.")
    return values


def _unknown(values: dict[str, Any]) -> Iterator[str]:
    yield from (name for name in values if name not in ITEM_FIELDS)
    source = values.get("source")
    if isinstance(source, dict):
        yield from (f"source.{name}" for name in source if name not in SOURCE_FIELDS)


def _item(values: dict[str, Any]) -> Item:
    given = {name: value for name, value in values.items() if value is not None}
    title, url = given.get("title"), given.get("url")
    if not isinstance(title, str) or not title.strip():
        raise _Bad("title", "An item needs a title that is not empty.", 'Add "title": "…".')
    if url is not None and not isinstance(url, str):
        raise _Bad("url", "The url must be text.", 'Write "url": "https://…".')
    if not given.get("id"):
        if not url:
            raise _Bad("url", "An item needs a url or an id.", 'Add "url": "https://…".')
        given["id"] = _id_from_url(given.get("source"), url)
    source = given.get("source", {})
    if isinstance(source, dict):
        source = {name: source[name] for name in SOURCE_FIELDS if name in source}
        if url and not source.get("host"):
            source["host"] = host_of(url)
        given["source"] = source
    try:
        return Item.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _Bad(
            ".".join(map(str, first["loc"])), f"{_sentence(first['msg'])}", "Fix or leave out the field."
        ) from None


def _id_from_url(source: object, url: str) -> str:
    feed_url = source.get("feed_url") if isinstance(source, dict) else None
    return content_id("itm", *((feed_url,) if isinstance(feed_url, str) and feed_url else ()), place_of(url))


def _sentence(message: str) -> str:
    """Return pydantic's message as a sentence."""
    bare = message.removeprefix("Value error, ").rstrip(".")
    return bare[:1].upper() + bare[1:] + "."
