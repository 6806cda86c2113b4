"""Reads items for an inlet from a file with a JSON object per line. Pure; a bad line stops no other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from schemas.feeds import Feed
from schemas.inlets import MOST_PUSHED, PushedItem
from schemas.items import Item
from services.ingest.inlets.pushed import PushedBatch, read_pushed

__all__ = ["BadItem", "ReadLines", "read_lines"]

_Numbered = tuple[int, PushedItem]


@dataclass(frozen=True, slots=True)
class BadItem:
    """A line that can't be used: where, which field, and what is wrong."""

    file: str
    line: int
    field: str | None
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" + (f": {self.field}" if self.field else "")
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class ReadLines:
    """The items of a file in order, in batches without repeats, and the lines that can't be used."""

    batches: tuple[tuple[Item, ...], ...]
    problems: tuple[BadItem, ...]
    warnings: tuple[str, ...] = ()


def read_lines(raw: bytes, file: str, inlet: Feed, now: datetime) -> ReadLines:
    """Return the items in the lines of ``raw``; ``file`` is its name in messages.

    A line that repeats the identity of an earlier one is a revision of it.
    """
    bad: list[BadItem] = []
    batches: list[tuple[Item, ...]] = []
    warnings: dict[str, None] = {}
    for numbered in _batches(_parsed(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), file, bad)):
        batch = _usable(numbered, file, inlet, now, bad)
        warnings |= dict.fromkeys(batch.warnings)
        if batch.items:
            batches.append(batch.items)
    return ReadLines(tuple(batches), tuple(sorted(bad, key=lambda problem: problem.line)), tuple(warnings))


def _parsed(lines: Iterable[bytes], file: str, bad: list[BadItem]) -> Iterator[_Numbered]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values: Any = json.loads(line)
            yield number, PushedItem.model_validate(values)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                field = ".".join(map(str, problem["loc"])) or None
                bad.append(BadItem(file, number, field, f"{problem['msg'].removeprefix('Value error, ')}."))
        except (ValueError, RecursionError) as error:
            bad.append(BadItem(file, number, None, f"Not JSON ({error})."))


def _batches(numbered: Iterable[_Numbered]) -> Iterator[list[_Numbered]]:
    """Yield items in batches; one that repeats another's identity begins the next batch."""
    batch: list[_Numbered] = []
    identities: set[str] = set()
    for line, item in numbered:
        identity = item.id or item.url or item.title
        if len(batch) == MOST_PUSHED or identity in identities:
            yield batch
            batch, identities = [], set()
        batch.append((line, item))
        identities.add(identity)
    if batch:
        yield batch


def _usable(numbered: list[_Numbered], file: str, inlet: Feed, now: datetime, bad: list[BadItem]) -> PushedBatch:
    """Return those items that can be used; the problems of the others go to ``bad``."""
    while numbered:
        batch = read_pushed([item for _, item in numbered], inlet, now)
        if not batch.problems:
            return batch
        bad += [
            BadItem(file, numbered[problem.position][0], problem.field, _by_line(problem.message, numbered))
            for problem in batch.problems
        ]
        refused = {problem.position for problem in batch.problems}
        numbered = [pair for position, pair in enumerate(numbered) if position not in refused]
    return PushedBatch()


def _by_line(message: str, numbered: list[_Numbered]) -> str:
    """Return a message on another item of the batch with that item's line."""
    before, found, position = message.rstrip(".").partition("that of items.")
    return f"{before}that of line {numbered[int(position)][0]}." if found else message
