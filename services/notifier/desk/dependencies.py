"""The dependencies of the desk. It builds nothing itself and reads no environment."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine

from schemas.feeds import FeedKind, FeedStatus
from schemas.inlets import PushedItem
from schemas.items import ArticleReading
from schemas.mentions import SourceGrade, SourceLetter
from services.common.clock import Clock
from services.common.processing import EventPublisher
from services.notifier.client_book.port import ClientBook, InterestPreviews
from services.notifier.delivery.routes import MAIL, ClientRoutes, ManagerRoutes
from services.notifier.desk.inlet_port import FoundFeed, InletPort, PreviewItem
from services.notifier.desk.openid import OpenIdProvider
from services.notifier.gate.policy import GatePolicy
from services.notifier.trades.catalog import Trades

__all__ = [
    "DeskDependencies",
    "DeskSettings",
    "FeedActions",
    "FeedImport",
    "FeedView",
    "FoundFeed",
    "HubPort",
    "ItemInlets",
    "PreviewItem",
    "QuarantinePort",
    "Replayed",
    "SourceActions",
    "SourceView",
    "TakenItem",
    "UnreadThing",
]


#: What a feed's server asks for: a user and password, a token, a header; or nothing any more.
CredentialKind = Literal["basic", "bearer", "header", "none"]


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as the desk shows it. The desk does not know how feeds are stored.

    ``kind`` is how its items come in. ``speaks_for`` are the domains of the publishers for which somebody vouched that
    they publish through the feed, for the reason in ``ground``. ``channel`` is the host of its address, whose publisher
    speaks through it without that. ``has_hub``: a hub tells Firstword
    at once when it has news. ``usual_delay`` passes between an item's publication and the poll that
    brings it. ``credentials`` is the kind of those that its server gets, never more. ``fetched_at`` is where it is
    fetched if that is no longer ``url``, after a permanent redirect; ``redirects_to`` where it redirects permanently
    and is not fetched yet. With ``full_text``, the articles of its headlines and teasers are read on their pages;
    ``articles`` counts those of the last week by what became of them. ``only_headlines``: its latest items have hardly
    more than headlines, and their articles are not read.
    """

    id: str
    url: str
    status: FeedStatus
    title: str | None = None
    publisher: str | None = None
    group: str | None = None
    reason: str | None = None
    fix: str | None = None
    failures_in_a_row: int = 0
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    next_poll_at: datetime | None = None
    speaks_for: tuple[str, ...] = ()
    ground: str | None = None
    channel: str | None = None
    kind: FeedKind = "feed"
    has_hub: bool = False
    usual_delay: timedelta | None = None
    credentials: str | None = None
    fetched_at: str | None = None
    redirects_to: str | None = None
    full_text: bool = False
    articles: Mapping[ArticleReading, int] = field(default_factory=dict)
    only_headlines: bool = False

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.publisher or self.title or self.url

    @property
    def has_problem(self) -> bool:
        """True if somebody should look at it."""
        return self.status in ("silent", "broken", "unreachable", "gone")


@dataclass(frozen=True, slots=True)
class FeedPack:
    """A set of official feeds that ships with Firstword: its feeds, and how many of them are listed already."""

    name: str
    title: str
    feeds: tuple[str, ...]
    listed: int


@dataclass(frozen=True, slots=True)
class FeedImport:
    """The result of importing a list: how many feeds were added, were there already, and what could not be read."""

    added: int
    already: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceView:
    """A publisher's reliability as the desk shows it.

    ``grade`` is that of today; ``granted`` the one that was set, for the reason in ``ground``, by hand, by an import,
    or with Firstword. ``record`` describes the outcomes of its rumors, if there are any.
    """

    domain: str
    publisher: str
    owner: str | None
    kind: str
    grade: str
    granted: str
    ground: str
    set_by: Literal["hand", "import", "shipped"]
    record: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadThing:
    """A document of a feed, entries of one, a message of a mailbox, or an event, that could not be read.

    ``times`` is how often that happened, first at ``first_at``. ``waits``: its replay was asked for and is due.
    """

    id: str
    kind: Literal["document", "entries", "message", "event"]
    name: str
    place: str
    reason: str
    fix: str | None
    at: datetime
    first_at: datetime
    times: int
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay: new and revised items, the ``problem`` that is left, or that it happens soon."""

    new: int = 0
    revised: int = 0
    problem: str | None = None
    fix: str | None = None
    waits: bool = False


class QuarantinePort(Protocol):
    """The quarantine, from the desk. Each method raises FirstwordError with a fix if it isn't possible."""

    @property
    def with_events(self) -> bool:
        """False if events that could not be processed are kept elsewhere."""
        ...

    def list(self, limit: int) -> Sequence[UnreadThing]:
        """Return what could not be read, of each kind the newest ``limit``."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Return how much could not be read, by kind."""
        ...

    async def replay(self, id: str) -> Replayed:
        """Read it again."""
        ...

    def drop(self, id: str) -> None:
        """Give it up."""
        ...


class HubPort(Protocol):
    """The subscriptions of feeds at hubs, by the tokens in the addresses of their callbacks."""

    def known(self, token: str) -> bool:
        """Return whether a subscription has this token."""
        ...

    def verify(self, token: str, topic: str, lease_seconds: int) -> bool:
        """Confirm a subscription; False if it was not asked for."""
        ...

    def refuse(self, token: str, topic: str, reason: str) -> bool:
        """Take note that the hub refuses it; False if it isn't ours."""
        ...

    def signature(self, token: str, header: str) -> tuple[hmac.HMAC, str] | None:
        """Return what computes an announcement's signature, and the one that it must have; None if there is none."""
        ...

    def announced(self, token: str, *, signed: bool) -> None:
        """Act on an announcement."""
        ...


