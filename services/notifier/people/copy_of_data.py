"""Copies everything that is stored on one client, for the client to read (GDPR, article 15)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from services.notifier.people.catalog import ABOUT_CLIENTS, KEPT
from services.notifier.tables import audit_log

__all__ = ["data_on_client"]


def data_on_client(connection: Connection, client_id: str) -> dict[str, Any]:
    """Return all rows on a client by table, each table with its meaning, as values for JSON."""
    parts = [part for part in ABOUT_CLIENTS if part.exported]
    found = {
        part.table.name: {
            "meaning": part.meaning,
            "rows": _rows(connection, select(part.table).where(part.of_client(client_id))),
        }
        for part in reversed(parts)
    }
    entries = select(audit_log).where(audit_log.c.client_id == client_id).order_by(audit_log.c.id)
    found["audit_log"] = {"meaning": KEPT["audit_log"], "rows": _rows(connection, entries)}
    return found


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]
