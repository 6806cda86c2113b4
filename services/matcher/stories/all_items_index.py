"""Pick the story that any item belongs to, watched or not, by the same comparison of pairs as for one watched entity.

For replay and evaluation, where one process sees every item. Mutable, unlike everything else in this package; memory is
bounded by the window. Here two stories that turn out to be one are merged: which story an item belongs to is final when
its story leaves the window.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from schemas.items import Item
from schemas.mentions import Signature, StoryRecord
from services.matcher.stories.embedding import DIMENSIONS
from services.matcher.stories.pairwise import Report, default_model, text_report
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.similarity import is_near_copy, unit_rows
from services.matcher.stories.story import STORY_WINDOW, Story, add_to_story, relation_to, start_story

__all__ = ["AllItemsIndex"]

#: Near-copies are looked up by an item's smallest shingles; copies almost certainly share one of them.
_PROBES = 8
#: An item is compared with the last reports of so many stories, those with the closest meaning.
_MAX_CANDIDATES, _REPORTS = 8, 8
#: An item joins, and stories merge, at this mean of the fourth roots of the probabilities that two reports are of one
#: event, or more where there are few reports. The root keeps one report in quite different words from outweighing
#: several that fit. Chosen on half of the stories in ../shared/data/stories (bench/eval_stories.py).
_ROOT, _JOIN_AT, _YOUNG_AT = 0.25, 0.45, 0.15


@dataclass(slots=True)
class _Entry:
    """An open story, its last reports, and the rows of their vectors."""

    story: Story
    reports: list[Report]
    rows: list[int]
    records: dict[str, StoryRecord] = field(default_factory=dict)


class AllItemsIndex:
    """All stories whose last item is within the window, with the indexes that find them."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._story_of: dict[str, str] = {}
        self._by_shingle: dict[int, str] = {}  # to the item that has it
        self._vectors = np.zeros((256, DIMENSIONS), np.float32)
        self._owners: list[str] = [""] * 256
        self._free: list[int] = list(range(255, -1, -1))
        self._leaving: list[tuple[datetime, str]] = []
        self._newest: datetime | None = None
        self._closed: list[StoryRecord] = []

    def __len__(self) -> int:
        """Return the number of open stories."""
        return len(self._entries)

    def add(self, item: Item, at: datetime) -> StoryRecord:
        """Put ``item``, published or first seen ``at`` (UTC), into its story; an item seen before stays there.

        The record says what is known now; :meth:`closed` and :meth:`close` give the final ones.
        """
        signature = compute_signature(item)
        report = text_report(item.id, signature, at)
        if self._newest is None or at > self._newest:
            self._newest = at
            self._forget(at - STORY_WINDOW)
        known = self._story_of.get(item.id)
        if known is not None:
            return self._join(self._entries[known], report, signature, copy=False, revision=True)
        copied = self._find_copied(signature, at)
        if copied is not None:
            return self._join(copied, report, signature, copy=True, revision=False)
        likeness = [(_likeness([report], entry.reports), entry) for entry in self._closest(report)]
        fitting = [pair for pair in likeness if pair[0] >= _required(len(pair[1].reports))]
        fitting.sort(key=lambda pair: pair[0], reverse=True)
        if not fitting:
            return self._start(report, signature, item.title)
        best, *others = (entry for _, entry in fitting)
        record = self._join(best, report, signature, copy=False, revision=False)
        self._merge(best, others)
        return record

    def closed(self) -> Iterator[StoryRecord]:
        """Yield the final records of items whose stories have left the window since the last call."""
        closed, self._closed = self._closed, []
        yield from closed

    def close(self) -> Iterator[StoryRecord]:
        """Yield the final records of all items that are left; the index is empty then."""
        for story_id in list(self._entries):
            self._close(story_id)
        self._leaving.clear()
        yield from self.closed()

    def _find_copied(self, signature: Signature, at: datetime) -> _Entry | None:
        probed = (self._by_shingle.get(shingle, "") for shingle in signature.shingles[:_PROBES])
        for story_id in dict.fromkeys(self._story_of.get(item_id, "") for item_id in probed):
            entry = self._entries.get(story_id)
            if entry is None or entry.story.distance(at) > STORY_WINDOW:
                continue
            if is_near_copy(entry.story, signature.shingles):
                return entry
        return None

    def _closest(self, report: Report) -> list[_Entry]:
        """Return the stories within the window with a report whose meaning is close."""
        if not report.embedding:
            return []
        scores = self._vectors @ unit_rows([report.embedding])[0]
        closest = np.argsort(-scores, kind="stable")[: _MAX_CANDIDATES * _REPORTS]
        owners = dict.fromkeys(self._owners[row] for row in closest)
        entries = (self._entries[story_id] for story_id in owners if story_id)
        near = [entry for entry in entries if entry.story.distance(report.at) <= STORY_WINDOW]
        return near[:_MAX_CANDIDATES]

    def _start(self, report: Report, signature: Signature, title: str) -> StoryRecord:
        entry = _Entry(start_story(report, signature, title), [], [])
        self._entries[report.item_id] = entry
        self._note(entry, report, signature)
        record = StoryRecord(item_id=report.item_id, story_id=report.item_id, relation="new")
        entry.records[report.item_id] = record
        return record

    def _join(self, entry: _Entry, report: Report, signature: Signature, *, copy: bool, revision: bool) -> StoryRecord:
        story = entry.story
        relation = relation_to(story, signature, copy=copy)
        entry.story = add_to_story(story, report, signature, revision=revision)
        if not revision:
            self._note(entry, report, signature)
        record = StoryRecord(item_id=report.item_id, story_id=story.id, relation=relation)
        entry.records[report.item_id] = record
        return record

    def _note(self, entry: _Entry, report: Report, signature: Signature) -> None:
        """Add the report to the indexes, in the place of the story's oldest one if it has many."""
        self._story_of[report.item_id] = entry.story.id
        for shingle in signature.shingles[:_PROBES]:
            self._by_shingle[shingle] = report.item_id
        heapq.heappush(self._leaving, (entry.story.last_at, entry.story.id))
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._vectors[row] = unit_rows([report.embedding])[0]
        self._owners[row] = entry.story.id
        entry.reports.append(report)
        entry.rows.append(row)
        self._trim(entry)

    def _grow(self) -> None:
        size = len(self._owners)
        self._vectors = np.vstack([self._vectors, np.zeros((size, DIMENSIONS), np.float32)])
        self._owners += [""] * size
        self._free = list(range(2 * size - 1, size - 1, -1))

    def _trim(self, entry: _Entry) -> None:
        while len(entry.reports) > _REPORTS:
            del entry.reports[0]
            self._release(entry.rows.pop(0))

    def _release(self, row: int) -> None:
        self._vectors[row] = 0.0
        self._owners[row] = ""
        self._free.append(row)

    def _merge(self, entry: _Entry, others: list[_Entry]) -> None:
        """Merge the story with the one most like it of ``others``, if they turn out to be one; the older id stays."""
        best = max(others, key=lambda other: _likeness(entry.reports, other.reports), default=None)
        if best is None:
            return
        fewest = min(len(entry.reports), len(best.reports))
        if _likeness(entry.reports, best.reports) < _required(fewest):
            return
        older, younger = sorted((entry, best), key=lambda other: (other.story.first_at, other.story.id))
        story, added = older.story, younger.story
        older.story = Story(
            id=story.id,
            title=story.title,
            first_at=story.first_at,
            last_at=max(story.last_at, added.last_at),
            count=story.count + added.count,
            numbers=story.numbers | added.numbers,
            states=story.states | added.states,
            sketches=(*story.sketches, *added.sketches)[:_REPORTS],
            items=story.items,
            reports=story.reports,
        )
        for item_id, record in younger.records.items():
            relation = "same" if record.relation == "new" else record.relation
            older.records[item_id] = StoryRecord(item_id=item_id, story_id=story.id, relation=relation)
            self._story_of[item_id] = story.id
        for row in younger.rows:
            self._owners[row] = story.id
        both = sorted(
            zip((*older.reports, *younger.reports), (*older.rows, *younger.rows), strict=True),
            key=lambda pair: (pair[0].at, pair[0].item_id),
        )
        older.reports, older.rows = [report for report, _ in both], [row for _, row in both]
        self._trim(older)
        del self._entries[added.id]
        heapq.heappush(self._leaving, (older.story.last_at, story.id))

    def _close(self, story_id: str) -> None:
        entry = self._entries.pop(story_id)
        for row in entry.rows:
            self._release(row)
        for item_id, record in entry.records.items():
            del self._story_of[item_id]
            self._closed.append(record)

    def _forget(self, before: datetime) -> None:
        """Drop the stories whose last item is older than ``before``."""
        while self._leaving and self._leaving[0][0] < before:
            last_at, story_id = heapq.heappop(self._leaving)
            entry = self._entries.get(story_id)
            if entry is not None and entry.story.last_at <= last_at:
                self._close(story_id)
        if len(self._by_shingle) > 4 * _PROBES * max(len(self._story_of), 1_000):
            self._by_shingle = {key: value for key, value in self._by_shingle.items() if value in self._story_of}


def _required(reports: int) -> float:
    """Return the likeness that is required of a story with so many reports: one or two show less than many."""
    return _JOIN_AT + _YOUNG_AT / reports


def _likeness(reports: Iterable[Report], others: Sequence[Report]) -> float:
    """Return how probably two groups of reports are of one event, over all pairs."""
    model = default_model()
    found: list[float] = [model.probability(left, right) ** _ROOT for left in reports for right in others]
    return sum(found) / len(found)