class FeedActions(Protocol):
    """Changes to feeds from the desk. Each raises FirstwordError with a fix if it isn't possible."""

    def add(self, url: str) -> None:
        """Start watching the feed at ``url``."""
        ...

    def remove(self, feed_id: str) -> None:
        """Stop watching it."""
        ...

    def pause(self, feed_id: str) -> None:
        """Stop polling it until :meth:`resume`."""
        ...

    def resume(self, feed_id: str) -> None:
        """Poll it again, soon."""
        ...

    async def find(self, url: str) -> Sequence[FoundFeed]:
        """Return the feed at ``url``, or those of the page there."""
        ...

    def set_speakers(self, feed_id: str, domains: Sequence[str], ground: str) -> None:
        """Set the publishers for which a feed speaks, and the reason."""
        ...

    def set_full_text(self, feed_id: str, wanted: bool) -> None:
        """Set whether the articles of a feed are read on their pages."""
        ...

    def packs(self) -> Sequence[FeedPack]:
        """Return the packs that ship with Firstword."""
        ...

    def add_pack(self, name: str) -> FeedImport:
        """Add all feeds of a pack."""
        ...

    def set_credentials(self, feed_id: str, kind: CredentialKind, name: str, secret: str) -> None:
        """Set what the feed's server asks for, or forget it. ``name`` is that of the user or of the header."""
        ...

    def import_opml(self, raw: bytes, name: str) -> FeedImport:
        """Add all feeds of an OPML file."""
        ...

    def export_opml(self) -> bytes:
        """Return all feeds as OPML."""
        ...


@dataclass(frozen=True, slots=True)
class TakenItem:
    """An item that an inlet took. ``change`` is what it was there: new, revised, a copy of another, or unchanged."""

    id: str
    change: Literal["new", "revised", "copy", "unchanged"]
    revision: int


class ItemInlets(Protocol):
    """The inlets into which programs put items. The desk does not look into a batch."""

    async def read(self, inlet_id: str, items: Sequence[PushedItem]) -> tuple[object, Sequence[str]]:
        """Return the items as a batch that can be taken, and warnings about them.

        Raises:
            InvalidFields: fields of some items can't be used.
            NotFound: there is no such inlet.
        """
        ...

    def take(self, connection: Connection, inlet_id: str, batch: object) -> Sequence[TakenItem]:
        """Store and publish a batch in the caller's transaction; return what became of each item, in order.

        Raises:
            Conflict: the inlet is paused.
            NotFound: there is no such inlet.
        """
        ...


class SourceActions(Protocol):
    """Changes to the grades of sources from the desk. Each raises FirstwordError with a fix if it isn't possible."""

    def current(self, domain: str) -> SourceGrade:
        """Return the grade that is set for a domain, which may be that of a parent domain."""
        ...

    def grade(self, domain: str, letter: SourceLetter, ground: str, publisher: str | None) -> SourceGrade:
        """Set a grade by hand and start a new track record; return it."""
        ...

    def put_back(self, grade: SourceGrade) -> None:
        """Set a grade as it was before."""
        ...


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The desk's address and its secrets.

    ``secret`` signs sessions; whoever knows it can sign in as anybody. ``base_url`` is the address that people type;
    https makes cookies Secure. ``allowed_hosts`` are the accepted Host headers, without port. ``mail_channel`` says
    that mail can be sent; if not, ``mail_fix`` says how to set it up. ``signin_command`` prints a new sign-in link.
    ``metrics_token`` opens /metrics to other machines. ``api_rate`` is how many requests to the API a user may send in
    a minute, ``find_rate`` at how many addresses they may look for feeds, and ``item_rate`` how many items a program
    may put into an inlet. ``undo`` is the time for which a decision can be undone.
    """

    secret: str = field(repr=False)
    base_url: str
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    mail_channel: bool = False
    mail_fix: str = "Set the SMTP server in Firstword's settings."
    session_lifetime: timedelta = timedelta(days=7)
    signin_command: str | None = None
    metrics_token: str | None = field(default=None, repr=False)
    page_size: int = 50
    api_rate: int = 1_200
    find_rate: int = 10
    item_rate: int = 1_000
    undo: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class DeskDependencies:
    """The dependencies of the desk. ``ready`` names the parts that are not ready yet, for /readyz."""

    engine: Engine
    publisher: EventPublisher
    clock: Clock
    settings: DeskSettings
    feeds_view: Callable[[], Sequence[FeedView]] = tuple
    feed_actions: FeedActions | None = None
    quarantine: QuarantinePort | None = None
    hubs: HubPort | None = None
    sources_view: Callable[[], Sequence[SourceView]] = tuple
    source_actions: SourceActions | None = None
    ready: Callable[[], Sequence[str]] = tuple
    metrics: CollectorRegistry | None = None
    client_routes: ClientRoutes = field(default_factory=lambda: MAIL)
    manager_routes: ManagerRoutes = field(default_factory=dict)
    gate: GatePolicy = field(default_factory=GatePolicy)
    trades: Trades = field(default_factory=Trades.shipped)
    client_book: ClientBook | None = None
    interest_previews: InterestPreviews | None = None
    item_inlets: ItemInlets | None = None
    inlets: InletPort | None = None
    openid: OpenIdProvider | None = None
