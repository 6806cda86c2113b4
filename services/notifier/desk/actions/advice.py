"""The outcomes of the advice that went out, in groups and one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from services.notifier.advice.export import period_start
from services.notifier.advice.outcomes import GROUPINGS, SentOpinion
from services.notifier.advice.queries import sent_opinions
from services.notifier.queries import Page
from services.notifier.scope import Scope

__all__ = ["DEFAULT_DAYS", "AdviceQuery", "Grouping", "list_advice", "page_of", "parse_query"]

DEFAULT_DAYS = 365
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


def page_of(given: list[SentOpinion], number: int, size: int) -> Page[SentOpinion]:
    """Return one page of the opinions; a number beyond the last page gives the last one."""
    pages = max(1, -(-len(given) // size))
    number = min(max(1, number), pages)
    return Page(given[(number - 1) * size : number * size], len(given), number, size)
