"""Which drafts still lack other words, what was answered before, what it cost today, and what is offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from services.common.db import exclusive, upsert
from services.notifier.rewording.rewrite import Wording
from services.notifier.rewording.tables import model_answers, wordings
from services.notifier.tables import drafts

__all__ = [
    "Offer",
    "State",
    "answered",
    "claim",
    "due",
    "finish",
    "keep_answer",
    "offer",
    "prune",
    "reserve",
    "retry",
    "spent_today",
    "standing",
]

#: asking · offered: it passed every check · declined: it did not, or there was nothing to reword · failed: no answer.
State = Literal["asking", "offered", "declined", "failed"]
ATTEMPTS = 3
#: An answer is of use for as long as like drafts are written; then it only takes room.
KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offer:
    """Other words for a draft, whose they are, and what they are."""

    model: str
    body: str


def due(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Drafts as they were proposed, not decided on, that were not asked about yet; the most pressing first."""
    query = (
        select(drafts.c.id)
        .outerjoin(wordings, wordings.c.draft_id == drafts.c.id)
        .where(drafts.c.state == "open", drafts.c.revision == 0, drafts.c.deadline_at > now)
        .where(or_(wordings.c.draft_id.is_(None), _again(now)))
        .order_by(drafts.c.deadline_at, drafts.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def claim(connection: Connection, draft_id: str, model: str, now: datetime, until: datetime) -> bool:
    """Take a draft on, until the moment ``until``; False when another worker has."""
    row = {"draft_id": draft_id, "state": "asking", "model": model, "attempts": 1, "next_attempt_at": until, "at": now}
    if upsert(connection, wordings, [row], ["draft_id"], update=()):
        return True
    taken = connection.execute(
        update(wordings)
        .where(wordings.c.draft_id == draft_id, _again(now))
        .values(state="asking", model=model, attempts=wordings.c.attempts + 1, next_attempt_at=until, at=now)
    )
    return taken.rowcount == 1


def answered(connection: Connection, key: str) -> str | None:
    """What the model answered to the same question before."""
    return connection.execute(select(model_answers.c.answer).where(model_answers.c.key == key)).scalar()


def reserve(connection: Connection, key: str, tokens: int, daily_tokens: int, now: datetime) -> bool:
    """Count ``tokens`` for a question that is about to be asked; False where today's (UTC) would not suffice.

    They stay counted when nobody records an answer: the endpoint may have worked all the same.
    """
    exclusive(connection, "model_answers")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if spent_today(connection, now) + tokens > daily_tokens:
        return False
    before = select(model_answers.c.tokens).where(model_answers.c.key == key, model_answers.c.at >= midnight)
    again = connection.execute(before).scalar() or 0
    upsert(connection, model_answers, [{"key": key, "answer": None, "tokens": tokens + again, "at": now}], ["key"])
    return True


def keep_answer(connection: Connection, key: str, answer: str, tokens: int, reserved: int) -> None:
    """Keep what came, and what it cost instead of what was reserved for it."""
    cost = model_answers.c.tokens - reserved + tokens
    connection.execute(update(model_answers).where(model_answers.c.key == key).values(answer=answer, tokens=cost))


def finish(connection: Connection, draft_id: str, now: datetime, done: Wording | str) -> None:
    """Offer a wording for the draft, or note why there is none (``done`` says it)."""
    if isinstance(done, Wording):
        parts = [part.model_dump(mode="json") for part in done.parts]
        values = {"state": "offered", "body": done.body, "parts": parts, "detail": None}
    else:
        values = {"state": "declined", "detail": done}
    changed = update(wordings).where(wordings.c.draft_id == draft_id)
    connection.execute(changed.values(next_attempt_at=None, at=now, **values))


def retry(connection: Connection, draft_id: str, now: datetime, detail: str, at: datetime | None) -> None:
    """Note that no answer came; ask again ``at``, unless often enough."""
    changed = update(wordings).where(wordings.c.draft_id == draft_id)
    connection.execute(changed.values(state="failed", detail=detail, next_attempt_at=at, at=now))


def offer(connection: Connection, draft_id: str) -> Offer | None:
    """Other words for a draft that stands as it was proposed, if there are any."""
    query = (
        select(wordings.c.model, wordings.c.body)
        .join(drafts, drafts.c.id == wordings.c.draft_id)
        .where(wordings.c.draft_id == draft_id, wordings.c.state == "offered")
        .where(drafts.c.state == "open", drafts.c.revision == 0)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Offer(row.model, row.body)


def standing(connection: Connection, draft_id: str) -> dict[str, Any] | None:
    """How far the model is with a draft: ``state``, ``model``, why there are none (``detail``), and what is offered.

    None where it was not asked. ``body`` is None once the draft no longer stands as it was proposed.
    """
    row = connection.execute(select(wordings).where(wordings.c.draft_id == draft_id)).mappings().first()
    if row is None:
        return None
    offered = offer(connection, draft_id)
    known = {name: row[name] for name in ("state", "model", "detail", "at")}
    return {**known, "body": None if offered is None else offered.body}


def spent_today(connection: Connection, now: datetime) -> int:
    """Tokens that were used, or reserved, since midnight (UTC)."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.sum(model_answers.c.tokens)).where(model_answers.c.at >= midnight)
    return connection.execute(query).scalar() or 0


def prune(connection: Connection, now: datetime) -> int:
    """Drop what is older than a month; returns how many answers and wordings that were."""
    gone = [
        connection.execute(delete(table).where(table.c.at < now - KEEP)).rowcount for table in (model_answers, wordings)
    ]
    return sum(gone)


def _again(now: datetime) -> ColumnElement[bool]:
    """It failed and its time has come, or whoever asked ended before the answer."""
    waits = and_(wordings.c.state.in_(("failed", "asking")), wordings.c.next_attempt_at <= now)
    return and_(waits, wordings.c.attempts < ATTEMPTS)
