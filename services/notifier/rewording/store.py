"""Rewordings of drafts: a queue of questions to the model, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, or_, select, update

from services.common.db import upsert
from services.common.queue.backoff import Schedule
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, Statuses, WorkQueue
from services.notifier import model_answers
from services.notifier.rewording.rewrite import AcceptedRewording, Declined
from services.notifier.rewording.tables import rewordings
from services.notifier.tables import drafts

__all__ = [
    "QUEUE",
    "Offer",
    "Status",
    "claim",
    "due",
    "finish",
    "offer",
    "progress",
    "prune",
    "retry",
]

#: offered: it passed every check · declined: it did not, or there was nothing to reword · failed: no answer came, or
#: not yet.
Status = Literal["asking", "offered", "declined", "failed"]
#: Three attempts; how long to wait before each depends on the model, not on the draft.
QUEUE = WorkQueue(
    rewordings,
    "at_least_once",
    Schedule((0, 0, 0)),
    id_column="draft_id",
    statuses=Statuses(pending="failed", running="asking", done="offered"),
    cut_off=Outcome("unknown", "Firstword stopped before the model answered."),
)
#: An answer is of use as long as similar drafts are written.
KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offer:
    """Another phrasing of a draft, and the model that wrote it."""

    model: str
    body: str


def due(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the ids of undecided, unedited drafts to ask the model about, those with the earliest deadline first."""
    query = (
        select(drafts.c.id)
        .outerjoin(rewordings, rewordings.c.draft_id == drafts.c.id)
        .where(drafts.c.state == "open", drafts.c.revision == 0, drafts.c.deadline_at > now)
        .where(or_(rewordings.c.draft_id.is_(None), QUEUE.is_due(now)))
        .order_by(drafts.c.deadline_at, drafts.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def claim(connection: Connection, draft_id: str, model: str, now: datetime) -> Attempt | None:
    """Begin asking ``model`` about a draft; return None if another worker does."""
    row = {"draft_id": draft_id, "status": QUEUE.statuses.pending, "model": model, "attempts": 0}
    row |= {"next_attempt_at": now, "changed_at": now}
    upsert(connection, rewordings, [row], ["draft_id"], update=())
    claimed = QUEUE.claim_one(connection, draft_id, now)
    if claimed is None:
        return None
    if claimed["model"] != model:
        connection.execute(update(rewordings).where(rewordings.c.draft_id == draft_id).values(model=model))
    return Attempt(draft_id, claimed["attempts"])


def finish(connection: Connection, attempt: Attempt, result: AcceptedRewording | Declined, now: datetime) -> None:
    """Offer a rewording of the draft, or record why there is none."""
    values: dict[str, Any]
    if isinstance(result, AcceptedRewording):
        outcome = Outcome("delivered", "")
        values = {"body": result.body, "parts": [part.model_dump(mode="json") for part in result.parts]}
    else:
        outcome, values = Outcome("rejected", result.detail), {"status": "declined"}
    QUEUE.finish(connection, [Finished(attempt, outcome, values)], now)


def retry(connection: Connection, attempt: Attempt, detail: str, wait: timedelta | None, now: datetime) -> None:
    """Record that no answer came; ask again after ``wait``, unless it is None or this was the last attempt."""
    outcome = Outcome("rejected", detail) if wait is None else Outcome("retry", detail, wait.total_seconds())
    QUEUE.finish(connection, [Finished(attempt, outcome)], now)


def offer(connection: Connection, draft_id: str) -> Offer | None:
    """Return another phrasing of an undecided, unedited draft, if there is one."""
    query = (
        select(rewordings.c.model, rewordings.c.body)
        .join(drafts, drafts.c.id == rewordings.c.draft_id)
        .where(rewordings.c.draft_id == draft_id, rewordings.c.status == QUEUE.statuses.done)
        .where(drafts.c.state == "open", drafts.c.revision == 0)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Offer(row.model, row.body)


def progress(connection: Connection, draft_id: str) -> dict[str, Any] | None:
    """Return ``state``, ``model``, ``detail`` (why there is no rewording), ``at`` and ``body``; None if nobody asked.

    ``body`` is None once the draft was edited or decided.
    """
    row = connection.execute(select(rewordings).where(rewordings.c.draft_id == draft_id)).mappings().first()
    if row is None:
        return None
    offered = offer(connection, draft_id)
    return {
        "state": row["status"],
        "model": row["model"],
        "detail": row["last_error"],
        "at": row["changed_at"],
        "body": None if offered is None else offered.body,
    }


def prune(connection: Connection, now: datetime) -> int:
    """Drop rewordings and answers older than a month; return how many."""
    old = delete(rewordings).where(rewordings.c.changed_at < now - KEEP)
    return connection.execute(old).rowcount + model_answers.prune(connection, "rewording", now - KEEP)
