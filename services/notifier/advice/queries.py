"""Reads the opinions that went out, in a scope, with what became of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, or_, select, true

from services.notifier.advice.outcomes import WITHIN, Given, Later, next_news, story_of
from services.notifier.advice.tables import advice
from services.notifier.scope import Scope
from services.notifier.tables import alerts, clients, feedback, interactions

__all__ = ["gather_advice", "of_draft"]

_Key = tuple[str, str]


def gather_advice(connection: Connection, scope: Scope, since: datetime | None = None) -> list[Given]:
    """Return the opinions sent after ``since`` (None: all of them), newest first."""
    return _gather(connection, and_(scope.condition(), true() if since is None else advice.c.sent_at > since))


def of_draft(connection: Connection, scope: Scope, draft_id: str) -> list[Given]:
    """Return the opinions of one draft."""
    return _gather(connection, and_(scope.condition(), advice.c.draft_id == draft_id))


_FROM = advice.outerjoin(clients, clients.c.id == advice.c.client_id).outerjoin(
    alerts, alerts.c.id == advice.c.alert_id
)


def _gather(connection: Connection, which: ColumnElement[bool]) -> list[Given]:
    query = (
        select(
            advice,
            clients.c.name.label("client_name"),
            alerts.c.verdict,
            alerts.c.kind,
            alerts.c.stance,
            alerts.c.direction,
            alerts.c.entity_name,
        )
        .select_from(_FROM)
        .where(which)
        .order_by(advice.c.sent_at.desc(), advice.c.draft_id, advice.c.alert_id)
    )
    rows = connection.execute(query).mappings().all()
    answers = _newest(connection, _beside(interactions, which).where(interactions.c.channel == "reply"))
    rated = _newest(connection, _beside(feedback, which))
    later = _later(connection, which)
    return [_given(row, answers, rated, later[row["draft_id"], row["alert_id"]]) for row in rows]


def _beside(table: Any, which: ColumnElement[bool]) -> Select[Any]:
    """The rows of ``table`` about the drafts that gave these opinions, the oldest first."""
    drafts = select(advice.c.draft_id).select_from(_FROM).where(which)
    return select(table).where(table.c.draft_id.in_(drafts)).order_by(table.c.at)


def _newest(connection: Connection, query: Select[Any]) -> dict[str, RowMapping]:
    return {row["draft_id"]: row for row in connection.execute(query).mappings()}


def _later(connection: Connection, which: ColumnElement[bool]) -> dict[_Key, list[Later]]:
    """By opinion, the later verdicts for the same client on the same thing, in order of time."""
    after = alerts.alias("after")
    same_thing = and_(
        after.c.client_id == advice.c.client_id,
        after.c.raised_at > advice.c.sent_at,
        or_(
            after.c.entity_id == alerts.c.entity_id,
            after.c.story_id == alerts.c.story_id,
            after.c.earlier_alert_id == advice.c.alert_id,
        ),
    )
    names = ("id", "raised_at", "kind", "direction", "headline", "information_grade", "verdict", "earlier_alert_id")
    query = (
        select(
            advice.c.draft_id,
            advice.c.alert_id,
            advice.c.sent_at,
            (after.c.story_id == alerts.c.story_id).label("same_story"),
            *(after.c[name] for name in names),
        )
        .select_from(_FROM.join(after, same_thing))
        .where(which)
        .order_by(after.c.raised_at, after.c.id)
    )
    found: dict[_Key, list[Later]] = defaultdict(list)
    for row in connection.execute(query):
        if row.raised_at <= row.sent_at + WITHIN:
            found[row.draft_id, row.alert_id].append(
                Later(
                    alert_id=row.id,
                    at=row.raised_at,
                    kind=row.kind or "other",
                    direction=row.direction or "unclear",
                    headline=row.headline,
                    information=row.information_grade or 6,
                    verdict=row.verdict,
                    same_story=bool(row.same_story) or row.earlier_alert_id == row.alert_id,
                )
            )
    return found


def _given(
    row: RowMapping, answers: dict[str, RowMapping], rated: dict[str, RowMapping], later: Sequence[Later]
) -> Given:
    answer, rating = answers.get(row["draft_id"]), rated.get(row["draft_id"])
    return Given(
        draft_id=row["draft_id"],
        alert_id=row["alert_id"],
        client_id=row["client_id"],
        client_name=row["client_name"] or row["client_id"],
        manager_id=row["manager_id"],
        sent_at=row["sent_at"],
        text=row["text"],
        reworded=row["reworded"],
        playbook=row["playbook"],
        rule=row["rule"],
        verdict=row["verdict"] or "tell",
        kind=row["kind"] or "other",
        stance=row["stance"] or "follows",
        entity_name=row["entity_name"] or "",
        answer=None if answer is None else answer["outcome"],
        view=None if answer is None else answer["opinion"],
        feedback=None if rating is None else rating["feedback"],
        story=story_of(later, corrects=row["verdict"] == "correct"),
        next_way=next_news(row["direction"] or "unclear", later),
        later=tuple(later),
    )
