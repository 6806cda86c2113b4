"""Runs items through the very processors of the services, in event time, as fast as it can.

``now`` is each item's own time, so the same items and the same book give the same bytes, whenever it is run: for
backtests ("what would we have told this client last month?"), for evaluation and for debugging.
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
from services.common.clock import SetClock
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from services.ingest.identity.dedupe import Seen, compare
from services.ingest.parse.feed import ParsedItem
from services.matcher.reading.claims import classify_claim
from services.matcher.stories.index import StoryIndex

__all__ = [
    "EMITTABLE",
    "Emission",
    "Emit",
    "KeptReplay",
    "Replay",
    "in_time_order",
    "item_events",
    "source_graded_event",
]

Emit = Literal["mentions", "stories", "claims", "alerts", "drafts"]
EMITTABLE: tuple[Emit, ...] = get_args(Emit)
#: From which topic's events it is taken; the rest is said of each item by itself.
EMITTED_FROM: dict[Emit, str] = {"mentions": "mentions", "alerts": "alerts", "drafts": "drafts"}
#: What was there before the first item: the book and the source grades.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Emission = Model
KEPT_BATCH = 200


def in_time_order(items: Iterable[Item]) -> list[Item]:
    """Items sorted by when each could first be known; those without any time keep their place after the last one."""
    stamped: list[tuple[datetime, Item]] = []
    latest = BEGINNING
    for item in items:
        latest = item.seen_at() or latest
        stamped.append((latest, item))
    stamped.sort(key=lambda pair: pair[0])
    return [item for _, item in stamped]


def source_graded_event(source: SourceGrade, now: datetime, revision: int = 0) -> AnyEvent:
    """A source's grade as the event that sets it."""
    data = SourceGraded(source=source, revision=revision)
    identity = content_id("evt", "source", source.domain, revision)
    return event(data, key=source.domain, id=identity, source="firstword/sources", time=now)


def item_events(items: Iterable[Item]) -> Iterator[AnyEvent]:
    """Items as ingest would hand them on: repeats left out, changed ones as revisions, time never running back."""
    known: dict[str, Seen] = {}
    now = BEGINNING
    for item in items:
        now = max(now, item.seen_at() or now)
        earlier = {item.id: known[item.id]} if item.id in known else {}
        (change,) = compare(earlier, [ParsedItem(guid=None, item=item)], now)
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
    """Picks what was asked for out of everything that passes."""

    def __init__(self, emit: Sequence[Emit]) -> None:
        self._emit = frozenset(emit)
        self._stories = StoryIndex() if "stories" in self._emit else None

    def of_item(self, given: AnyEvent) -> Iterator[Emission]:
        """What can be said of an item by itself, watched or not."""
        if not isinstance(given.data, ItemIngested):
            return
        if self._stories is not None:
            yield self._stories.add(given.data.item, given.time)
        if "claims" in self._emit:
            yield classify_claim(given.data.item)

    def of_event(self, following: AnyEvent) -> Iterator[Emission]:
        """What an event that followed from an item carries."""
        data = following.data
        if isinstance(data, ItemAnnotated) and "mentions" in self._emit:
            yield data.mention
        elif isinstance(data, AlertRaised) and "alerts" in self._emit:
            yield data.alert
        elif isinstance(data, DraftCreated) and "drafts" in self._emit:
            yield data.draft


class Replay:
    """One run over items, keeping nothing. ``refused`` is told of items that a processor could not work with."""

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
        beginning = [source_graded_event(source, BEGINNING) for source in sources]
        for reference in (*beginning, *diff_book(book, {}, BEGINNING).events):
            for _ in self._runtime.push(reference):
                raise RuntimeError("reference data led to events")

    def run(self, items: Iterable[Item]) -> Iterator[Emission]:
        """Replay ``items``, given in the order of their times; yield what was asked for as it comes."""
        now = BEGINNING
        for given in item_events(items):
            now = given.time
            yield from self._emitter.of_item(given)
            try:
                for following in self._runtime.push(given):
                    yield from self._emitter.of_event(following)
            except KnownBadEvent as error:
                if self._refused is not None:
                    self._refused(given, error)
        for following in self._runtime.finish(now):
            yield from self._emitter.of_event(following)


class KeptReplay:
    """A run over items whose results stay in a data folder: a second run of the same items adds nothing.

    ``runtime`` must work on ``store`` with the clock that ``store`` has, and hand its events to :meth:`take`.
    """

    def __init__(self, engine: Engine, log: EventLog, clock: SetClock, emit: Sequence[Emit]) -> None:
        self._engine = engine
        self._log = log
        self._clock = clock
        self._emitter = Emitter(emit)
        self._taken: list[AnyEvent] = []

    def take(self, events: Sequence[AnyEvent]) -> None:
        """Be told of events that a step has written."""
        self._taken.extend(events)

    def run(self, items: Iterable[Item], runtime: EmbeddedRuntime) -> Iterator[Emission]:
        """Replay ``items``, given in the order of their times, a batch at a time."""
        for batch in _batched(item_events(items), KEPT_BATCH):
            with self._engine.begin() as connection:
                self._log.publish(connection, batch)
            self._clock.set(batch[-1].time)
            runtime.run_until_idle()
            for given in batch:
                yield from self._emitter.of_item(given)
            for following in self._taken:
                yield from self._emitter.of_event(following)
            self._taken.clear()


def _batched(events: Iterable[AnyEvent], size: int) -> Iterator[list[AnyEvent]]:
    """Batches within a day: how a rumor ended counts for its sources from the next day on, and must be known then."""
    for _, day in groupby(events, key=lambda event: event.time.date()):
        while batch := list(islice(day, size)):
            yield batch
