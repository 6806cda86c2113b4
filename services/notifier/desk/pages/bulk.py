"""Actions on the drafts that were selected in the inbox, and the list of what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.common.errors import BadInput
from services.notifier.desk import labels
from services.notifier.desk.actions.bulk import MOST, Act, BulkWish, Pick, act_of, preview_sending, run
from services.notifier.desk.context import RequestContext
from services.notifier.desk.pages.rendering import PageForm, redirect, render
from services.notifier.triage.inbox import members_of
from services.notifier.triage.view import InboxView

__all__ = ["router"]

router = APIRouter(prefix="/inbox")
DONE: dict[Act, str] = {
    "approve": "approved",
    "dismiss": "dismissed",
    "snooze": "snoozed",
    "wake": "back in the inbox",
    "assign": "assigned",
    "ask": "asked about",
    "take": "taken back",
}
Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]


@router.post("/act")
def act_on(
    context: PageForm,
    act: Annotated[Act, Form()],
    pick: Texts | None = None,
    group: Texts | None = None,
    query: Text = "",
    as_of: Text = "",
    reason: Text = "",
    comment: Text = "",
    until: Text = "",
    until_at: Text = "",
    to: Text = "",
    note: Text = "",
    confirmed: Text = "",
) -> Response:
    """Approve, dismiss, snooze or assign what is selected; sending is confirmed first with the list of what leaves."""
    view = InboxView.parse(dict(parse_qsl(query)))
    picks = _picks(context, view, pick or (), group or (), as_of)
    back = f"/?{view.query}" if view.query else "/"
    if act == "approve" and not confirmed:
        outcomes = preview_sending(context.acting, picks)
        return render(context, "bulk_confirm.html", outcomes=outcomes, query=view.query, back=back)
    wanted = BulkWish(act, reason, comment, until_at or until, to, note)
    outcomes = run(context.acting, picks, act_of(wanted, labels.zone(context.viewer.time_zone)))
    if len(outcomes) == 1 and outcomes[0].done:
        return redirect(back, f"act-{act}")
    return _result(context, act, outcomes, back)


def _result(context: RequestContext, act: Act, outcomes: Sequence[object], back: str) -> HTMLResponse:
    return render(context, "bulk.html", act=DONE[act], outcomes=outcomes, back=back)


def _picks(
    context: RequestContext, view: InboxView, picked: Sequence[str], groups: Sequence[str], as_of: str
) -> Sequence[Pick]:
    """Return the drafts that are selected one by one, and all those of the groups that are.

    A group stands for the drafts that it had when the page was made: one that has changed since is refused.
    """
    picks = {pick.draft_id: pick for pick in map(Pick.parse, picked)}
    if groups:
        try:
            seen_at = datetime.fromisoformat(as_of)
        except ValueError as error:
            raise BadInput("The selection can't be read.", fix="Reload the inbox and select again.") from error
        with context.reading() as connection:
            rows = members_of(
                connection, context.scope, context.viewer.user_id, view, groups[:MOST], context.now, limit=MOST + 1
            )
        for row in rows:
            version = row["version"] if row["changed_at"] <= seen_at else -1
            picks.setdefault(row["id"], Pick(row["id"], version))
    return list(picks.values())
