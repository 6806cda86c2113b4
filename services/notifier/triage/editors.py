"""The users who have a draft open for editing: a hint for colleagues, which locks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from services.common.db import upsert
from services.notifier.tables import users
from services.notifier.triage.tables import draft_editors

__all__ = ["PRESENT", "editors_of", "note_editing", "stop_editing"]

#: An open form reports itself every 20 seconds; without two reports it counts as closed.
PRESENT = timedelta(seconds=50)


def note_editing(connection: Connection, draft_id: str, user_id: str, now: datetime) -> None:
    """Record that the user has the draft open for editing."""
    connection.execute(delete(draft_editors).where(draft_editors.c.at < now - PRESENT))
    upsert(connection, draft_editors, [{"draft_id": draft_id, "user_id": user_id, "at": now}], ["draft_id", "user_id"])


def stop_editing(connection: Connection, draft_id: str, user_id: str) -> None:
    """Record that the user has closed it."""
    which = (draft_editors.c.draft_id == draft_id) & (draft_editors.c.user_id == user_id)
    connection.execute(delete(draft_editors).where(which))


def editors_of(connection: Connection, draft_id: str, but: str, now: datetime) -> Sequence[str]:
    """Return the names of those who are editing the draft, apart from the user ``but``."""
    query = (
        select(users.c.name)
        .select_from(draft_editors.join(users, users.c.id == draft_editors.c.user_id))
        .where(
            draft_editors.c.draft_id == draft_id, draft_editors.c.user_id != but, draft_editors.c.at >= now - PRESENT
        )
        .order_by(users.c.name)
    )
    return connection.execute(query).scalars().all()
