"""Reads items that programs put into an inlet, by the same rules as the entries of a feed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schemas.feeds import Feed
from schemas.inlets import PushedItem
from schemas.items import Item
from services.ingest.parse.dates import FUTURE_ALLOWED
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.feed import Unreadable, read_entries
from services.ingest.parse.notes import Notes

__all__ = ["FieldProblem", "PushedBatch", "read_pushed"]


class FieldProblem(NamedTuple):
    """A field of a pushed item that can't be used: the item's position from 0, the field, and what is wrong with it."""

    position: int
    field: str
    message: str


@dataclass(frozen=True)
class PushedBatch:
    """The items of a batch, in its order. If there are ``problems``, none of them may be taken."""

    items: tuple[Item, ...] = ()
    problems: tuple[FieldProblem, ...] = ()
    warnings: tuple[str, ...] = ()


def read_pushed(pushed: Sequence[PushedItem], inlet: Feed, now: datetime) -> PushedBatch:
    """Return ``pushed`` as items of ``inlet``, or everything that is wrong with them.

    The channel is the inlet's, whatever an item says; one that names no publisher is from the inlet itself, unless that
    speaks for others. Nothing is left out or merged in silence: a program must be able to rely on each item of a batch
    being taken, or on being told why not.
    """
    notes = Notes()
    items: list[Item] = []
    problems: list[FieldProblem] = []
    positions: dict[str, int] = {}
    for position, given in enumerate(pushed):
        unreadable: list[Unreadable] = []
        found = read_entries(
            RawFeed("", title=None if inlet.speaks_for else inlet.title, entries=(_entry(given),)),
            feed_url=inlet.url,
            base="",
            publisher=inlet.publisher,
            speaks_for=inlet.speaks_for,
            fetched_at=now,
            notes=notes,
            unreadable=unreadable,
        )
        if not found:
            problems.append(FieldProblem(position, "title", "It has no text that people can read."))
            continue
        item = found[0].item
        problems += _date_problems(position, given, item, now)
        first = positions.setdefault(item.id, position)
        if first != position:
            problems.append(FieldProblem(position, _identity(given), f"It is the same as that of items.{first}."))
        items.append(item)
    return PushedBatch((), tuple(problems)) if problems else PushedBatch(tuple(items), (), notes.lines())


def _entry(given: PushedItem) -> RawEntry:
    return RawEntry(
        guid=given.id,
        url=given.url,
        title=given.title,
        summary=given.summary,
        body=given.body,
        language=given.language,
        published=given.published_at.isoformat() if given.published_at else None,
        updated=given.updated_at.isoformat() if given.updated_at else None,
        authors=given.authors,
        categories=given.categories,
        source_title=given.publisher,
    )


def _date_problems(position: int, given: PushedItem, item: Item, now: datetime) -> list[FieldProblem]:
    problems = []
    for field, stated, read in (
        ("published_at", given.published_at, item.published_at),
        ("updated_at", given.updated_at, item.updated_at),
    ):
        if stated is not None and stated > now + FUTURE_ALLOWED:
            problems.append(FieldProblem(position, field, "It is in the future."))
        elif stated is not None and read is None:
            problems.append(FieldProblem(position, field, "It is not the date of an item."))
    return problems


def _identity(given: PushedItem) -> str:
    """Return the field by which an item is identified."""
    return "id" if given.id else "url" if given.url else "title"
