"""Replay items through the services' own processors, in event time, as fast as possible.

``now`` is each item's own time, so the same items and the same book always give the same bytes. Used for backtests
("what would we have told this client last month?"), evaluation and debugging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Literal, get_args

from sqlalchemy import Engine

from firstword.book_events import diff_book
from firstword.pipeline import Pipeline
from firstword.runtimes.embedded import EmbeddedRuntime
from firstword.runtimes.memory import MemoryRuntime
from firstword.storage.event_log import EventLog
from schemas.alerts import AlertRaised
from schemas.base import Model, content_id, event
from schemas.clients import Book
from schemas.drafts import DraftCreated
from schemas.items import Item, ItemIngested
from schemas.mentions import ItemAnnotated, SourceGrade, SourceGraded
from services.common.clock import ManualClock
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from services.ingest.identity.dedupe import SeenItem, detect_changes
from services.matcher.reading.claims import classify_claim
from services.matcher.stories.all_items_index import AllItemsIndex

__all__ = [
    "EMITTABLE",
    "Emission",
    "Emit",
    "PersistentReplay",
    "Replay",
    "in_time_order",
    "item_events",
    "source_graded_event",
]

Emit = Literal["mentions", "readings", "stories", "claims", "alerts", "drafts"]
EMITTABLE: tuple[Emit, ...] = get_args(Emit)
#: The topic whose events each is taken from; the others are derived from each item directly.
EMITTED_FROM: dict[Emit, str] = {"mentions": "mentions", "readings": "mentions", "alerts": "alerts", "drafts": "drafts"}
#: The time of everything known before the first item: the book and the source grades.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Emission = Model
PERSISTENT_BATCH = 200


def in_time_order(items: Iterable[Item]) -> list[Item]:
    """Return items sorted by when each was first seen; an item without a time stays behind the one before it."""
    stamped: list[tuple[datetime, Item]] = []
    latest = BEGINNING
    for item in items:
        latest = item.seen_at() or latest
        stamped.append((latest, item))
    stamped.sort(key=lambda pair: pair[0])
    return [item for _, item in stamped]


def source_graded_event(source: SourceGrade, now: datetime, revision: int = 0) -> AnyEvent:
    """Return the event that sets a source's grade."""
    data = SourceGraded(source=source, revision=revision)
    identity = content_id("evt", "source", source.domain, revision)
    return event(data, key=source.domain, id=identity, source="firstword/sources", time=now)


def item_events(items: Iterable[Item]) -> Iterator[AnyEvent]:
    """Yield items as ingest would publish them: without repeats, changes as revisions, in nondecreasing time.

    An id belongs to the feed that used it first; in another feed it is another item, which gets an id of its own.
    """
    known: dict[str, SeenItem] = {}
    feed_of: dict[str, str | None] = {}
    now = BEGINNING
    for item in items:
        feed_url = item.source.feed_url
        if feed_of.setdefault(item.id, feed_url) != feed_url:
            item = item.model_copy(update={"id": content_id("itm", feed_url or "", item.id)})
        now = max(now, item.seen_at() or now)
        earlier = {item.id: known[item.id]} if item.id in known else {}
        (change,) = detect_changes(earlier, [item], now)
        known[item.id] = change.seen
        if change.kind == "unchanged":
            continue
        data = ItemIngested(
            item=item,
            revision=change.revision,
            change="revised" if change.kind == "revised" else "new",
            changed=change.changed,
        )
        identity = content_id("evt", item.id, change.revision, change.seen.fingerprint)
        yield event(data, key=item.id, id=identity, source="firstword/replay", time=now)


