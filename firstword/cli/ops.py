"""Who works on this machine: they may do everything, and the audit log names them ``ops``."""

from __future__ import annotations

from sqlalchemy import Connection

from firstword.store import Store
from services.notifier.desk.actions import audit
from services.notifier.desk.auth import Viewer

__all__ = ["OPS", "note"]

OPS = Viewer("ops", "Operations", "owner", None, "UTC")


def note(connection: Connection, store: Store, action: str, subject: str, detail: str | None = None) -> None:
    """Write into the audit log what was done from the command line."""
    audit(connection, OPS, store.clock.now(), action, subject, None, detail)
