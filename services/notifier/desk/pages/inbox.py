"""The inbox: drafts that wait for a decision, by story, by client or one by one, the most urgent first."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier import queries
from services.notifier.desk.actions import inbox as actions
from services.notifier.desk.actions.health import broken_feeds
from services.notifier.desk.actions.users import colleagues
from services.notifier.desk.disagreements import disagreements
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, remember_view, render
from services.notifier.desk.second_person import to_second
from services.notifier.desk.sending_labels import cannot_arrive
from services.notifier.triage import saved
from services.notifier.triage.inbox import kinds_to_decide, read_inbox
from services.notifier.triage.view import DEADLINES, GROUPS, SORTS, URGENCIES, VERDICTS, InboxView
from services.notifier.webhooks import log

__all__ = ["router"]

router = APIRouter()


@router.get("/")
def inbox(context: PageRequest) -> HTMLResponse:
    """Show what waits for a decision, approved messages that have not gone out, and problems."""
    view = InboxView.parse(context.request.query_params)
    user_id, scope = context.viewer.user_id, context.scope
    with context.reading() as connection:
        shown = read_inbox(
            connection, scope, user_id, view, context.now, number=context.page_number, size=context.page_size
        )
        leads = [group.lead.alert for group in shown.page.items if group.lead.alert is not None]
        names = colleagues(connection)
        waiting = queries.waiting(connection, scope)
        values: dict[str, Any] = {
            "waiting": waiting,
            "plans": context.plans(connection, [*(group.lead for group in shown.page.items), *waiting.items]),
            "second": to_second(connection, context.viewer, context.dependencies.gate),
            "disputed": disagreements(connection, leads),
            "disabled_webhooks": log.disabled(connection) if context.viewer.may("operations.read") else (),
            "saved_views": saved.views_of(connection, user_id),
            "kinds": kinds_to_decide(connection, scope, user_id, context.now),
            "colleagues": names,
            "assigned": {"me": "Me", "nobody": "Nobody", "others": "Given to others", **names},
        }
    values["too_late"] = sum(cannot_arrive(values["plans"][group.lead.id]) for group in shown.page.items)
    shown_lines = [*(group.lead for group in shown.page.items), *waiting.items, *values["second"]]
    in_groups = (row["client_id"] for group in shown.page.items for row in group.drafts)
    context.audit_read("drafts.listed", "drafts", shown=(*(line.client_id for line in shown_lines), *in_groups))
    response = render(
        context,
        "inbox.html",
        page=shown.page,
        total=shown.drafts,
        view=view,
        empty_view=InboxView(),
        choices={"group": GROUPS, "sort": SORTS, "deadline": DEADLINES, "verdict": VERDICTS, "urgency": URGENCIES},
        broken_feeds=broken_feeds(context.dependencies),
        feed_count=len(context.dependencies.feeds_view()),
        **values,
    )
    remember_view(context, response, view)
    return response


@router.post("/views")
def save_view(context: PageForm, name: Annotated[str, Form()], query: Annotated[str, Form()] = "") -> Response:
    """Save the view that is shown under a name."""
    view = InboxView.parse(dict(parse_qsl(query)))
    with context.acting() as action:
        actions.save_view(action, name, view)
    return redirect(_address(view), "view-saved")


@router.post("/views/rename")
def rename_view(context: PageForm, name: Annotated[str, Form()], to: Annotated[str, Form()]) -> Response:
    """Give a saved view another name."""
    with context.acting() as action:
        renamed = actions.change_view(action, name, to=to)
    return redirect(_address(renamed.view), "view-saved")


@router.post("/views/delete")
def delete_view(context: PageForm, name: Annotated[str, Form()]) -> Response:
    """Delete a saved view."""
    with context.acting() as action:
        actions.delete_view(action, name)
    return redirect("/", "view-deleted")


def _address(view: InboxView) -> str:
    return f"/?{view.query}" if view.query else "/"
