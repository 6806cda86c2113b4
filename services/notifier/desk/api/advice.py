"""The outcomes of advice."""

from __future__ import annotations

from fastapi import APIRouter

from services.notifier.advice.export import group_summary, opinion_row
from services.notifier.advice.outcomes import group_opinions
from services.notifier.desk.actions.advice import list_advice, page_of, parse_query
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.models import AdviceGroup, AdvicePage, Opinion

__all__ = ["router"]

router = APIRouter()


@router.get("/advice")
def get_advice(context: Caller) -> AdvicePage:
    """Return sent opinions and their results, as groups and as a list.

    ``?by=`` groups by ``rule``, ``kind``, ``stance``, ``client`` or ``manager``; ``?days=`` sets the period.
    """
    query = parse_query(context.request.query_params)
    with context.reading() as connection:
        given = list_advice(connection, context.scope, query, context.now)
    context.audit_read("advice.read", "advice")
    page = page_of(given, context.page_number, context.page_size)
    return AdvicePage(
        by=query.by,
        days=query.days,
        groups=[AdviceGroup.model_validate(group_summary(group)) for group in group_opinions(given, query.by)],
        items=[Opinion.model_validate(opinion_row(opinion)) for opinion in page.items],
        total=page.total,
        page=page.number,
        pages=page.pages,
    )
