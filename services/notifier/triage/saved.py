"""The views of the inbox that a user has saved under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import Connection, delete, func, select

from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.triage.tables import saved_views
from services.notifier.triage.view import InboxView

__all__ = ["NAME_LIMIT", "SavedView", "delete_view", "save_view", "views_of"]

NAME_LIMIT, MOST_VIEWS = 60, 30


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view with the name that its user gave it."""

    name: str
    view: InboxView


def views_of(connection: Connection, user_id: str) -> Sequence[SavedView]:
    """Return the user's views by name."""
    query = select(saved_views).where(saved_views.c.user_id == user_id).order_by(saved_views.c.name)
    rows = connection.execute(query).mappings()
    return [SavedView(row["name"], InboxView.parse(dict(parse_qsl(row["query"])))) for row in rows]


def save_view(connection: Connection, user_id: str, name: str, view: InboxView, now: datetime) -> None:
    """Save ``view`` as ``name``; one of that name is replaced.

    Raises:
        BadInput: the name is empty or too long, or the user has too many views.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT:
        raise BadInput("The view needs a name.", fix=f"Give one of at most {NAME_LIMIT} characters.")
    others = select(func.count()).where(saved_views.c.user_id == user_id, saved_views.c.name != name)
    if connection.execute(others).scalar_one() >= MOST_VIEWS:
        raise BadInput(f"You have {MOST_VIEWS} saved views already.", fix="Delete one that you no longer use.")
    row = {"user_id": user_id, "name": name, "query": view.query, "created_at": now}
    upsert(connection, saved_views, [row], ["user_id", "name"])


def delete_view(connection: Connection, user_id: str, name: str) -> None:
    """Delete the user's view of that name, if there is one."""
    connection.execute(delete(saved_views).where(saved_views.c.user_id == user_id, saved_views.c.name == name))
