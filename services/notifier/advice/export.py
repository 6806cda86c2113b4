"""Outcomes of opinions for programs and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.common.safe_csv import safe_csv
from services.notifier.advice.outcomes import OpinionGroup, Proportion, SentOpinion

__all__ = ["PERIOD_DAYS", "group_summary", "opinion_row", "opinions_csv", "period_start"]

#: Periods to choose from, in days; 0 means no limit.
PERIOD_DAYS = (30, 90, 365, 0)
_COLUMNS = (
    "sent_at", "client_id", "client", "manager_id", "thing", "event", "stance", "verdict", "playbook", "rule",
    "opinion", "reworded", "answer", "their_view", "worth", "story", "next_news", "later_news", "draft_id", "alert_id",
)  # fmt: skip


def period_start(days: int, now: datetime) -> datetime | None:
    """Return the start of the period of the last ``days`` days; None for no limit."""
    return now - timedelta(days=days) if days else None


def opinion_row(opinion: SentOpinion) -> dict[str, Any]:
    """Return an opinion and its outcome as plain values."""
    values = (
        opinion.sent_at, opinion.client_id, opinion.client_name, opinion.manager_id, opinion.entity_name, opinion.kind,
        opinion.stance, opinion.verdict, opinion.playbook, opinion.rule, opinion.text, opinion.reworded, opinion.answer,
        opinion.view, opinion.feedback, opinion.story, opinion.next_way, len(opinion.later), opinion.draft_id,
        opinion.alert_id,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def group_summary(group: OpinionGroup) -> dict[str, Any]:
    """Return the counts of a group as plain values; ``between`` (0–1) only with enough cases."""
    proportions = ("acted", "disagreed", "useful", "corrected", "same_way")
    return {
        "name": group.name,
        "given": group.sent,
        "reworded": group.reworded,
        "too_few_to_judge": group.too_few,
        **{name: _proportion(getattr(group, name)) for name in proportions},
    }


def opinions_csv(opinions: Iterable[SentOpinion]) -> str:
    """Return one line of CSV for each opinion, safe for spreadsheets."""
    return safe_csv(_COLUMNS, (opinion_row(opinion).values() for opinion in opinions))


def _proportion(proportion: Proportion) -> dict[str, Any]:
    interval = proportion.interval
    bounds = None if interval is None else [round(bound, 3) for bound in interval]
    return {"count": proportion.count, "of": proportion.total, "between": bounds}
