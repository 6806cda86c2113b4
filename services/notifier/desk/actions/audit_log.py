"""The audit log as the owner reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.common.errors import BadInput
from services.notifier import audit
from services.notifier.audit import AuditFilter
from services.notifier.desk import labels
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import NotFound
from services.notifier.paging import Page, Place

__all__ = ["filter_of", "list_entries", "parse_filter"]


def list_entries(
    connection: Connection, viewer: Viewer, wanted: AuditFilter, *, number: Place, size: int
) -> Page[dict[str, object]]:
    """Return a page of matching entries, newest first.

    Raises:
        NotFound: the viewer's role doesn't allow it.
    """
    if not viewer.may("audit.read"):
        raise NotFound("There is no such page.")
    page = audit.entries(connection, wanted, number=number, size=size)
    return page.with_items([dict(row) for row in page.items])


def filter_of(
    viewer: Viewer,
    *,
    user: str = "",
    action: str = "",
    subject: str = "",
    client: str = "",
    since: date | None = None,
    until: date | None = None,
) -> AuditFilter:
    """Return a filter; days are in the viewer's zone, and ``until`` is inclusive."""
    zone = labels.zone(viewer.time_zone)
    after_last = None if until is None or until == date.max else until + timedelta(days=1)
    return AuditFilter(
        user=user.strip() or None,
        action=action.strip() or None,
        subject=subject.strip() or None,
        client=client.strip() or None,
        since=None if since is None else _midnight(since, zone),
        until=None if after_last is None else _midnight(after_last, zone),
    )


def parse_filter(parameters: Mapping[str, str], viewer: Viewer) -> AuditFilter:
    """Read the filter from the address.

    Raises:
        BadInput: a day can't be read.
    """
    named = {name: parameters.get(name, "") for name in ("user", "action", "subject", "client")}
    first, last = _day(parameters.get("from", "")), _day(parameters.get("to", ""))
    return filter_of(viewer, **named, since=first, until=last)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the beginning of a day; those next to the limits of the calendar are taken as in UTC."""
    return datetime.combine(day, time(), UTC if day.year in (1, 9999) else zone)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadInput(f"{text!r} is not a valid date.", fix="Write it as 2026-01-31.") from None
