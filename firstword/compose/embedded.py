"""Build the embedded system: all services in one process, on one SQLite file."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from firstword.compose.common import (
    build_hub_subscriber,
    build_ingest,
    build_pipeline,
    build_sinks,
    open_store,
)
from firstword.compose.desk import build_desk
from firstword.compose.outbound import build_senders
from firstword.disk_space import full_disk
from firstword.firm_files import playbooks_in_force
from firstword.runtimes.embedded import EmbeddedRuntime
from firstword.runtimes.replay import BEGINNING, Emission, Emit, PersistentReplay, Replay
from firstword.sample import prepare as sample
from firstword.sample.prepare import Builders, Prepared, Settle
from firstword.storage.event_log import EventLog
from firstword.store import Store
from firstword.system import System, lock_folder
from firstword.threshold_file import thresholds_in_force
from schemas.clients import Book
from schemas.drafts import DraftCreated
from schemas.items import Item
from services.common.clock import ManualClock
from services.common.errors import BadInput, KnownBadEvent
from services.common.metrics import Metrics
from services.common.processing import AnyEvent
from services.common.settings import Settings
from services.ingest.readers import InProcesses
from services.matcher.thresholds import Thresholds
from services.notifier import audit
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.people.erasure import erased_clients

__all__ = ["build_replay", "build_runtime", "build_system", "prepare", "replay_into_folder"]


def build_system(store: Store, listening: socket.socket) -> System:
    """Build all services, to run in one process; the desk answers on ``listening``."""
    metrics = Metrics()
    runtime = build_runtime(store, _measure_drafts(store, metrics))
    readers = InProcesses(store.settings.reader_processes)
    ingest, hubs = build_ingest(store, metrics, readers), build_hub_subscriber(store, metrics, readers)

    def not_ready() -> Sequence[str]:
        return [*full_disk(store.settings.data), *runtime.not_ready(), *ingest.not_ready()]

    return System(
        store=store,
        runtime=runtime,
        services={"ingest": ingest, **({"websub": hubs} if hubs is not None else {}), **build_senders(store, metrics)},
        server=build_desk(store, ingest, metrics, not_ready),
        listening=listening,
    )


def _measure_drafts(store: Store, metrics: Metrics) -> Callable[[Sequence[AnyEvent]], None]:
    """Return what measures the time from an item's event to the draft that came of it."""
    buckets = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0)
    seconds = metrics.histogram("draft_delay_seconds", "Time from an item's event to the draft of it", (), buckets)

    def measure(events: Sequence[AnyEvent]) -> None:
        now = store.clock.now()
        for written in events:
            if isinstance(written.data, DraftCreated):
                seconds.observe(max(0.0, (now - written.time).total_seconds()))

    return measure


def build_runtime(store: Store, on_events: Callable[[Sequence[AnyEvent]], None] | None = None) -> EmbeddedRuntime:
    """Build the runtime that runs the pipeline and the desk's sinks on the store's database.

    Raises:
        BadInput: the store is the stack's database, where workers run the pipeline.
    """
    settings = store.settings
    if settings.database is not None:
        raise BadInput(
            "FIRSTWORD_DATABASE names the stack's database, and this command works on a data folder.",
            fix="Unset FIRSTWORD_DATABASE, or use the stack's commands: firstword worker, desk, lag, dlq.",
        )
    pipeline = build_pipeline(thresholds_in_force(settings), playbooks_in_force(settings))
    sinks = build_sinks(settings)
    return EmbeddedRuntime(store.engine, pipeline, sinks, store.clock, on_events=on_events, erased=erased_clients)


async def prepare(store: Store, *, book: Book | None, opml: Path | None) -> Prepared:
    """Import the given book and feeds, and fill an empty folder with the sample."""
    return await sample.prepare(store, Builders(build_ingest, _settle_on), book=book, opml=opml)


def _settle_on(store: Store) -> Settle:
    runtime = build_runtime(store)

    async def settle() -> None:
        runtime.run_until_idle()

    return settle


def build_replay(
    book: Book,
    emit: Sequence[Emit],
    *,
    thresholds: Thresholds | None = None,
    playbooks: Playbooks | None = None,
    refused: Callable[[AnyEvent, KnownBadEvent], None] | None = None,
) -> Replay:
    """Build a replay that keeps nothing; by default, with the thresholds and playbooks that ship with Firstword."""
    return Replay(book, build_pipeline(thresholds, playbooks), emit, refused=refused)


def replay_into_folder(
    settings: Settings, book: Book | None, items: Iterable[Item], emit: Sequence[Emit]
) -> Iterator[Emission]:
    """Replay ``items`` and keep the results in the data folder.

    Raises:
        BadInput: no book is given and the folder holds none.
        InUse: a running system uses the folder.
    """
    clock = ManualClock(BEGINNING)
    with lock_folder(settings.data), open_store(settings, clock) as store:
        if book is not None:
            change = store.import_book(book)
            with store.engine.begin() as connection:
                audit.record(connection, store.clock.now(), "ops", "book.imported", "replay", detail=change.summary)
        elif store.book() is None:
            raise BadInput(f"{settings.data} has no client book.", fix="Give one with --book FILE.")
        replay = PersistentReplay(store.engine, EventLog(), clock, emit)
        yield from replay.run(items, build_runtime(store, replay.collect))
