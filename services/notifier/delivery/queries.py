"""Queries about deliveries for operators."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select

from services.notifier.tables import deliveries, delivery_attempts

__all__ = ["attempts", "newest"]


def newest(connection: Connection, *, status: str | None = None, limit: int = 100) -> Sequence[RowMapping]:
    """Return the deliveries that changed last."""
    query = select(deliveries).order_by(deliveries.c.changed_at.desc(), deliveries.c.id).limit(limit)
    if status is not None:
        query = query.where(deliveries.c.status == status)
    return connection.execute(query).mappings().all()


def attempts(connection: Connection, delivery_id: str) -> Sequence[RowMapping]:
    """Return every attempt of a delivery, in order."""
    query = select(delivery_attempts).where(delivery_attempts.c.delivery_id == delivery_id)
    return connection.execute(query.order_by(delivery_attempts.c.number)).mappings().all()
