"""A language model's texts of drafts: a queue of questions to the model, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, or_, select, update

from services.common.db import upsert
from services.common.queue.backoff import Schedule
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, Statuses, WorkQueue
from services.notifier import model_answers
from services.notifier.rewording.answer import AcceptedText, Declined
from services.notifier.rewording.question import Mode
from services.notifier.rewording.tables import rewordings
from services.notifier.tables import drafts

__all__ = [
    "QUEUE",
    "Offer",
    "Status",
    "claim",
    "due",
    "finish",
    "mark_used",
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
    """Another text of a draft, and the model that reworded or wrote it."""

    model: str
    mode: Mode
    subject: str
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


def finish(
    connection: Connection, attempt: Attempt, result: AcceptedText | Declined, now: datetime, *, mode: Mode = "reword"
) -> None:
    """Offer a text for the draft, or record why there is none."""
    values: dict[str, Any] = {"mode": mode}
    if isinstance(result, AcceptedText):
        outcome = Outcome("delivered", "")
        parts = [part.model_dump(mode="json") for part in result.parts]
        values |= {"subject": result.subject, "body": result.body, "parts": parts}
    else:
        outcome = Outcome("rejected", result.detail)
        values |= {"status": "declined"}
    QUEUE.finish(connection, [Finished(attempt, outcome, values)], now)


def retry(connection: Connection, attempt: Attempt, detail: str, wait: timedelta | None, now: datetime) -> None:
    """Record that no answer came; ask again after ``wait``, unless it is None or this was the last attempt."""
    outcome = Outcome("rejected", detail) if wait is None else Outcome("retry", detail, wait.total_seconds())
    QUEUE.finish(connection, [Finished(attempt, outcome)], now)


def offer(connection: Connection, draft_id: str) -> Offer | None:
    """Return another text of an undecided, unedited draft, if there is one."""
    subject = func.coalesce(rewordings.c.subject, drafts.c.subject)
    query = (
        select(rewordings.c.model, rewordings.c.mode, subject, rewordings.c.body)
        .join(drafts, drafts.c.id == rewordings.c.draft_id)
        .where(rewordings.c.draft_id == draft_id, rewordings.c.status == QUEUE.statuses.done)
        .where(drafts.c.state == "open", drafts.c.revision == 0)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Offer(*row)


def mark_used(connection: Connection, draft_id: str, revision: int) -> None:
    """Note that ``revision`` of the draft is the model's text."""
    connection.execute(update(rewordings).where(rewordings.c.draft_id == draft_id).values(used_revision=revision))


def progress(connection: Connection, draft_id: str) -> dict[str, Any] | None:
    """Return what came of asking about a draft; None if nobody asked.

    ``detail`` says why there is no text. ``subject`` and ``body`` are None once the draft was edited or decided.
    ``used``: the draft's current text is the model's.
    """
    query = (
        select(rewordings, (drafts.c.revision == rewordings.c.used_revision).label("used"))
        .join(drafts, drafts.c.id == rewordings.c.draft_id)
        .where(rewordings.c.draft_id == draft_id)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    offered = offer(connection, draft_id)
    return {
        "state": row["status"],
        "model": row["model"],
        "mode": row["mode"],
        "detail": row["last_error"],
        "at": row["changed_at"],
        "subject": None if offered is None else offered.subject,
        "body": None if offered is None else offered.body,
        "used": bool(row["used"]),
    }


def prune(connection: Connection, now: datetime) -> int:
    """Drop rewordings and answers older than a month; return how many."""
    old = delete(rewordings).where(rewordings.c.changed_at < now - KEEP)
    return connection.execute(old).rowcount + model_answers.prune(connection, "rewording", now - KEEP)
