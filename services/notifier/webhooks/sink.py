"""Queues webhooks in the transaction that consumes the pipeline's events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RootTransaction

from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from services.notifier.webhooks.endpoints import Endpoint, all_endpoints
from services.notifier.webhooks.outbox import enqueue
from services.notifier.webhooks.payloads import message_for

__all__ = ["WebhookSink"]


class WebhookSink:
    """Turns events into rows of the outbox. An event that comes again finds its rows, and changes nothing.

    Messages are kept even without any endpoint: one that is added later may want the earlier ones.
    """

    name = "notifier.webhooks"
    inputs: tuple[str, ...] = ("alerts", "drafts", "decisions", "deliveries", "outcomes", "feeds", "endpoints")

    def __init__(self) -> None:
        """Create the sink without any cached endpoints."""
        self._within: RootTransaction | None = None
        self._known: Sequence[Endpoint] = ()

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Queue the message about ``event`` for the endpoints that existed when it happened."""
        present = [endpoint for endpoint in self._endpoints(connection) if endpoint.created_at <= event.time]
        try:
            message = message_for(event)
        except ValueError as error:
            if not present:
                return
            raise KnownBadEvent(f"{event.type} {event.id} doesn't fit into a webhook: {error}") from error
        if message is not None:
            enqueue(connection, message, present)

    def _endpoints(self, connection: Connection) -> Sequence[Endpoint]:
        """Return all endpoints, read once per transaction: once per event would be a fifth of the work."""
        transaction = connection.get_transaction()
        if transaction is None or transaction is not self._within:
            self._within, self._known = transaction, all_endpoints(connection)
        return self._known
