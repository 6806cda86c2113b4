"""How opinions fared, as it is read by programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.notifier.advice.outcomes import Given, Group, Share

__all__ = ["PERIODS", "as_csv", "group_facts", "opinion_facts", "since_of"]

#: Days that can be looked back; 0 is all there is.
PERIODS = (30, 90, 365, 0)
_COLUMNS = (
    "sent_at", "client_id", "client", "manager_id", "thing", "event", "stance", "verdict", "playbook", "rule",
    "opinion", "reworded", "answer", "their_view", "worth", "story", "next_news", "later_news", "draft_id", "alert_id",
)  # fmt: skip


def since_of(days: int, now: datetime) -> datetime | None:
    """From when on opinions count, looking back ``days``; None for all."""
    return now - timedelta(days=days) if days else None


def opinion_facts(one: Given) -> dict[str, Any]:
    """One opinion and what became of it, in plain values."""
    values = (
        one.sent_at, one.client_id, one.client_name, one.manager_id, one.entity_name, one.kind, one.stance, one.verdict,
        one.playbook, one.rule, one.text, one.reworded, one.answer, one.view, one.feedback, one.story, one.next_way,
        len(one.later), one.draft_id, one.alert_id,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def group_facts(group: Group) -> dict[str, Any]:
    """A group's counts; bounds (0–1) only where there are enough cases."""
    shares = ("acted", "disagreed", "useful", "corrected", "same_way")
    return {
        "name": group.name,
        "given": group.given,
        "reworded": group.reworded,
        "too_few_to_judge": group.few,
        **{name: _share(getattr(group, name)) for name in shares},
    }


def as_csv(given: Iterable[Given]) -> str:
    """One line an opinion, in UTF-8 for any spreadsheet; a cell that a spreadsheet would reckon with is quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in given:
        writer.writerow([_cell(value) for value in opinion_facts(one).values()])
    return text.getvalue()


def _share(share: Share) -> dict[str, Any]:
    bounds = share.bounds
    return {"count": share.count, "of": share.of, "between": None if bounds is None else [round(b, 3) for b in bounds]}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    # What begins so is a formula to a spreadsheet (OWASP, "CSV Injection").
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
