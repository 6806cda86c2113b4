"""Open sessions as their user sees them: each sees and ends their own, the owner everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.notifier.desk import sessions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import NotFound
from services.notifier.desk.sessions import Session

__all__ = ["end", "end_others", "list_visible"]


def list_visible(connection: Connection, viewer: Viewer, now: datetime) -> Sequence[Session]:
    """Return the open sessions that the viewer may see, their own before those of others."""
    found = sessions.list_sessions(connection, now, None if viewer.may("people.write") else viewer.user_id)
    return sorted(found, key=lambda session: (session.user_id != viewer.user_id, session.user_name, session.user_id))


def end(context: ActionContext, session_id: str) -> None:
    """End one session.

    Raises:
        NotFound: the viewer may see no such session.
    """
    visible = list_visible(context.connection, context.viewer, context.now)
    session = next((session for session in visible if session.id == session_id), None)
    if session is None:
        raise NotFound("There is no such session, or it has ended.")
    sessions.end_session(context.connection, session_id)
    context.audit("session.ended", session_id, detail=f"of {session.user_id}: {session.browser}")


def end_others(context: ActionContext) -> int:
    """End all sessions of the viewer but the one that asks; return how many that were."""
    viewer = context.viewer
    keep = None if viewer.session is None else viewer.session.id
    ended = sessions.end_sessions_of(context.connection, viewer.user_id, keep=keep)
    context.audit("session.others_ended", viewer.user_id, detail=f"{ended:,}")
    return ended
