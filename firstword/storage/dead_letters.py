"""Events that could not be read or processed, each kept whole with the reason until somebody deals with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select, update

from firstword.storage.tables import dead_letters
from services.common.db import upsert

__all__ = ["DeadLetter", "DeadLetters"]

#: Letters that are written or read at once.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that failed.

    ``place`` is the error's class, ``version`` the consumer's version, ``id`` the row's number (0: not stored yet).
    ``asked_at`` is when somebody asked for another attempt, which the runtime has not made yet.
    """

    consumer: str
    version: int
    topic: str
    seq: int
    payload: bytes
    reason: str
    place: str
    at: datetime
    attempt: int = 1
    id: int = 0
    asked_at: datetime | None = None


class DeadLetters:
    """Stores dead letters. Holds no connection: every call works inside the caller's transaction.

    A letter is pending until somebody deals with it; the column ``replayed_at`` says when that was.
    """

    def add(self, connection: Connection, letter: DeadLetter) -> None:
        """Store ``letter``, unless the same one is stored already."""
        row = {
            "consumer": letter.consumer,
            "version": letter.version,
            "topic": letter.topic,
            "seq": letter.seq,
            "payload": letter.payload,
            "reason": letter.reason,
            "place": letter.place,
            "at": letter.at,
            "attempt": letter.attempt,
        }
        upsert(connection, dead_letters, [row], ("consumer", "topic", "seq", "attempt"), update=())

    def pending(self, connection: Connection, limit: int | None = None) -> list[DeadLetter]:
        """Return the newest ``limit`` pending letters (None: all), newest first."""
        query = (
            select(dead_letters)
            .where(dead_letters.c.replayed_at.is_(None))
            .order_by(dead_letters.c.id.desc())
            .limit(limit)
        )
        return [_letter(row) for row in connection.execute(query).mappings()]

    def count_pending(self, connection: Connection) -> int:
        """Return the number of pending letters."""
        query = select(func.count()).select_from(dead_letters).where(dead_letters.c.replayed_at.is_(None))
        return int(connection.scalar(query) or 0)

    def pending_since(self, connection: Connection, since: datetime) -> list[datetime]:
        """Return when each pending letter that was written after ``since`` was written."""
        query = select(dead_letters.c.at).where(dead_letters.c.replayed_at.is_(None), dead_letters.c.at > since)
        return list(connection.scalars(query))

    def drop(self, connection: Connection, ids: Collection[int], now: datetime) -> None:
        """Mark letters as dealt with."""
        self._set(connection, ids, replayed_at=now)

    def ask(self, connection: Connection, ids: Collection[int], now: datetime | None) -> None:
        """Ask the runtime for another attempt at these letters, or with None take that back."""
        self._set(connection, ids, asked_at=now)

    def asked(self, connection: Connection) -> list[DeadLetter]:
        """Return the pending letters for which another attempt was asked, in the order of their events."""
        query = (
            select(dead_letters)
            .where(dead_letters.c.replayed_at.is_(None), dead_letters.c.asked_at.is_not(None))
            .order_by(dead_letters.c.seq, dead_letters.c.id)
            .limit(_AT_ONCE)
        )
        return [_letter(row) for row in connection.execute(query).mappings()]

    def _set(self, connection: Connection, ids: Collection[int], **values: datetime | None) -> None:
        wanted = sorted(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            chosen = dead_letters.c.id.in_(wanted[start : start + _AT_ONCE])
            connection.execute(update(dead_letters).where(chosen).values(**values))


def _letter(row: RowMapping) -> DeadLetter:
    return DeadLetter(**{name: value for name, value in row.items() if name != "replayed_at"})
