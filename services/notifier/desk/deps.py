"""Everything the desk is given. It builds nothing itself and reads no environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from schemas.feeds import FeedStatus
from services.common.clock import Clock
from services.common.processing import EventPublisher
from services.notifier.delivery.routes import MAIL, ManagerWays, Ways

__all__ = ["DeskDeps", "DeskSettings", "FeedActions", "FeedView"]


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as the desk shows it; the desk knows nothing of how feeds are kept."""

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

    @property
    def name(self) -> str:
        """What people call it."""
        return self.publisher or self.title or self.url

    @property
    def ill(self) -> bool:
        """Whether somebody should look at it."""
        return self.status in ("silent", "broken", "unreachable", "gone")


class FeedActions(Protocol):
    """What may be done to feeds from the desk. Each raises FirstwordError with a fix where it can't be done."""

    def add(self, url: str) -> None:
        """Watch the feed at ``url`` from now on."""
        ...

    def remove(self, feed_id: str) -> None:
        """Watch it no longer."""
        ...

    def pause(self, feed_id: str) -> None:
        """Don't poll it until :meth:`resume`."""
        ...

    def resume(self, feed_id: str) -> None:
        """Poll it again, soon."""
        ...


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """How the desk is reached and whom it trusts.

    ``secret`` signs sessions; whoever knows it is everybody. ``base_url`` is what people type; https makes cookies
    Secure. ``allowed_hosts`` are the Host headers that are answered, without port. ``mail_channel`` says that mail can
    be sent from here; else ``mail_mend`` tells how to configure it. ``signin_command`` prints a new sign-in link.
    ``metrics_token`` opens /metrics to others than this machine.
    """

    secret: str = field(repr=False)
    base_url: str
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    mail_channel: bool = False
    mail_mend: str = "Set the SMTP server in Firstword's settings to send from here."
    session_lifetime: timedelta = timedelta(days=7)
    signin_command: str | None = None
    metrics_token: str | None = field(default=None, repr=False)
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class DeskDeps:
    """What the desk works with. ``ready`` names what isn't ready yet, for /readyz; empty when all is."""

    engine: Engine
    publisher: EventPublisher
    clock: Clock
    settings: DeskSettings
    feeds_view: Callable[[], Sequence[FeedView]] = tuple
    feed_actions: FeedActions | None = None
    ready: Callable[[], Sequence[str]] = tuple
    metrics: CollectorRegistry | None = None
    ways: Ways = field(default_factory=lambda: MAIL)
    manager_ways: ManagerWays = field(default_factory=dict)
