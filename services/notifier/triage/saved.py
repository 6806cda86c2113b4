"""The views of the inbox that a user has saved under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.triage.tables import saved_views
from services.notifier.triage.view import InboxView

__all__ = ["NAME_LIMIT", "SavedView", "change_view", "delete_view", "save_view", "view_named", "views_of"]

NAME_LIMIT, MOST_VIEWS = 60, 30


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view with the name that its user gave it."""

    name: str
    view: InboxView


def views_of(connection: Connection, user_id: str) -> Sequence[SavedView]:
    """Return the user's views by name."""
    query = select(saved_views).where(saved_views.c.user_id == user_id).order_by(saved_views.c.name)
    return [_saved(row) for row in connection.execute(query).mappings()]


def view_named(connection: Connection, user_id: str, name: str) -> SavedView | None:
    """Return the user's view of that name."""
    query = select(saved_views).where(saved_views.c.user_id == user_id, saved_views.c.name == name)
    row = connection.execute(query).mappings().first()
    return None if row is None else _saved(row)


def save_view(connection: Connection, user_id: str, name: str, view: InboxView, now: datetime) -> None:
    """Save ``view`` as ``name``; one of that name is replaced.

    Raises:
        BadInput: the name is empty or too long, or the user has too many views.
    """
    name = _checked(name)
    others = select(func.count()).where(saved_views.c.user_id == user_id, saved_views.c.name != name)
    if connection.execute(others).scalar_one() >= MOST_VIEWS:
        raise BadInput(f"You have {MOST_VIEWS} saved views already.", fix="Delete one that you no longer use.")
    row = {"user_id": user_id, "name": name, "query": view.query, "created_at": now}
    upsert(connection, saved_views, [row], ["user_id", "name"])


def change_view(connection: Connection, user_id: str, name: str, to: str, view: InboxView) -> str | None:
    """Give the user's view ``name`` the name ``to`` and the settings of ``view``.

    Return its name as it is kept; None if there is no such view.

    Raises:
        BadInput: the new name is empty or too long, or another view has it.
    """
    to = _checked(to)
    if to != name and view_named(connection, user_id, to) is not None:
        raise BadInput(f"You have a view called {to!r} already.", fix="Choose another name, or delete that view first.")
    of_name = (saved_views.c.user_id == user_id, saved_views.c.name == name)
    changed = connection.execute(update(saved_views).where(*of_name).values(name=to, query=view.query))
    return to if changed.rowcount else None


def delete_view(connection: Connection, user_id: str, name: str) -> bool:
    """Delete the user's view of that name; return whether there was one."""
    of_name = (saved_views.c.user_id == user_id, saved_views.c.name == name)
    return connection.execute(delete(saved_views).where(*of_name)).rowcount > 0


def _saved(row: RowMapping) -> SavedView:
    return SavedView(row["name"], InboxView.parse(dict(parse_qsl(row["query"]))))


def _checked(name: str) -> str:
    """Return the name as it is kept: on one line, and not only of dots, which no address can contain.

    Raises:
        BadInput: it is empty or too long.
    """
    name = " ".join(name.split())
    if not name.strip(". ") or len(name) > NAME_LIMIT:
        raise BadInput("The view needs a name.", fix=f"Give one of at most {NAME_LIMIT} characters.")
    return name
