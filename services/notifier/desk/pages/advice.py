"""The outcomes of advice: the clients' answers, whether the story held, and what followed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from services.notifier.advice.export import PERIOD_DAYS, opinions_csv
from services.notifier.advice.outcomes import GROUPINGS, MIN_CASES, group_opinions
from services.notifier.desk.actions.advice import list_advice, page_of_opinions, parse_query
from services.notifier.desk.pages.rendering import PageRequest, render
from services.notifier.scope import EVERYTHING

__all__ = ["router"]

router = APIRouter()
#: A manager's own opinions are not grouped by manager.
MANAGERS_OWN = ("rule", "kind", "stance", "client")


@router.get("/advice")
def advice(context: PageRequest) -> HTMLResponse:
    """Show opinions in groups (``?by=rule``, ``kind``, ``stance``, ``client``, ``manager``) and one by one."""
    query = parse_query(context.request.query_params)
    with context.reading() as connection:
        given = list_advice(connection, context.scope, query, context.now)
    context.audit_read("advice.read", "advice", shown=(opinion.client_id for opinion in given))
    return render(
        context,
        "advice.html",
        groups=group_opinions(given, query.by),
        page=page_of_opinions(given, context.page_number, context.page_size),
        query=query,
        groupings=tuple(GROUPINGS) if context.scope == EVERYTHING else MANAGERS_OWN,
        periods=PERIOD_DAYS,
        few=MIN_CASES,
    )


@router.get("/advice.csv")
def export(context: PageRequest) -> Response:
    """Return the same as CSV, one line for each opinion."""
    query = parse_query(context.request.query_params)
    with context.reading() as connection:
        given = list_advice(connection, context.scope, query, context.now)
    text = opinions_csv(given)
    context.audit_read("advice.exported", "advice", shown=(opinion.client_id for opinion in given))
    headers = {"Content-Disposition": 'attachment; filename="advice.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
