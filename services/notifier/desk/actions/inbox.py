"""A user's own arrangement of the inbox: saved views."""

from __future__ import annotations

from sqlalchemy import Connection

from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.triage import saved
from services.notifier.triage.saved import SavedView
from services.notifier.triage.view import InboxView

__all__ = ["change_view", "create_view", "delete_view", "named_view", "save_view"]


def save_view(context: ActionContext, name: str, view: InboxView) -> None:
    """Save a view of the inbox for the viewer."""
    saved.save_view(context.connection, context.viewer.user_id, name, view, context.now)


def create_view(context: ActionContext, name: str, view: InboxView) -> SavedView:
    """Save a view under a name that none of the viewer's views has; return it as it is kept.

    Raises:
        Conflict: one has it.
        BadInput: the name is empty or too long, or the viewer has too many views.
    """
    name = " ".join(name.split())
    if saved.view_named(context.connection, context.viewer.user_id, name) is not None:
        raise Conflict(f"You have a view called {name!r} already.", fix="Change that one, or choose another name.")
    save_view(context, name, view)
    return SavedView(name, view)


def change_view(
    context: ActionContext, name: str, *, to: str | None = None, view: InboxView | None = None
) -> SavedView:
    """Rename one of the viewer's views, or change what it shows; return it as it is kept.

    Raises:
        NotFound: there is none of that name.
        BadInput: the new name is empty, too long or taken.
    """
    wanted = named_view(context.connection, context.viewer.user_id, name)
    view = view or wanted.view
    kept = saved.change_view(context.connection, context.viewer.user_id, name, name if to is None else to, view)
    if kept is None:
        raise _no_view()
    return SavedView(kept, view)


def delete_view(context: ActionContext, name: str) -> None:
    """Delete one of the viewer's views.

    Raises:
        NotFound: there is none of that name.
    """
    if not saved.delete_view(context.connection, context.viewer.user_id, name):
        raise _no_view()


def named_view(connection: Connection, user_id: str, name: str) -> SavedView:
    """Return the user's view of that name.

    Raises:
        NotFound: there is none.
    """
    found = saved.view_named(connection, user_id, name)
    if found is None:
        raise _no_view()
    return found


def _no_view() -> NotFound:
    return NotFound("You have no view of that name.")
