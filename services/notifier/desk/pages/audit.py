"""The audit log, for the owner."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from services.common.safe_csv import csv_parts
from services.notifier import audit
from services.notifier.desk.actions.audit_log import list_entries, parse_filter
from services.notifier.desk.pages.rendering import PageRequest, render

__all__ = ["router"]

router = APIRouter()
FILTERS = ("user", "action", "client", "subject", "from", "to")


@router.get("/audit.csv")
def export(context: PageRequest) -> Response:
    """Return the matching entries as CSV, oldest first."""
    wanted = parse_filter(context.request.query_params, context.viewer)
    context.audit_read("audit.exported", "audit")

    def parts() -> Iterator[str]:
        with context.reading() as connection:
            yield from csv_parts(audit.EXPORTED, audit.export(connection, wanted))

    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/audit")
def audit_log(context: PageRequest) -> HTMLResponse:
    """Show entries, newest first; ``?user=``, ``action``, ``client``, ``subject``, ``from`` and ``to`` filter them."""
    parameters = context.request.query_params
    values = {name: parameters.get(name, "").strip() for name in FILTERS}
    wanted = parse_filter(parameters, context.viewer)
    with context.reading() as connection:
        page = list_entries(connection, context.viewer, wanted, number=context.page_number, size=context.page_size)
        actions = audit.actions(connection)
    context.audit_read("audit.read", "audit")
    query = urlencode({name: value for name, value in values.items() if value})
    return render(context, "audit.html", page=page, values=values, actions=actions, query=f"&{query}" if query else "")
