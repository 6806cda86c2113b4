"""Queries for sent opinions and their outcomes, within a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, or_, select, true

from services.notifier.advice.outcomes import FOLLOW_UP, LaterVerdict, SentOpinion, next_news, story_outcome
from services.notifier.advice.tables import advice
from services.notifier.scope import Scope
from services.notifier.tables import alerts, clients, feedback, interactions

__all__ = ["opinions_of_draft", "sent_opinions"]

_Key = tuple[str, str]


def sent_opinions(connection: Connection, scope: Scope, since: datetime | None = None) -> list[SentOpinion]:
    """Return the opinions sent after ``since`` (None: all of them), newest first."""
    return _select(connection, and_(scope.condition(), true() if since is None else advice.c.sent_at > since))


def opinions_of_draft(connection: Connection, scope: Scope, draft_id: str) -> list[SentOpinion]:
    """Return the opinions of one draft."""
    return _select(connection, and_(scope.condition(), advice.c.draft_id == draft_id))


_FROM = advice.outerjoin(clients, clients.c.id == advice.c.client_id).outerjoin(
    alerts, alerts.c.id == advice.c.alert_id
)


def _select(connection: Connection, condition: ColumnElement[bool]) -> list[SentOpinion]:
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
        .where(condition)
        .order_by(advice.c.sent_at.desc(), advice.c.draft_id, advice.c.alert_id)
    )
    rows = connection.execute(query).mappings().all()
    answers = _newest(connection, _rows_about(interactions, condition).where(interactions.c.channel == "reply"))
    ratings = _newest(connection, _rows_about(feedback, condition))
    later = _later(connection, condition)
    return [_opinion(row, answers, ratings, later[row["draft_id"], row["alert_id"]]) for row in rows]


def _rows_about(table: Any, condition: ColumnElement[bool]) -> Select[Any]:
    """Select the rows of ``table`` that belong to the drafts of these opinions, oldest first."""
    drafts = select(advice.c.draft_id).select_from(_FROM).where(condition)
    return select(table).where(table.c.draft_id.in_(drafts)).order_by(table.c.at)


def _newest(connection: Connection, query: Select[Any]) -> dict[str, RowMapping]:
    return {row["draft_id"]: row for row in connection.execute(query).mappings()}


def _later(connection: Connection, condition: ColumnElement[bool]) -> dict[_Key, list[LaterVerdict]]:
    """Return the later verdicts for the same client on the same entity, in order of time, by opinion."""
    after = alerts.alias("after")
    same_entity = and_(
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
        .select_from(_FROM.join(after, same_entity))
        .where(condition)
        .order_by(after.c.raised_at, after.c.id)
    )
    later: dict[_Key, list[LaterVerdict]] = defaultdict(list)
    for row in connection.execute(query):
        if row.raised_at <= row.sent_at + FOLLOW_UP:
            later[row.draft_id, row.alert_id].append(
                LaterVerdict(
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
    return later


def _opinion(
    row: RowMapping, answers: dict[str, RowMapping], ratings: dict[str, RowMapping], later: Sequence[LaterVerdict]
) -> SentOpinion:
    answer, rating = answers.get(row["draft_id"]), ratings.get(row["draft_id"])
    return SentOpinion(
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
        story=story_outcome(later, corrects=row["verdict"] == "correct"),
        next_way=next_news(row["direction"] or "unclear", later),
        later=tuple(later),
    )
