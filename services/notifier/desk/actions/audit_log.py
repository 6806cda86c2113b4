"""The audit log as the owner reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from services.common.errors import BadInput
from services.notifier import audit
from services.notifier.audit import AuditFilter
from services.notifier.desk import labels
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import NotFound
from services.notifier.queries import Page

__all__ = ["list_entries", "parse_filter"]


def list_entries(
    connection: Connection, viewer: Viewer, wanted: AuditFilter, *, number: int, size: int
) -> Page[dict[str, object]]:
    """Return a page of matching entries, newest first.

    Raises:
        NotFound: the viewer is not the owner.
    """
    if viewer.role != "owner":
        raise NotFound("There is no such page.")
    rows, total = audit.entries(connection, wanted, limit=size, offset=(number - 1) * size)
    return Page([dict(row) for row in rows], total, number, size)


def parse_filter(parameters: Mapping[str, str], viewer: Viewer) -> AuditFilter:
    """Read the filter from the address; days are in the viewer's zone, and ``to`` is inclusive.

    Raises:
        BadInput: a day can't be read.
    """
    first, last = _day(parameters.get("from", "")), _day(parameters.get("to", ""))
    zone = labels.zone(viewer.time_zone)
    return AuditFilter(
        user=parameters.get("user", "").strip() or None,
        action=parameters.get("action", "").strip() or None,
        subject=parameters.get("subject", "").strip() or None,
        client=parameters.get("client", "").strip() or None,
        since=None if first is None else datetime.combine(first, time(), zone),
        until=None if last is None else datetime.combine(last + timedelta(days=1), time(), zone),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadInput(f"{text!r} is not a valid date.", fix="Write it as 2026-01-31.") from None
