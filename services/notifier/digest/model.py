"""An account manager's daily digest: what to send, what was answered, what to say if a client asks. Pure.

It is grouped by client, the most important first. This module decides its contents; ``render`` and ``chat`` its form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.clients import DigestPreferences, Manager

__all__ = ["SECTIONS", "ClientDigest", "Digest", "DigestLine", "Section", "build_digest", "digest_due", "manager_zone"]

Section = Literal["correct", "send", "answered", "due", "ask", "noticed"]
#: In order of importance: corrections first, then what only the manager can do.
SECTIONS: tuple[Section, ...] = ("correct", "send", "answered", "due", "ask", "noticed")
URGENCIES = ("urgent", "high", "normal", "low")


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One entry for one client. ``detail`` are further sentences; ``path`` is its page at the desk.

    ``deadline_at`` is when it loses its use; ``relevance`` ranks entries that are otherwise equal; ``unconfirmed``: the
    message must say so.
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
    """All entries for one client, the most important first."""

    client_id: str
    name: str
    organisation: str | None
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """An account manager's digest. ``late_by`` is set if it comes much later than its hour.

    ``totals`` counts the entries of sections that list only some of them.
    """

    manager_name: str
    zone: ZoneInfo
    now: datetime
    clients: tuple[ClientDigest, ...]
    late_by: timedelta | None = None
    totals: Mapping[Section, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Return True if there is nothing to report."""
        return not self.clients

    def count(self, section: Section) -> int:
        """Return the number of entries in ``section``, also of those that are not listed."""
        listed = sum(line.section == section for client in self.clients for line in client.lines)
        return max(listed, self.totals.get(section, 0))

    def unlisted(self, section: Section) -> int:
        """Return how many entries of ``section`` are counted but not listed."""
        return self.count(section) - sum(line.section == section for client in self.clients for line in client.lines)


#: A digest that comes so much later than its hour says so.
LATE = timedelta(minutes=30)


def build_digest(
    manager: Manager,
    lines: Iterable[DigestLine],
    now: datetime,
    *,
    wanted_at: datetime | None = None,
    totals: Mapping[Section, int] | None = None,
) -> Digest:
    """Return the digest of ``lines``: clients by their most important line, lines by section, urgency and deadline."""
    grouped: dict[str, list[DigestLine]] = {}
    for line in lines:
        grouped.setdefault(line.client_id, []).append(line)
    clients = [
        ClientDigest(client_id, own[0].client_name, own[0].organisation, tuple(sorted(own, key=_importance)))
        for client_id, own in grouped.items()
    ]
    clients.sort(key=lambda client: (_importance(client.lines[0]), client.name, client.client_id))
    late = None if wanted_at is None or now - wanted_at < LATE else now - wanted_at
    return Digest(manager.name, manager_zone(manager), now, tuple(clients), late, totals or {})


def _importance(line: DigestLine) -> tuple[int, int, datetime, float, str]:
    far = datetime.max.replace(tzinfo=UTC)
    urgency = URGENCIES.index(line.urgency) if line.urgency in URGENCIES else len(URGENCIES)
    return SECTIONS.index(line.section), urgency, line.deadline_at or far, -line.relevance, line.path


def manager_zone(manager: Manager) -> ZoneInfo:
    """Return the manager's time zone; UTC if the book names one that does not exist."""
    try:
        return ZoneInfo(manager.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


#: An evening's digest is still useful the next morning, but not the next evening.
USEFUL_FOR = timedelta(hours=12)


def digest_due(preferences: DigestPreferences, zone: ZoneInfo, now: datetime) -> tuple[str, datetime] | None:
    """Return the day (2026-01-31) and the time of the digest that is due, or None.

    Only the latest is ever due, on its own day or within :data:`USEFUL_FOR`: after days of downtime there is one
    digest, not one for each day.
    """
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        wanted = datetime.combine(day, preferences.hour, zone).astimezone(UTC)
        if day.weekday() in preferences.days and wanted <= now and (day == today or now - wanted < USEFUL_FOR):
            return day.isoformat(), wanted
    return None
