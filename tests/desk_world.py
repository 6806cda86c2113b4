"""The notifier on a real database, filled from events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, select

from firstword.desk_book import DeskBook
from firstword.interest_preview import InterestPreviewer
from firstword.storage.engine import open_sqlite
from schemas.mentions import SourceGrade, SourceLetter
from schemas.topics import topic_of
from services.common.db import reading
from services.common.errors import BadInput, FirstwordError
from services.common.processing import AnyEvent
from services.notifier import queries
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk import auth
from services.notifier.desk.actions import (
    alerts,
    client_edits,
    clients,
    deliveries,
    duplicates,
    stopped_news,
    triage,
)
from services.notifier.desk.actions import drafts as draft_actions
from services.notifier.desk.actions import undo as undo_actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.app import create_app
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import (
    CredentialKind,
    DeskDependencies,
    DeskSettings,
    FeedImport,
    FeedPack,
    FeedView,
    FoundFeed,
    PreviewItem,
    QuarantinePort,
    Replayed,
    SourceView,
    UnreadThing,
)
from services.notifier.desk.inlet_port import InletSetup, MailboxLook, MailboxSetup, PageSetup
from services.notifier.desk.openid import OpenIdProvider
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING
from services.notifier.sinks import all_sinks
from services.notifier.tables import drafts, metadata
from services.notifier.trades.catalog import Trades
from tests.desk_data import NOW, seed_events
from tests.fakes import CollectingPublisher, FakeClock, ScriptedChannel

__all__ = ["OWNER", "FeedNotes", "GradeNotes", "InletNotes", "UnreadThings", "World"]

OWNER = Viewer("owner", "Owner", "owner", None, "Europe/Stockholm")
ACTIONS = (draft_actions, deliveries, clients, client_edits, duplicates, alerts, stopped_news, triage, undo_actions)
BOOK = DeskBook(Trades.shipped())
SETTINGS = DeskSettings(
    secret="a secret of the tests, long enough to sign", base_url="http://testserver", allowed_hosts=("testserver",),
    mail_channel=True, page_size=5,
)  # fmt: skip


@cache
def _seed() -> tuple[AnyEvent, ...]:
    return tuple(seed_events())


#: A file without rows, by the names of its tables.
_EMPTY: dict[tuple[str, ...], bytes] = {}
#: The file with the sample desk, by the file without rows: to copy it takes less time than to apply its events.
_SAMPLES: dict[bytes, bytes] = {}


def _file(engine: Engine) -> Path:
    assert engine.url.database is not None
    return Path(engine.url.database)


def _closed(engine: Engine) -> Path | None:
    """Close the connections; return the file, or None if somebody else still has it open."""
    engine.dispose()
    path = _file(engine)
    return None if path.with_name(f"{path.name}-wal").exists() else path


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

    def packs(self) -> Sequence[FeedPack]:
        return [FeedPack("security", "Security advisories", ("CISA", "CERT"), 1)]

    def add_pack(self, name: str) -> FeedImport:
        self.done.append(("pack", name))
        return FeedImport(1, 1)

    def set_credentials(self, feed_id: str, kind: CredentialKind, name: str, secret: str) -> None:
        self.done.append(("credentials", f"{feed_id} {kind} {name} {secret}"))

    def set_full_text(self, feed_id: str, wanted: bool) -> None:
        self.done.append(("full text", f"{feed_id} {wanted}"))

    def import_opml(self, raw: bytes, name: str) -> FeedImport:
        self.done.append((name, raw.decode()))
        return FeedImport(2, 1, ("line 3: no address",))

    def export_opml(self) -> bytes:
        return b"<opml/>"


class UnreadThings:
    """A quarantine in memory. What contains "bad" still can't be read."""

    def __init__(self, *things: UnreadThing, with_events: bool = True) -> None:
        self.things = {thing.id: thing for thing in things}
        self.with_events = with_events

    def list(self, limit: int) -> Sequence[UnreadThing]:
        return list(self.things.values())[:limit]

    def counts(self) -> Mapping[str, int]:
        return {"document": len(self.things)}

    async def replay(self, id: str) -> Replayed:
        if "bad" in id:
            return Replayed(problem="it is a web page.", fix="Look for its feed.")
        if "event" in id:
            return Replayed(waits=True)
        del self.things[id]
        return Replayed(new=2)

    def drop(self, id: str) -> None:
        del self.things[id]


