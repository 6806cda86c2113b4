"""The dependencies of the desk. It builds nothing itself and reads no environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from schemas.feeds import FeedStatus
from services.common.clock import Clock
from services.common.processing import EventPublisher
from services.notifier.client_book.port import ClientBook, InterestPreviews
from services.notifier.delivery.routes import MAIL, ClientRoutes, ManagerRoutes
from services.notifier.gate.policy import GatePolicy
from services.notifier.trades.catalog import Trades

__all__ = [
    "DeskDependencies",
    "DeskSettings",
    "FeedActions",
    "FeedImport",
    "FeedView",
    "FoundFeed",
    "PreviewItem",
    "SourceView",
]


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as the desk shows it. The desk does not know how feeds are stored.

    ``speaks_for`` are the domains of the publishers for which somebody vouched that they publish through the feed, for
    the reason in ``ground``. ``channel`` is the host of its address, whose publisher speaks through it without that.
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

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.publisher or self.title or self.url

    @property
    def has_problem(self) -> bool:
        """True if somebody should look at it."""
        return self.status in ("silent", "broken", "unreachable", "gone")


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """An item of a feed that is not watched yet."""

    title: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed at an address, or of the page there, with a preview; or the ``problem`` why it can't be read.

    ``count`` is how many items it has, ``items`` are the newest. ``feed_id`` names it if it is watched already.
    """

    url: str
    title: str | None = None
    count: int = 0
    items: tuple[PreviewItem, ...] = ()
    problem: str | None = None
    fix: str | None = None
    feed_id: str | None = None


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

    def import_opml(self, raw: bytes, name: str) -> FeedImport:
        """Add all feeds of an OPML file."""
        ...

    def export_opml(self) -> bytes:
        """Return all feeds as OPML."""
        ...


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The desk's address and its secrets.

    ``secret`` signs sessions; whoever knows it can sign in as anybody. ``base_url`` is the address that people type;
    https makes cookies Secure. ``allowed_hosts`` are the accepted Host headers, without port. ``mail_channel`` says
    that mail can be sent; if not, ``mail_fix`` says how to set it up. ``signin_command`` prints a new sign-in link.
    ``metrics_token`` opens /metrics to other machines. ``api_rate`` is how many requests to the API a user may send in
    a minute. ``undo`` is the time for which a decision can be undone.
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
    sources_view: Callable[[], Sequence[SourceView]] = tuple
    ready: Callable[[], Sequence[str]] = tuple
    metrics: CollectorRegistry | None = None
    client_routes: ClientRoutes = field(default_factory=lambda: MAIL)
    manager_routes: ManagerRoutes = field(default_factory=dict)
    gate: GatePolicy = field(default_factory=GatePolicy)
    trades: Trades = field(default_factory=Trades.shipped)
    client_book: ClientBook | None = None
    interest_previews: InterestPreviews | None = None
