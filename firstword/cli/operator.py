"""The operator: whoever uses the command line may do everything, and appears as ``ops`` in the audit log."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from firstword.store import Store
from services.notifier import audit
from services.notifier.desk.auth import Viewer

__all__ = ["OPERATOR", "log_action", "log_change", "log_read"]

OPERATOR = Viewer("ops", "Operations", "owner", None, "UTC")


def log_action(connection: Connection, store: Store, action: str, subject: str, detail: str | None = None) -> None:
    """Write an action of the operator to the audit log."""
    audit.record(connection, store.clock.now(), OPERATOR.user_id, action, subject, detail=detail)


def log_change(store: Store, action: str, subject: str, detail: str | None = None) -> None:
    """Write an action of the operator to the audit log, in a transaction of its own."""
    with store.engine.begin() as connection:
        log_action(connection, store, action, subject, detail)


def log_read(
    store: Store, action: str, subject: str, client_id: str | None = None, *, shown: Iterable[str | None] = ()
) -> None:
    """Write to the audit log that the operator read client data: one entry, also for a list with ``shown`` clients."""
    detail, now = audit.shown_clients(shown), store.clock.now()
    with store.engine.begin() as connection:
        audit.record(connection, now, OPERATOR.user_id, action, subject, client_id, detail)
