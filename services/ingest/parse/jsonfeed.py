"""Parses JSON Feed 1 and 1.1 (https://jsonfeed.org/version/1.1) to raw entries. A bad item never stops the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from services.ingest.parse.csaf import is_advisory, parse_advisory
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.kev import is_kev, parse_kev
from services.ingest.parse.lenient_json import nests_too_deep
from services.ingest.parse.notes import Notes
from services.ingest.parse.prescan import MAX_ENTRIES

__all__ = ["parse_json_feed"]

_VERSION = re.compile(r"jsonfeed\.org/version/(\d[\d.]{0,5})")
_ITEMS = re.compile(r'"items"\s{0,99}:\s{0,99}\[')
_SEPARATOR = re.compile(r"[\s,]*")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def _as_text(value: object) -> object:
    """Accept numbers as ids, as the specification asks (section Items, ``id``), and half a character of UTF-16."""
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\ufffd", value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_author(value: object) -> object:
    """Accept a name for an author, as feeds from before version 1 have it."""
    return {"name": value} if isinstance(value, str) else value


def _as_list(value: object) -> object:
    """Accept a single value for a list of one."""
    return [value] if isinstance(value, str | dict) else value


def _or_nothing(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
    """Leave out a value of the wrong type, and note it: it doesn't cost the item the rest."""
    try:
        return handler(value)
    except ValidationError as error:
        if isinstance(info.context, Notes):
            info.context.add("A field of the wrong type was left out", f"{info.field_name}: {_first(error)}")
        return None


_Text = Annotated[str | None, BeforeValidator(_as_text), WrapValidator(_or_nothing)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Author(_Lenient):
    name: _Text = None


_OneAuthor = Annotated[_Author | None, BeforeValidator(_as_author), WrapValidator(_or_nothing)]
_Authors = Annotated[tuple[_OneAuthor, ...] | None, BeforeValidator(_as_list), WrapValidator(_or_nothing)]
_Tags = Annotated[tuple[_Text, ...] | None, BeforeValidator(_as_list), WrapValidator(_or_nothing)]


class _Item(_Lenient):
    id: _Text = None
    url: _Text = None
    external_url: _Text = None
    title: _Text = None
    content_html: _Text = None
    content_text: _Text = None
    summary: _Text = None
    date_published: _Text = None
    date_modified: _Text = None
    authors: _Authors = None
    author: _OneAuthor = None
    tags: _Tags = None
    language: _Text = None


class _Head(_Lenient):
    title: _Text = None
    home_page_url: _Text = None
    language: _Text = None
    authors: _Authors = None
    author: _OneAuthor = None


def parse_json_feed(text: str, feed_url: str, notes: Notes) -> RawFeed:
    """Parse the JSON Feed in ``text``; if it is cut off, return the items before the cut and add a note.

    A catalog of exploited vulnerabilities (KEV) and a security advisory (CSAF) are feeds too.

    Raises:
        NotAFeed: ``text`` is other JSON, or not JSON.
    """
    document, items = _load(text, notes)
    if is_kev(document):
        return parse_kev(document, notes)
    if is_advisory(document):
        return parse_advisory(document, feed_url)
    version = _VERSION.search(str(document.get("version", "")))
    if version is None:
        raise NotAFeed(
            "This is JSON, but not a JSON Feed: it has no jsonfeed.org version.",
            fix="Give the address of a feed, not of an API.",
        )
    head = _Head.model_validate(document, context=notes)
    entries = []
    for item in items[:MAX_ENTRIES]:
        try:
            entries.append(_entry(_Item.model_validate(item, context=notes), head, feed_url))
        except ValidationError as error:
            notes.add("An item that is not an object was left out", _first(error))
    if len(items) > MAX_ENTRIES:
        notes.add(f"Only the first {MAX_ENTRIES} entries were read")
    return RawFeed(f"JSON Feed {version[1]}", head.title, head.home_page_url, head.language, entries=tuple(entries))


def _first(error: ValidationError) -> str:
    return error.errors(include_url=False, include_input=False)[0]["msg"]


def _load(text: str, notes: Notes) -> tuple[dict[str, Any], list[Any]]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise nests_too_deep() from None
    except ValueError as error:
        return _salvage(text, error, notes)
    items = document.get("items", []) if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise NotAFeed("This is JSON, but not a JSON Feed: it has no list of items.", fix="Give the address of a feed.")
    return document, items


def _salvage(text: str, error: ValueError, notes: Notes) -> tuple[dict[str, Any], list[Any]]:
    """Return the head and items before the position where the JSON is broken."""
    start = _ITEMS.search(text)
    items = list(_objects(text, start.end())) if start else []
    version = _VERSION.search(text[: start.start()] if start else text)
    if not items or version is None:
        raise NotAFeed(f"This looks like JSON, but is not valid ({error}).", fix="Give the address of a feed.")
    notes.add(f"The document is cut off or broken ({error}); complete items read: {len(items)}")
    try:
        head = json.loads(text[: start.start()].rstrip().rstrip(",") + "}") if start else {}
    except (ValueError, RecursionError):
        head = {}
    return {"version": version[0], **(head if isinstance(head, dict) else {})}, items


def _objects(text: str, at: int) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    for _ in range(MAX_ENTRIES):
        blank = _SEPARATOR.match(text, at)
        try:
            value, at = decoder.raw_decode(text, blank.end() if blank else at)
        except (ValueError, RecursionError):
            return
        yield value


def _entry(item: _Item, head: _Head, feed_url: str) -> RawEntry:
    people = item.authors or (item.author,) if item.authors or item.author else head.authors or (head.author,)
    return RawEntry(
        guid=(item.id or "").strip() or None,
        url=item.url or item.external_url,
        base=feed_url,
        title=item.title,
        summary=item.summary,
        body=item.content_html or item.content_text,
        language=item.language or head.language,
        published=item.date_published,
        updated=item.date_modified,
        authors=tuple(person.name for person in people if person and person.name),
        categories=tuple(tag for tag in item.tags or () if tag),
    )
