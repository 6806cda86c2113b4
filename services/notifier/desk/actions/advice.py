"""The outcomes of the advice that went out, in groups and one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from services.notifier.advice.export import period_start
from services.notifier.advice.outcomes import GROUPINGS, SentOpinion
from services.notifier.advice.queries import sent_opinions
from services.notifier.paging import Page, Place, page_of_items
from services.notifier.scope import Scope

__all__ = ["DEFAULT_DAYS", "AdviceQuery", "Grouping", "list_advice", "page_of_opinions", "parse_query"]

DEFAULT_DAYS = 365
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The names of ``GROUPINGS``, as the API lists them.
Grouping = Literal["rule", "kind", "stance", "manager", "client"]


@dataclass(frozen=True, slots=True)
class AdviceQuery:
    """The grouping of opinions, and how many days back to look (0: all of them)."""

    by: str = "rule"
    days: int = DEFAULT_DAYS


def parse_query(parameters: Mapping[str, str]) -> AdviceQuery:
    """Read ``by`` and ``days`` from the address; what is unknown counts as the default."""
    by, days = parameters.get("by", "rule"), parameters.get("days", "")
    known = days.isascii() and days.isdigit() and len(days) < 5
    return AdviceQuery(by if by in GROUPINGS else "rule", int(days) if known else DEFAULT_DAYS)


def list_advice(connection: Connection, scope: Scope, query: AdviceQuery, now: datetime) -> list[SentOpinion]:
    """Return the opinions of the wanted days, newest first."""
    return sent_opinions(connection, scope, period_start(query.days, now))


def page_of_opinions(given: Sequence[SentOpinion], number: Place, size: int) -> Page[SentOpinion]:
    """Return one page of the opinions."""
    return page_of_items(given, number, size, _place, order="opinions")


def _place(opinion: SentOpinion) -> tuple[int | str, ...]:
    return -((opinion.sent_at - _EPOCH) // timedelta(microseconds=1)), opinion.draft_id, opinion.alert_id
