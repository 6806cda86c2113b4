"""Documents of feeds and events that could not be read: the reason for each, and what to do."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.actions import quarantine
from services.notifier.desk.context import RequestContext
from services.notifier.desk.dependencies import Replayed
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/quarantine")


@router.get("")
def show(context: PageRequest) -> HTMLResponse:
    """List what could not be read, newest first."""
    return _page(context)


@router.post("/{thing_id}/replay")
async def replay(context: PageForm, thing_id: str) -> Response:
    """Read something again; if that fails, say why."""
    done = await quarantine.replay(context.viewer, context.dependencies, thing_id)
    if done.problem is not None:
        return await run_in_threadpool(_page, context, done)
    return redirect("/quarantine", "unread-waits" if done.waits else "unread-replayed")


@router.post("/{thing_id}/drop")
def drop(context: PageForm, thing_id: str) -> Response:
    """Give something up."""
    quarantine.drop(context.viewer, context.dependencies, thing_id)
    return redirect("/quarantine", "unread-dropped")


def _page(context: RequestContext, failed: Replayed | None = None) -> HTMLResponse:
    viewer, dependencies = context.viewer, context.dependencies
    return render(
        context,
        "quarantine.html",
        things=quarantine.listed(viewer, dependencies),
        total=quarantine.count(viewer, dependencies),
        events_elsewhere=quarantine.events_are_elsewhere(viewer, dependencies),
        failed=failed,
    )
