"""The version of a draft that a person saw: an action on any other version is refused, and nothing happens twice."""

from __future__ import annotations

from schemas.clients import ClientChanged
from services.notifier import lifecycle, queries
from services.notifier.desk import labels
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.desk.second_person import visible_draft
from services.notifier.lifecycle import IllegalTransition, ManagerCommand, StaleDraft, next_state
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING

__all__ = ["apply", "client_of", "seen"]


def seen(context: ActionContext, draft_id: str, version: int, command: ManagerCommand) -> DraftLine:
    """Return the draft if it is still as the person saw it and allows ``command``; raise Conflict if not."""
    line = context.draft(draft_id) if command != "approve" else _to_approve(context, draft_id)
    try:
        next_state(line.state, command, "account manager")
    except IllegalTransition as refused:
        raise _conflict(context, line) from refused
    if line.version != version:
        raise _conflict(context, line)
    return line


def _to_approve(context: ActionContext, draft_id: str) -> DraftLine:
    """Return a draft that the viewer may approve, also as the second person for another's client."""
    line = visible_draft(context.connection, context.viewer, context.gate, draft_id)
    if line is None:
        raise NotFound("There is no such draft.")
    return line


def apply(context: ActionContext, line: DraftLine, command: ManagerCommand, **values: object) -> None:
    """Apply ``command`` to the draft as it was read; raise Conflict if somebody was faster."""
    try:
        lifecycle.change(
            context.connection, line.id, command, "account manager", context.now, version=line.version, **values
        )
    except (IllegalTransition, StaleDraft) as refused:
        raise _conflict(context, context.draft(line.id)) from refused


def _conflict(context: ActionContext, line: DraftLine) -> Conflict:
    when = labels.moment(line.changed_at, labels.zone(context.viewer.time_zone), context.now)
    return Conflict(
        f"This draft has changed since you opened it: it is {labels.STATE[line.state]} ({when}).",
        fix="Your action was not carried out. Open the draft to see its current state.",
    )


def client_of(context: ActionContext, line: DraftLine) -> ClientChanged | None:
    """Return the client of a draft that the viewer may see."""
    return queries.client(context.connection, EVERYTHING, line.client_id)
