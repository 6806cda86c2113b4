"""What an account manager reads in the morning: what to send, what came back, what to say if they ask. Pure.

Most valuable first, grouped by client. What it holds is decided here; how it looks, in ``digest_view``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.clients import DigestPreferences, Manager

__all__ = ["SECTIONS", "ClientDigest", "Digest", "DigestLine", "build_digest", "digest_due", "manager_zone"]

Section = Literal["correct", "send", "answered", "due", "ask"]
#: In the order in which they are worth reading: what is wrong first, then what only the manager can do.
SECTIONS: tuple[Section, ...] = ("correct", "send", "answered", "due", "ask")
URGENCIES = ("urgent", "high", "normal", "low")


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One thing for one client. ``detail`` are further sentences; ``path`` is where it stands at the desk.

    ``deadline_at`` is when it is worth little; ``relevance`` 0–1; ``unconfirmed``: the message must say so.
    """

    section: Section
    client_id: str
    client_name: str
    organisation: str | None
    title: str
    path: str
    detail: tuple[str, ...] = ()
    urgency: str = "normal"
    deadline_at: datetime | None = None
    relevance: float = 0.0
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class ClientDigest:
    """All there is for one client, the most valuable first."""

    client_id: str
    name: str
    organisation: str | None
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """A manager's day. ``late_by`` is set where it comes much later than it was wanted."""

    manager_name: str
    zone: ZoneInfo
    now: datetime
    clients: tuple[ClientDigest, ...]
    late_by: timedelta | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do and nothing to know."""
        return not self.clients

    def count(self, section: Section) -> int:
        """How many things there are of a kind."""
        return sum(line.section == section for client in self.clients for line in client.lines)


#: What comes so much later than it was wanted says so.
LATE = timedelta(minutes=30)


def build_digest(
    manager: Manager, lines: Iterable[DigestLine], now: datetime, *, wanted_at: datetime | None = None
) -> Digest:
    """The digest of ``lines``: clients by their most valuable line, lines by section, urgency, deadline, relevance."""
    grouped: dict[str, list[DigestLine]] = {}
    for line in lines:
        grouped.setdefault(line.client_id, []).append(line)
    clients = [
        ClientDigest(client_id, found[0].client_name, found[0].organisation, tuple(sorted(found, key=_value)))
        for client_id, found in grouped.items()
    ]
    clients.sort(key=lambda one: (_value(one.lines[0]), one.name, one.client_id))
    late = None if wanted_at is None or now - wanted_at < LATE else now - wanted_at
    return Digest(manager.name, manager_zone(manager), now, tuple(clients), late)


def _value(line: DigestLine) -> tuple[int, int, datetime, float, str]:
    far = datetime.max.replace(tzinfo=UTC)
    urgency = URGENCIES.index(line.urgency) if line.urgency in URGENCIES else len(URGENCIES)
    return SECTIONS.index(line.section), urgency, line.deadline_at or far, -line.relevance, line.path


def manager_zone(manager: Manager) -> ZoneInfo:
    """The manager's time zone; UTC where the book names one that is not known."""
    try:
        return ZoneInfo(manager.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


#: An evening's digest is worth having in the next morning, and not in the next evening.
STILL_WANTED = timedelta(hours=12)


def digest_due(wish: DigestPreferences, zone: ZoneInfo, now: datetime) -> tuple[str, datetime] | None:
    """The manager's day (2026-01-31) and the moment for which its digest was wanted, once that has come; else None.

    Only the last one's is ever due, on its own day or within :data:`STILL_WANTED`: after days of downtime one digest
    comes, not one for each of them.
    """
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        wanted = datetime.combine(day, wish.hour, zone).astimezone(UTC)
        if day.weekday() in wish.days and wanted <= now and (day == today or now - wanted < STILL_WANTED):
            return day.isoformat(), wanted
    return None
