"""Processor states: one row per key, with the due time of its timer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from firstword.storage.tables import states
from services.common.db import upsert

__all__ = ["StateRow", "StateStore"]


@dataclass(frozen=True, slots=True)
class StateRow:
    """A state to write."""

    key: str
    state: bytes
    next_tick_at: datetime | None


class StateStore:
    """Reads and writes states. Holds no connection: every call runs in the caller's transaction."""

    def get(self, connection: Connection, processor: str, key: str) -> bytes | None:
        """Return the state of ``key``, or None if there is none."""
        query = select(states.c.state).where(states.c.processor == processor, states.c.key == key)
        raw = connection.scalar(query)
        return None if raw is None else bytes(raw)

    def get_all(self, connection: Connection, processor: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the states of several keys, without those that have none."""
        query = select(states.c.key, states.c.state).where(states.c.processor == processor, states.c.key.in_(keys))
        return {key: bytes(raw) for key, raw in connection.execute(query)}

    def put(self, connection: Connection, processor: str, rows: Sequence[StateRow]) -> None:
        """Write the states of several keys."""
        values = [
            {"processor": processor, "key": row.key, "state": row.state, "next_tick_at": row.next_tick_at}
            for row in rows
        ]
        upsert(connection, states, values, ("processor", "key"))

    def due(self, connection: Connection, processor: str, until: datetime) -> list[tuple[datetime, str]]:
        """Return the timers of ``processor`` that are due by ``until``, as pairs of due time and key."""
        query = select(states.c.next_tick_at, states.c.key).where(
            states.c.processor == processor, states.c.next_tick_at <= until
        )
        return [(due, key) for due, key in connection.execute(query)]

    def timers(self, connection: Connection, processor: str) -> list[tuple[datetime, str]]:
        """Return all timers of ``processor``, as pairs of due time and key."""
        query = select(states.c.next_tick_at, states.c.key).where(
            states.c.processor == processor, states.c.next_tick_at.is_not(None)
        )
        return [(due, key) for due, key in connection.execute(query)]
