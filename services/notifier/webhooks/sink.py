"""Writes down which webhooks are to be sent, in the transaction in which the pipeline's events are taken."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RootTransaction

from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from services.notifier.webhooks.endpoints import Endpoint, endpoints
from services.notifier.webhooks.outbox import enqueue
from services.notifier.webhooks.payloads import told_of

__all__ = ["WebhookSink"]


class WebhookSink:
    """From events to rows of the outbox. An event that comes again finds its rows there, and changes nothing.

    Messages are kept though nobody is there yet: who is added later may want to have what happened before.
    """

    name = "notifier.webhooks"
    inputs: tuple[str, ...] = ("alerts", "drafts", "decisions", "deliveries", "outcomes", "feeds", "endpoints")

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._within: RootTransaction | None = None
        self._known: Sequence[Endpoint] = ()

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Note what is to be told of ``event``, and to whom: endpoints that were there when it happened."""
        there = [endpoint for endpoint in self._endpoints(connection) if endpoint.created_at <= event.time]
        try:
            told = told_of(event)
        except ValueError as error:
            if not there:
                return
            raise KnownBadEvent(f"{event.type} {event.id}: no webhook can tell of it: {error}") from error
        if told is not None:
            enqueue(connection, told, there)

    def _endpoints(self, connection: Connection) -> Sequence[Endpoint]:
        """All of them, asked for once a transaction: once an event, the question would be a fifth of the work."""
        transaction = connection.get_transaction()
        if transaction is None or transaction is not self._within:
            self._within, self._known = transaction, endpoints(connection)
        return self._known