class InletNotes:
    """Inlets in memory, beginning with a mailbox and a page. Names that are not lower-case words are refused."""

    def __init__(self) -> None:
        letters = MailboxSetup("imap.firm.example", "letters", verified_by="mx.firm.example")
        domain = "letters.inlet.invalid"
        self.setups = {
            "feed_1": InletSetup("feed_1", "mailbox", "Newsletters", "letters", domain, mailbox=letters),
            "feed_2": InletSetup("feed_2", "page", "Agency", page=PageSetup("https://agency.example/press", "Agency")),
        }

    async def preview(self, page: PageSetup) -> FoundFeed:
        self._check(page)
        return FoundFeed(page.url, "Press", 1, (PreviewItem("Halden cuts its dividend", NOW),))

    async def look(self, mailbox: MailboxSetup, password: str) -> MailboxLook:
        if password == "wrong":
            raise BadInput("The server refuses the password.", fix="Type it again.")
        return MailboxLook(2, (("Wire", "Halden cuts its dividend"),), ("mx.firm.example",))

    def setup(self, feed_id: str) -> InletSetup | None:
        return self.setups.get(feed_id)

    def watch(self, page: PageSetup) -> str:
        self._check(page)
        return self._add(InletSetup("", "page", page.title, page=page))

    def create(self, name: str, title: str, kind: Literal["push", "folder"]) -> str:
        return self._add(InletSetup("", kind, title, self._name(name), f"{name}.inlet.invalid"))

    def create_mailbox(self, name: str, title: str, mailbox: MailboxSetup, password: str) -> str:
        return self._add(InletSetup("", "mailbox", title, self._name(name), f"{name}.inlet.invalid", mailbox=mailbox))

    def change_page(self, feed_id: str, page: PageSetup) -> None:
        self._check(page)
        self.setups[feed_id] = replace(self.setups[feed_id], title=page.title, page=page)

    def change_title(self, feed_id: str, title: str) -> None:
        self.setups[feed_id] = replace(self.setups[feed_id], title=title)

    def change_mailbox(self, feed_id: str, mailbox: MailboxSetup) -> None:
        self.setups[feed_id] = replace(self.setups[feed_id], mailbox=mailbox)

    def set_password(self, feed_id: str, password: str) -> str:
        mailbox = self.setups[feed_id].mailbox
        assert mailbox is not None
        return f"imaps://{mailbox.host}:{mailbox.port}"

    def _add(self, setup: InletSetup) -> str:
        id = f"feed_{len(self.setups) + 1}"
        self.setups[id] = replace(setup, feed_id=id)
        return id

    def _name(self, name: str) -> str:
        if not name.isascii() or not name.isalpha():
            raise BadInput(f"{name!r} can't be the name of an inlet.", fix="Use letters.")
        return name.lower()

    def _check(self, page: PageSetup) -> None:
        if not page.url.startswith("https://"):
            raise BadInput(f"{page.url} is not a web address.", fix="Give one that begins with https://")


class GradeNotes:
    """Grades of sources in memory, beginning with none."""

    def __init__(self) -> None:
        self.grades: dict[str, SourceGrade] = {}
        self.times = 0

    def current(self, domain: str) -> SourceGrade:
        if "." not in domain:
            raise BadInput(f"{domain!r} is not a valid domain.", fix="Write it as news.example.")
        return self.grades.get(domain, SourceGrade(domain=domain, publisher=domain))

    def grade(self, domain: str, letter: SourceLetter, ground: str, publisher: str | None) -> SourceGrade:
        self.times += 1
        at = NOW + timedelta(seconds=self.times)
        known = self.current(domain)
        self.grades[domain] = known.model_copy(
            update={
                "grade": letter,
                "ground": ground,
                "publisher": publisher or known.publisher,
                "set_by": "hand",
                "set_at": at,
            }
        )
        return self.grades[domain]

    def put_back(self, grade: SourceGrade) -> None:
        self.grades[grade.domain] = grade


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
    grade_notes: GradeNotes = field(default_factory=GradeNotes)
    quarantine: QuarantinePort | None = None
    openid: OpenIdProvider | None = None
    inlets: InletNotes = field(default_factory=InletNotes)

    @classmethod
    def make(cls, folder: Path, events: Sequence[AnyEvent] | None = None) -> World:
        """Create a database filled with ``events`` (default: the sample desk)."""
        path, tables = folder / "desk.db", tuple(metadata.tables)
        if tables not in _EMPTY:
            metadata.create_all(engine := open_sqlite(path))
            engine.dispose()
            _EMPTY[tables] = path.read_bytes()
        path.write_bytes(_EMPTY[tables])
        return cls.on(open_sqlite(path), events)

    @classmethod
    def on(cls, engine: Engine, events: Sequence[AnyEvent] | None = None) -> World:
        """Fill an empty database with ``events`` (default: the sample desk)."""
        world = cls(engine, FakeClock(NOW), CollectingPublisher(), FeedNotes())
        if events is not None or engine.dialect.name != "sqlite":
            world._fill(_seed() if events is None else events)
            return world
        empty = path.read_bytes() if (path := _closed(engine)) else None
        if path and empty in _SAMPLES:
            path.write_bytes(_SAMPLES[empty])
            return world
        world._fill(_seed())
        if empty and (path := _closed(engine)):
            _SAMPLES[empty] = path.read_bytes()
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
            client_book=BOOK, quarantine=self.quarantine, sources_view=lambda: self.sources,
            source_actions=self.grade_notes,
            interest_previews=InterestPreviewer(self.engine, Newest(())), openid=self.openid, inlets=self.inlets,
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
