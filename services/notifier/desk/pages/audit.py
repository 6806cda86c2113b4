"""The audit log, for the owner: who read or changed what, and when."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.common.errors import BadInput
from services.notifier import audit
from services.notifier.audit import AuditFilter
from services.notifier.desk import labels
from services.notifier.desk.actions import NotFound
from services.notifier.desk.web import Asking, Page, number_of
from services.notifier.queries import Page as Pages

__all__ = ["asked_by", "listed", "router"]

router = APIRouter()
FILTERS = ("user", "action", "client", "subject", "from", "to")


@router.get("/audit")
def audit_page(who: Page) -> HTMLResponse:
    """Entries, the newest first; ``?user=``, ``action``, ``client``, ``subject``, ``from`` and ``to`` (days) narrow."""
    given = {name: who.request.query_params.get(name, "").strip() for name in FILTERS}
    page = listed(who)
    with who.reading() as connection:
        known = audit.actions(connection)
    query = urlencode({name: value for name, value in given.items() if value})
    return who.page("audit.html", page=page, given=given, known=known, query=f"&{query}" if query else "")


def listed(who: Asking) -> Pages[dict[str, object]]:
    """A page of what was asked for; that somebody looked is an entry of its own.

    Raises:
        NotFound: when ``who`` is not the owner.
    """
    if who.viewer.role != "owner":
        raise NotFound("There is no such page.")
    asked, size, number = asked_by(who), who.site.deps.settings.page_size, number_of(who.request)
    with who.reading() as connection:
        rows, total = audit.entries(connection, asked, limit=size, offset=(number - 1) * size)
    who.note_read("audit.read", "audit", None)
    return Pages([dict(row) for row in rows], total, number, size)


def asked_by(who: Asking) -> AuditFilter:
    """What the address asks for; days are those of the viewer's zone, the last one included.

    Raises:
        BadInput: when a day is none.
    """
    said = who.request.query_params
    first, last = _day(said.get("from", "")), _day(said.get("to", ""))
    zone = labels.zone(who.viewer.time_zone)
    return AuditFilter(
        user=said.get("user", "").strip() or None,
        action=said.get("action", "").strip() or None,
        subject=said.get("subject", "").strip() or None,
        client=said.get("client", "").strip() or None,
        since=None if first is None else datetime.combine(first, time(), zone),
        until=None if last is None else datetime.combine(last + timedelta(days=1), time(), zone),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadInput(f"{text!r} is no day.", fix="Write it as 2026-01-31.") from None
