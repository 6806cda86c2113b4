"""The notifier on a real database, filled from events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, select

from firstword.desk_book import DeskBook
from firstword.interest_preview import InterestPreviewer
from firstword.storage.engine import open_sqlite
from schemas.topics import topic_of
from services.common.db import reading
from services.common.errors import BadInput, FirstwordError
from services.common.processing import AnyEvent
from services.notifier import queries
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk import auth
from services.notifier.desk.actions import alerts, client_edits, clients, deliveries, stopped_news
from services.notifier.desk.actions import drafts as draft_actions
from services.notifier.desk.actions import undo as undo_actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.app import create_app
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import (
    DeskDependencies,
    DeskSettings,
    FeedImport,
    FeedView,
    FoundFeed,
    PreviewItem,
    SourceView,
)
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING
from services.notifier.sinks import all_sinks
from services.notifier.tables import drafts, metadata
from services.notifier.trades.catalog import Trades
from tests.desk_data import NOW, seed_events
from tests.fakes import CollectingPublisher, FakeClock, ScriptedChannel

__all__ = ["OWNER", "FeedNotes", "World"]

OWNER = Viewer("owner", "Owner", "owner", None, "Europe/Stockholm")
ACTIONS = (draft_actions, deliveries, clients, client_edits, alerts, stopped_news, undo_actions)
BOOK = DeskBook(Trades.shipped())
SETTINGS = DeskSettings(
    secret="a secret of the tests, long enough to sign", base_url="http://testserver", allowed_hosts=("testserver",),
    mail_channel=True, page_size=5,
)  # fmt: skip


@cache
def _seed() -> tuple[AnyEvent, ...]:
    return tuple(seed_events())


#: The sample desk in memory, by the schema of its tables: to copy it takes less time than to apply its events.
_SAMPLES: dict[str, sqlite3.Connection] = {}


def _schema(engine: Engine) -> str:
    with engine.connect() as connection:
        return "\n".join(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql NOT NULL").scalars())


def _file(engine: Engine) -> Path:
    assert engine.url.database is not None
    return Path(engine.url.database)


def _copied(engine: Engine) -> sqlite3.Connection:
    sample = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(sqlite3.connect(_file(engine))) as source:
        source.backup(sample)
    return sample


def _copy(sample: sqlite3.Connection, engine: Engine) -> None:
    engine.dispose()
    with closing(sqlite3.connect(_file(engine))) as target:
        sample.backup(target)


class FeedNotes:
    """Feed actions that are only recorded; an address that does not begin with https is refused."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []

    def add(self, url: str) -> None:
        if not url.startswith("https://"):
            raise FirstwordError(f"{url} is not a web address.", fix="Give one that begins with https://")
        self.done.append(("add", url))

    def remove(self, feed_id: str) -> None:
        self.done.append(("remove", feed_id))

    def pause(self, feed_id: str) -> None:
        self.done.append(("pause", feed_id))

    def resume(self, feed_id: str) -> None:
        self.done.append(("resume", feed_id))

    async def find(self, url: str) -> Sequence[FoundFeed]:
        if "." not in url:
            raise BadInput("There is no feed at this address.", fix="Look for a link called RSS.")
        items = (PreviewItem("Halden cuts its dividend", NOW),)
        return [
            FoundFeed(f"{url}/feed", "Northgate Wire", 12, items),
            FoundFeed(f"{url}/old", problem="The server does not know it.", fix="Use another."),
        ]

    def set_speakers(self, feed_id: str, domains: Sequence[str], ground: str) -> None:
        self.done.append((",".join(domains), ground))

    def import_opml(self, raw: bytes, name: str) -> FeedImport:
        self.done.append((name, raw.decode()))
        return FeedImport(2, 1, ("line 3: no address",))

    def export_opml(self) -> bytes:
        return b"<opml/>"


@dataclass(frozen=True)
class Newest:
    """Items as a store has them, the latest first."""

    items: tuple[AnyEvent, ...]

    def newest(self, connection: Connection, topic: str, limit: int) -> list[AnyEvent]:
        assert topic == "items"
        return list(self.items[:limit])


