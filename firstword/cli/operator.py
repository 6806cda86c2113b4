"""The operator: whoever uses the command line may do everything, and appears as ``ops`` in the audit log."""

from __future__ import annotations

from sqlalchemy import Connection

from firstword.store import Store
from services.notifier import audit
from services.notifier.desk.auth import Viewer

__all__ = ["OPERATOR", "log_action"]

OPERATOR = Viewer("ops", "Operations", "owner", None, "UTC")


def log_action(connection: Connection, store: Store, action: str, subject: str, detail: str | None = None) -> None:
    """Write an action of the operator to the audit log."""
    audit.record(connection, store.clock.now(), OPERATOR.user_id, action, subject, detail=detail)
