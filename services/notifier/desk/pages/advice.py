"""How our advice fared: what clients made of each opinion, whether its story held, and what followed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from services.notifier.advice.export import PERIOD_DAYS, opinions_csv, period_start
from services.notifier.advice.outcomes import GROUPINGS, MIN_CASES, SentOpinion, group_opinions
from services.notifier.advice.queries import sent_opinions
from services.notifier.desk.web import Asking, Page, number_of
from services.notifier.queries import Page as Paged
from services.notifier.scope import EVERYTHING

__all__ = ["asked_by", "asked_days", "router"]

router = APIRouter()
DEFAULT_DAYS = 365
MANAGERS_OWN = ("rule", "kind", "stance", "client")


@router.get("/advice")
def fared(who: Page) -> HTMLResponse:
    """Opinions in groups (``?by=rule``, ``kind``, ``stance``, ``client``, ``manager``), and one by one."""
    by, days = asked_by(who), asked_days(who)
    given = _given(who, days)
    who.note_read("advice.read", "advice", None)
    size = who.site.deps.settings.page_size
    pages = max(1, -(-len(given) // size))
    number = min(max(1, number_of(who.request)), pages)
    return who.page(
        "advice.html",
        groups=group_opinions(given, by),
        page=Paged(given[(number - 1) * size : number * size], len(given), number, size),
        by=by,
        every_by=tuple(GROUPINGS) if who.scope == EVERYTHING else MANAGERS_OWN,
        days=days,
        periods=PERIOD_DAYS,
        few=MIN_CASES,
    )


@router.get("/advice.csv")
def exported(who: Page) -> Response:
    """The same, one line an opinion."""
    text = opinions_csv(_given(who, asked_days(who)))
    who.note_read("advice.exported", "advice", None)
    name = {"Content-Disposition": 'attachment; filename="advice.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=name)


def asked_by(who: Asking) -> str:
    """By what the caller wants them grouped; by rule where that is nothing that we know."""
    by = who.request.query_params.get("by", "rule")
    return by if by in GROUPINGS else "rule"


def asked_days(who: Asking) -> int:
    """How many days back; a year where it isn't said."""
    text = who.request.query_params.get("days", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else DEFAULT_DAYS


def _given(who: Asking, days: int) -> list[SentOpinion]:
    with who.reading() as connection:
        return sent_opinions(connection, who.scope, period_start(days, who.now))
