"""A user's own arrangement of the inbox: saved views."""

from __future__ import annotations

from services.notifier.desk.actions.context import ActionContext
from services.notifier.triage import saved
from services.notifier.triage.view import InboxView

__all__ = ["delete_view", "save_view"]


def save_view(context: ActionContext, name: str, view: InboxView) -> None:
    """Save a view of the inbox for the viewer."""
    saved.save_view(context.connection, context.viewer.user_id, name, view, context.now)


def delete_view(context: ActionContext, name: str) -> None:
    """Delete one of the viewer's views."""
    saved.delete_view(context.connection, context.viewer.user_id, name)
