"""The webhooks' work queue: its table, its guarantee and its retry schedule."""

from __future__ import annotations

from services.common.queue.backoff import STANDARD
from services.common.queue.work import WorkQueue
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries

__all__ = ["QUEUE"]

#: A webhook may arrive twice: receivers recognize it by its id.
QUEUE = WorkQueue(
    webhook_deliveries, "at_least_once", STANDARD, attempts_before="attempts_before", log=webhook_attempts
)
