"""Put drafts aside, and give them to colleagues. Marks change where a draft is shown, not its state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from services.common.db import upsert
from services.notifier.tables import draft_marks

__all__ = ["carry_over", "give", "is_given_to", "mark_of", "put_aside"]


def mark_of(connection: Connection, draft_id: str) -> RowMapping | None:
    """Return what was noted on a draft; None if nothing was."""
    return connection.execute(select(draft_marks).where(draft_marks.c.draft_id == draft_id)).mappings().first()


def is_given_to(connection: Connection, user_id: str, draft_id: str, *, to_decide: bool = False) -> bool:
    """Return whether a colleague gave the draft to the user, or asked them about it; with ``to_decide``, gave only.

    Whoever is asked may read the draft; the decision stays with the account manager.
    """
    query = select(draft_marks.c.draft_id)
    given = query.where(draft_marks.c.draft_id == draft_id, draft_marks.c.assigned_to == user_id)
    if to_decide:
        given = given.where(draft_marks.c.asked.is_(False))
    return connection.execute(given).first() is not None


def put_aside(connection: Connection, draft_id: str, until: datetime | None, by: str, now: datetime) -> None:
    """Leave the draft out of the inbox until then; None brings it back."""
    _write(connection, draft_id, by, now, snoozed_until=until)


def give(
    connection: Connection, draft_id: str, to: str | None, note: str | None, by: str, now: datetime, *, asked: bool
) -> None:
    """Give the draft to a user, or only ask them about it; None takes it back."""
    _write(connection, draft_id, by, now, assigned_to=to, asked=asked, note=note)


def carry_over(connection: Connection, from_draft: str, to_draft: str, now: datetime) -> None:
    """Give a draft that replaces another to the colleague who had that; it is not put aside, because it is newer."""
    mark = mark_of(connection, from_draft)
    if mark is not None and mark["assigned_to"] is not None and mark_of(connection, to_draft) is None:
        give(connection, to_draft, mark["assigned_to"], mark["note"], mark["by"], now, asked=mark["asked"])


def _write(connection: Connection, draft_id: str, by: str, now: datetime, **values: Any) -> None:
    row = {"draft_id": draft_id, "by": by, "changed_at": now, **values}
    upsert(connection, draft_marks, [{"asked": False, **row}], ["draft_id"], update=[*values, "by", "changed_at"])
