"""Open sessions: in which browsers a user is signed in, and ending one or all others."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.actions.sessions import end, end_others, list_visible
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/sessions")


@router.get("")
def list_sessions(context: PageRequest) -> HTMLResponse:
    """List the open sessions."""
    with context.reading() as connection:
        listed = list_visible(connection, context.viewer, context.now)
    own = sum(session.user_id == context.viewer.user_id for session in listed)
    return render(context, "sessions.html", sessions=listed, own=own)


@router.post("/end-others")
def post_end_others(context: PageForm) -> Response:
    """End all sessions of the viewer but this one."""
    with context.acting() as action:
        end_others(action)
    return redirect("/sessions", "sessions-ended")


@router.post("/{session_id}/end")
def post_end(context: PageForm, session_id: str) -> Response:
    """End a session."""
    with context.acting() as action:
        end(action, session_id)
    return redirect("/sessions", "session-ended")
