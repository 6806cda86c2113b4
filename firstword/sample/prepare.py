"""Prepare a first start: fill an empty folder or database with a client book, feeds, and the sample's news."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from firstword.book import load_book
from firstword.runtimes.replay import source_graded_event
from firstword.sample.files import example
from firstword.sample.newswire import Action, Newswire, TimedStory, read_newswire, render_feed, schedule
from firstword.store import Store
from schemas.clients import Book
from services.common.clock import ManualClock
from services.common.db import reading
from services.common.errors import BadInput
from services.common.private_files import make_private_folder
from services.ingest.service import IngestService
from services.notifier import audit, queries
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.actions.drafts import mark_sent
from services.notifier.desk.auth import Viewer
from services.notifier.scope import EVERYTHING
from services.notifier.tables import drafts

__all__ = ["Builders", "Prepared", "Settle", "prepare"]

SAMPLE_USER = Viewer("sample", "Sample", "owner", None, "UTC")


@dataclass(frozen=True)
class Prepared:
    """The result of the preparation. ``notes`` are lines for the person at the terminal."""

    is_first: bool
    notes: tuple[str, ...]


#: Waits until all services have processed everything that was published so far.
Settle = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Builders:
    """The functions that build what the sample is played through, for a store whose clock the sample sets."""

    ingest: Callable[[Store], IngestService]
    settling: Callable[[Store], Settle]


async def prepare(store: Store, builders: Builders, *, book: Book | None, opml: Path | None) -> Prepared:
    """Import the given book and feeds; an installation without any gets the sample's.

    After a crash, this can run again: it adds only what is missing. The sample's news is played only if the book is the
    sample's and no item has been read yet.

    Raises:
        BadInput: a given file can't be used.
    """
    notes: list[str] = []
    known = store.book()
    wanted = book if book is not None else (_sample_book() if known is None else None)
    if wanted is not None:
        change = store.import_book(wanted)
        if book is not None:
            with store.engine.begin() as connection:
                audit.record(connection, store.clock.now(), "ops", "book.imported", "start", detail=change.summary)
        sample = " (the sample's invented clients)" if wanted.firm.sample else ""
        notes.append(f"Client book: {change.summary}{sample}")
        if change.not_in_book:
            notes.append(f"Client book: {len(change.not_in_book)} existing clients are not in this book and stay")
    ingest = builders.ingest(store)
    notes += _feeds(ingest, opml)
    is_first = _no_items(store)
    current = store.book()
    if is_first and current is not None and current.firm.sample:
        count = await play(store, builders, read_newswire(example("newswire.yaml")))
        notes.append(f"Sample news: {count} invented stories played")
    return Prepared(is_first, tuple(notes))


async def play(store: Store, builders: Builders, newswire: Newswire) -> int:
    """Play the newswire up to now, with the clock set to each story's time; return the number of stories."""
    start = store.clock.now()
    timeline = schedule(newswire, start)
    clock = ManualClock(timeline[0].at - timedelta(hours=1))
    past = replace(store, clock=clock)
    ingest, settle = builders.ingest(past), builders.settling(past)
    with past.engine.begin() as connection:
        grades = [
            source_graded_event(publisher.source_grade(), clock.now()) for publisher in newswire.publishers.values()
        ]
        past.events.publish(connection, grades)
    await settle()
    actions = sorted(newswire.actions, key=lambda action: action.at)
    published: dict[str, list[TimedStory]] = {}
    for timed in timeline:
        while actions and start + timedelta(hours=actions[0].at) <= timed.at:
            action = actions.pop(0)
            clock.set(start + timedelta(hours=action.at))
            _act(past, action)
            await settle()
        clock.set(timed.at)
        publisher = timed.story.by
        published.setdefault(publisher, []).append(timed)
        await _poll(past, ingest, newswire, publisher, published[publisher])
        await settle()
    return len(timeline)


async def _poll(store: Store, ingest: IngestService, newswire: Newswire, key: str, stories: list[TimedStory]) -> None:
    publisher = newswire.publishers[key]
    path = store.settings.data / "sample" / f"{key}.xml"
    make_private_folder(path.parent)
    path.write_text(render_feed(publisher, stories), encoding="utf-8")
    feed = ingest.add_feed(
        path.resolve().as_uri(),
        title=f"Sample: {publisher.name}",
        publisher=publisher.name,
        group="Sample",
        speaks_for=(publisher.domain,),
        ground="Written by the sample for this invented publisher.",
    )
    await ingest.poll(feed.id)


def _act(store: Store, action: Action) -> None:
    """Perform an action of the account manager at the desk."""
    query = (
        select(drafts.c.id)
        .where(drafts.c.client_id == action.send, drafts.c.state == "open")
        .order_by(drafts.c.created_at.desc(), drafts.c.id)
    )
    with store.engine.begin() as connection:
        for draft_id in connection.scalars(query).all():
            line = queries.draft(connection, EVERYTHING, draft_id)
            if line is not None and action.about in line.subject:
                context = ActionContext(connection, store.events, SAMPLE_USER, store.clock.now())
                mark_sent(context, draft_id, line.version)
                return


def _feeds(ingest: IngestService, opml: Path | None) -> list[str]:
    if opml is not None:
        try:
            raw, name = opml.read_bytes(), str(opml)
        except OSError as error:
            raise BadInput(f"{opml}: {error.strerror}.", fix="Give the path of an OPML file.") from None
    elif ingest.list_feeds():
        return []
    else:
        path = example("feeds.opml")
        raw, name = path.read_bytes(), path.name
    done = ingest.import_feeds(raw, name)
    notes = [f"Feeds: {len(done.added)} added, {len(done.already)} already present"]
    return notes + [str(problem) for problem in done.problems]


def _sample_book() -> Book:
    path = example("book.yaml")
    book, problems = load_book(path.read_text(encoding="utf-8"), path.name)
    if book is None:
        raise BadInput(f"The sample book {path.name} is invalid: {problems[0].message}", fix=problems[0].fix)
    return book


def _no_items(store: Store) -> bool:
    with reading(store.engine) as connection:
        return not store.events.has_any(connection, "items")
