"""The outcomes of advice."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.notifier.advice.export import group_summary, opinion_row
from services.notifier.advice.outcomes import group_opinions
from services.notifier.desk.actions.advice import DEFAULT_DAYS, AdviceQuery, Grouping, list_advice, page_of_opinions
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import AdviceGroup, AdvicePage, Opinion

__all__ = ["router"]

router = APIRouter()


@router.get("/advice")
def get_advice(
    context: Caller,
    listing: Listing,
    by: Grouping = "rule",
    days: Annotated[int, Query(ge=0, le=9_999)] = DEFAULT_DAYS,
) -> AdvicePage:
    """Return sent opinions and their results, as groups and as a list, by pages.

    ``?by=`` sets the groups, ``?days=`` the period: so many days back, or 0 for all.
    """
    query = AdviceQuery(by, days)
    with context.reading() as connection:
        given = list_advice(connection, context.scope, query, context.now)
    context.audit_read("advice.read", "advice", shown=(opinion.client_id for opinion in given))
    shown = page_of_opinions(given, listing.place, listing.size)
    return AdvicePage(
        by=query.by,
        days=query.days,
        groups=[AdviceGroup.model_validate(group_summary(group)) for group in group_opinions(given, query.by)],
        items=[Opinion.model_validate(opinion_row(opinion)) for opinion in shown.items],
        next=shown.next,
        total=shown.total,
        page=shown.number,
        pages=shown.pages,
    )