class Emitter:
    """Selects the requested results from everything that passes."""

    def __init__(self, emit: Sequence[Emit]) -> None:
        self._emit = frozenset(emit)
        self._stories = AllItemsIndex() if "stories" in self._emit else None

    def from_item(self, item_event: AnyEvent) -> Iterator[Emission]:
        """Yield the requested results that need only the item itself."""
        if not isinstance(item_event.data, ItemIngested):
            return
        if self._stories is not None:
            self._stories.add(item_event.data.item, item_event.time)
            yield from self._stories.closed()
        if "claims" in self._emit:
            yield classify_claim(item_event.data.item)

    def at_end(self) -> Iterator[Emission]:
        """Yield the requested results that depend on items to come: the stories that are still open."""
        if self._stories is not None:
            yield from self._stories.close()

    def from_event(self, result: AnyEvent) -> Iterator[Emission]:
        """Yield the requested result that an event carries."""
        data = result.data
        if isinstance(data, ItemAnnotated):
            if "mentions" in self._emit:
                yield data.mention
            if "readings" in self._emit and data.reading is not None:
                yield data.reading
        elif isinstance(data, AlertRaised) and "alerts" in self._emit:
            yield data.alert
        elif isinstance(data, DraftCreated) and "drafts" in self._emit:
            yield data.draft


class Replay:
    """A replay that stores nothing. ``refused`` is called for each item that a processor refuses."""

    def __init__(
        self,
        book: Book,
        pipeline: Pipeline,
        emit: Sequence[Emit],
        *,
        sources: Sequence[SourceGrade] = (),
        refused: Callable[[AnyEvent, KnownBadEvent], None] | None = None,
    ) -> None:
        self._runtime = MemoryRuntime(pipeline.up_to([EMITTED_FROM[name] for name in emit if name in EMITTED_FROM]))
        self._emitter = Emitter(emit)
        self._refused = refused
        grades = [source_graded_event(source, BEGINNING) for source in sources]
        for reference in (*grades, *diff_book(book, {}, BEGINNING).events):
            for _ in self._runtime.push(reference):
                raise RuntimeError("reference data must not lead to events")

    def run(self, items: Iterable[Item]) -> Iterator[Emission]:
        """Replay ``items``, which must be ordered by time; yield the requested results as they come."""
        now = BEGINNING
        for item_event in item_events(items):
            now = item_event.time
            yield from self._emitter.from_item(item_event)
            try:
                for result in self._runtime.push(item_event):
                    yield from self._emitter.from_event(result)
            except KnownBadEvent as error:
                if self._refused is not None:
                    self._refused(item_event, error)
        for result in self._runtime.finish(now):
            yield from self._emitter.from_event(result)
        yield from self._emitter.at_end()


class PersistentReplay:
    """A replay that stores its results in a data folder. A second replay of the same items adds nothing.

    The runtime must use the same database and clock, and pass the events that it writes to :meth:`collect`.
    """

    def __init__(self, engine: Engine, log: EventLog, clock: ManualClock, emit: Sequence[Emit]) -> None:
        self._engine = engine
        self._log = log
        self._clock = clock
        self._emitter = Emitter(emit)
        self._written: list[AnyEvent] = []

    def collect(self, events: Sequence[AnyEvent]) -> None:
        """Collect the events that a step has written."""
        self._written.extend(events)

    def run(self, items: Iterable[Item], runtime: EmbeddedRuntime) -> Iterator[Emission]:
        """Replay ``items``, which must be ordered by time, in batches; yield the requested results."""
        for batch in _batched(item_events(items), PERSISTENT_BATCH):
            with self._engine.begin() as connection:
                self._log.publish(connection, batch)
            self._clock.set(batch[-1].time)
            runtime.run_until_idle()
            for item_event in batch:
                yield from self._emitter.from_item(item_event)
            for result in self._written:
                yield from self._emitter.from_event(result)
            self._written.clear()
        yield from self._emitter.at_end()


def _batched(events: Iterable[AnyEvent], size: int) -> Iterator[list[AnyEvent]]:
    """Yield batches that don't cross midnight: from the next day on, a rumor's outcome affects its source's grade."""
    for _, day in groupby(events, key=lambda event: event.time.date()):
        while batch := list(islice(day, size)):
            yield batch