@dataclass
class World:
    """A database, a clock, a publisher, and the desk and workers on them."""

    engine: Engine
    clock: FakeClock
    publisher: CollectingPublisher
    feed_notes: FeedNotes
    settings: DeskSettings = SETTINGS
    feeds: tuple[FeedView, ...] = ()
    sources: tuple[SourceView, ...] = ()

    @classmethod
    def make(cls, folder: Path, events: Sequence[AnyEvent] | None = None) -> World:
        """Create a database filled with ``events`` (default: the sample desk)."""
        engine = open_sqlite(folder / "desk.db")
        metadata.create_all(engine)
        return cls.on(engine, events)

    @classmethod
    def on(cls, engine: Engine, events: Sequence[AnyEvent] | None = None) -> World:
        """Fill an empty database with ``events`` (default: the sample desk)."""
        world = cls(engine, FakeClock(NOW), CollectingPublisher(), FeedNotes())
        if events is not None or engine.dialect.name != "sqlite":
            world._fill(_seed() if events is None else events)
            return world
        schema = _schema(engine)
        if (sample := _SAMPLES.get(schema)) is None:
            world._fill(_seed())
            _SAMPLES[schema] = _copied(engine)
        else:
            _copy(sample, engine)
        return world

    def _fill(self, events: Sequence[AnyEvent]) -> None:
        self.apply(events)
        with self.engine.begin() as connection:
            auth.ensure_owner(connection, NOW, time_zone="Europe/Stockholm")
            auth.ensure_manager(connection, NOW, manager_id="mara", name="Mara", time_zone="Europe/Stockholm")
            auth.ensure_manager(connection, NOW, manager_id="june", name="June", time_zone="America/New_York")

    def apply(self, events: Sequence[AnyEvent]) -> None:
        """Apply ``events`` to the sinks, as the runtime does."""
        with self.engine.begin() as connection:
            for event in events:
                for sink in all_sinks():
                    if topic_of(event).name in sink.inputs:
                        sink.apply(connection, event)

    def desk(
        self, act: str, *args: object, viewer: Viewer = OWNER, undo: timedelta = timedelta(), **named: object
    ) -> object:
        """Run one action of ``viewer`` in its own transaction; by default, it takes effect at once."""
        (action,) = (getattr(module, act) for module in ACTIONS if act in module.__all__)
        with self.engine.begin() as connection:
            context = ActionContext(connection, self.publisher, viewer, self.clock.now(), client_book=BOOK, undo=undo)
            return action(context, *args, **named)

    def draft(self, client_id: str, verdict: str = "tell", state: str | None = None) -> DraftLine:
        """Return the first draft for a client with this verdict."""
        query = select(drafts.c.id).where(drafts.c.client_id == client_id, drafts.c.verdict == verdict)
        if state is not None:
            query = query.where(drafts.c.state == state)
        with reading(self.engine) as connection:
            draft_id = connection.execute(query.order_by(drafts.c.deadline_at.desc()).limit(1)).scalar_one()
            return self.line(draft_id)

    def line(self, draft_id: str) -> DraftLine:
        """Return a draft in its current state."""
        with reading(self.engine) as connection:
            line = queries.draft(connection, EVERYTHING, draft_id)
        assert line is not None
        return line

    def types(self) -> list[str]:
        """Return the types of the published events, in order."""
        return [event.data.event_type for event in self.publisher.events]

    def worker(self, channel: ScriptedChannel) -> DeliveryWorker:
        """Return a worker that sends by ``channel``."""
        return DeliveryWorker(self.engine, self.publisher, self.clock, {channel.name: channel})

    def browser(self, user_id: str | None = "owner") -> TestClient:
        """Return a web client, signed in as ``user_id``."""
        dependencies = DeskDependencies(
            self.engine, self.publisher, self.clock, self.settings, lambda: self.feeds, self.feed_notes,
            client_book=BOOK, sources_view=lambda: self.sources,
            interest_previews=InterestPreviewer(self.engine, Newest(())),
        )  # fmt: skip
        client = TestClient(create_app(dependencies), follow_redirects=False)
        if user_id is not None:
            with self.engine.begin() as connection:
                token = auth.create_signin_link(connection, user_id, self.clock.now())
            assert client.post("/signin", data={"token": token}).status_code == 303
        return client

    def with_settings(self, **changes: object) -> World:
        """Return the same world with other settings."""
        return replace(self, settings=replace(self.settings, **changes))  # type: ignore[arg-type]

    def at(self, moment: datetime) -> None:
        """Set the clock."""
        self.clock.set(moment)
