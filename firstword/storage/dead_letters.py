"""Events that could not be read or worked with: kept whole, with the reason, until somebody fixes and replays them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, select

from firstword.storage.tables import dead_letters
from services.common.db import upsert

__all__ = ["DeadLetter", "DeadLetters"]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that went wrong. ``place`` is the code that refused it, ``version`` that of the consumer."""

    consumer: str
    version: int
    topic: str
    seq: int
    payload: bytes
    reason: str
    place: str
    at: datetime
    attempt: int = 1


class DeadLetters:
    """Keeps dead letters. Holds no connection: every call works inside the caller's transaction."""

    def add(self, connection: Connection, letters: Sequence[DeadLetter]) -> None:
        """Keep ``letters``; one that lies here already is not doubled."""
        rows = [
            {
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
            for letter in letters
        ]
        upsert(connection, dead_letters, rows, ("consumer", "topic", "seq", "attempt"), update=())

    def waiting(self, connection: Connection, limit: int = 100) -> Sequence[Row[tuple[object, ...]]]:
        """The newest ``limit`` letters that were not replayed yet."""
        query = (
            select(dead_letters)
            .where(dead_letters.c.replayed_at.is_(None))
            .order_by(dead_letters.c.id.desc())
            .limit(limit)
        )
        return connection.execute(query).all()

    def count(self, connection: Connection) -> int:
        """How many letters wait."""
        query = select(func.count()).select_from(dead_letters).where(dead_letters.c.replayed_at.is_(None))
        return int(connection.scalar(query) or 0)
