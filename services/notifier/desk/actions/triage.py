"""Put a draft aside until later, or give it to a colleague."""

from __future__ import annotations

from datetime import datetime

from services.common.errors import BadInput
from services.notifier.desk import labels
from services.notifier.desk.actions.context import ActionContext, one_line
from services.notifier.desk.actions.users import colleagues, ensure_colleague
from services.notifier.desk.errors import Conflict
from services.notifier.queries import DraftLine
from services.notifier.triage import marks
from services.notifier.triage.snooze import snooze_until

__all__ = ["assign", "snooze", "take", "wake"]


def snooze(context: ActionContext, draft_id: str, choice: str) -> datetime:
    """Leave the draft out of the inbox until a preset or a time, and return when it comes back by itself.

    Raises:
        Conflict: it is decided already.
        BadInput: the time is past, or its deadline comes first.
    """
    line = _undecided(context, draft_id)
    until = snooze_until(choice, context.now, labels.zone(context.viewer.time_zone), line.deadline_at)
    marks.put_aside(context.connection, draft_id, until, context.viewer.user_id, context.now)
    context.audit("draft.snoozed", draft_id, line.client_id, f"until {until.isoformat()}")
    return until


def wake(context: ActionContext, draft_id: str) -> None:
    """Bring a draft that was put aside back to the inbox."""
    line = _undecided(context, draft_id)
    marks.put_aside(context.connection, draft_id, None, context.viewer.user_id, context.now)
    context.audit("draft.woken", draft_id, line.client_id)


def assign(context: ActionContext, draft_id: str, to: str, note: str, *, ask: bool = False) -> str:
    """Give the draft to a colleague, or only ask them about it; return their name.

    Raises:
        Conflict: it is decided already.
        BadInput: there is no such colleague, or it is the viewer.
    """
    line = _undecided(context, draft_id)
    names = colleagues(context.connection)
    if to not in names or to == context.viewer.user_id:
        raise BadInput(
            "Choose a colleague.", fix="Account managers and people who can sign in to the desk can be chosen."
        )
    ensure_colleague(context.connection, to, context.now)
    note = one_line(note)
    marks.give(context.connection, draft_id, to, note or None, context.viewer.user_id, context.now, asked=ask)
    detail = f"{names[to]}{f': {note}' if note else ''}"
    context.audit("draft.asked" if ask else "draft.assigned", draft_id, line.client_id, detail)
    return names[to]


def take(context: ActionContext, draft_id: str) -> None:
    """End an assignment: the draft is with the client's account manager again."""
    line = _undecided(context, draft_id)
    marks.give(context.connection, draft_id, None, None, context.viewer.user_id, context.now, asked=False)
    context.audit("draft.unassigned", draft_id, line.client_id)


def _undecided(context: ActionContext, draft_id: str) -> DraftLine:
    line = context.draft(draft_id)
    if not line.decidable:
        raise Conflict(f"It is {labels.STATE[line.state]} already.", fix="Nothing was changed.")
    return line
