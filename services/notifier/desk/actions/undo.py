"""Undo a decision: take an approved message back, put a dismissed or expired draft back, unmark one that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from schemas.drafts import DraftReopened
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.desk.actions.context import ActionContext, one_line
from services.notifier.desk.actions.deliveries import publish_delivery
from services.notifier.desk.actions.versions import apply, seen
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict
from services.notifier.lifecycle import ManagerCommand
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING
from services.notifier.sending_plan import BY_HAND
from services.notifier.tables import audit_log, deliveries, drafts

__all__ = ["REOPENED_FOR", "Undoable", "reopen", "take_back", "undo", "undoable"]

#: For how long a draft is worth sending that was reopened after its deadline.
REOPENED_FOR = timedelta(days=1)
#: The decisions that can be undone, as the audit log names them, and the state in which each leaves the draft.
_DECISIONS = {"draft.approved": "approved", "draft.dismissed": "dismissed", "draft.sent_by_hand": "sent"}
#: The most decisions that one click undoes.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Undoable:
    """A decision that can still be undone: the draft as it is now, until when, and the message's time to leave."""

    draft_id: str
    version: int
    subject: str
    state: str
    until: datetime


def undoable(connection: Connection, viewer: Viewer, now: datetime, window: timedelta) -> Sequence[Undoable]:
    """Return the viewer's decisions of the last ``window`` that stand, the newest first."""
    decided = (
        select(audit_log.c.at, audit_log.c.action, drafts.c.id, drafts.c.version, drafts.c.subject, drafts.c.state)
        .join(drafts, drafts.c.id == audit_log.c.subject)
        .where(
            audit_log.c.at > now - window,
            audit_log.c.user_id == viewer.user_id,
            audit_log.c.action.in_(_DECISIONS),
        )
        .order_by(audit_log.c.id.desc())
        .limit(_MOST)
    )
    found = {
        row.id: Undoable(row.id, row.version, row.subject, row.state, row.at + window)
        for row in reversed(connection.execute(decided).all())
        if row.state == _DECISIONS[row.action]
    }
    return tuple(reversed(found.values()))


def undo(context: ActionContext, draft_id: str, version: int) -> None:
    """Undo the last decision about a draft: it is in the inbox again.

    Raises:
        Conflict: it is too late, or the draft has changed in the meantime.
    """
    line = context.draft(draft_id)
    if line.state == "dismissed":
        reopen(context, draft_id, version)
    elif line.state == "sent":
        _unmark(context, line, version)
    else:
        take_back(context, draft_id, version)


def take_back(context: ActionContext, draft_id: str, version: int) -> None:
    """Return an approved draft that has not gone out to the inbox."""
    command: ManagerCommand = "take_back_edited" if context.draft(draft_id).revision else "take_back"
    line = seen(context, draft_id, version, command)
    apply(context, line, command, approval=None)
    _stop(context, draft_id, "Taken back before it went out.")
    context.audit("draft.taken_back", draft_id, line.client_id)


def reopen(context: ActionContext, draft_id: str, version: int, reason: str = "") -> None:
    """Put a dismissed or expired draft back into the inbox. One past its deadline needs a reason, and gets a day more.

    Raises:
        BadInput: the reason is missing.
        Conflict: newer news has replaced it, or its news turned out to be false.
    """
    line = context.draft(draft_id)
    command: ManagerCommand = "reopen_edited" if line.revision else "reopen"
    line = seen(context, draft_id, version, command)
    reason = one_line(reason)
    late = line.deadline_at <= context.now
    if late and not reason:
        raise BadInput(
            "The deadline of this draft has passed, so it needs a reason to be sent after all.",
            fix="Say why the client should still hear it. The reason is kept in the audit log.",
        )
    _refuse_overtaken(context, line)
    deadline_at = context.now + REOPENED_FOR if late else line.deadline_at
    apply(context, line, command, outcome=None, approval=None, deadline_at=deadline_at)
    reopened = DraftReopened(
        draft_id=draft_id,
        alert_id=line.draft.alert_id,
        client_id=line.client_id,
        reason=reason or None,
        deadline_at=deadline_at,
        by=context.viewer.user_id,
    )
    context.publish(reopened, line.client_id, "draft.reopened", draft_id, line.version)
    context.audit("draft.reopened", draft_id, line.client_id, reason or None)


def _refuse_overtaken(context: ActionContext, line: DraftLine) -> None:
    """Raise Conflict if the draft must not come back: its news is false, or a newer draft tells the story."""
    verdicts = queries.story(context.connection, EVERYTHING, line.client_id, line.story_id)
    if line.verdict != "correct" and verdicts and verdicts[-1].information_grade == 5:
        raise Conflict("This news turned out to be false, so the draft stays out of the inbox.")
    drafted = queries.drafts_of(context.connection, EVERYTHING, client_id=line.client_id)
    newer = [
        other
        for other in drafted
        if other.state not in ("dismissed", "withdrawn", "expired")
        and (other.draft.supersedes == line.id or _is_newer(other, line))
    ]
    if newer:
        raise Conflict("A newer draft tells this story.", fix=f"Open it: {newer[0].subject}")


def _is_newer(other: DraftLine, line: DraftLine) -> bool:
    return bool(line.story_id) and other.story_id == line.story_id and other.created_at > line.created_at


def _unmark(context: ActionContext, line: DraftLine, version: int) -> None:
    """Undo that a message was marked as sent by hand, before that was told to anybody."""
    command: ManagerCommand = "unmark_sent_edited" if line.revision else "unmark_sent"
    held = select(deliveries.c.id).where(
        deliveries.c.draft_id == line.id, deliveries.c.channel == BY_HAND, deliveries.c.status == "pending"
    )
    if context.connection.execute(held).first() is None:
        raise Conflict(
            "It is too late to undo this: the message counts as sent.",
            fix="Record on the client's page what really happened.",
        )
    line = seen(context, line.id, version, command)
    apply(context, line, command, approval=None)
    _stop(context, line.id, "It was marked as sent by mistake.")
    context.audit("draft.unmarked", line.id, line.client_id)


def _stop(context: ActionContext, draft_id: str, why: str) -> None:
    """Stop the deliveries of a draft that have not left."""
    stopped = context.connection.execute(
        update(deliveries)
        .where(deliveries.c.draft_id == draft_id, deliveries.c.status == "pending")
        .values(status="failed", last_error=why, next_attempt_at=None)
        .values(changed_at=context.now)
        .returning(deliveries.c.id)
    ).scalars()
    for delivery_id in stopped.all():
        publish_delivery(context, delivery_id)
