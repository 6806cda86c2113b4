"""Writes down which webhooks are to be sent, in the transaction in which the pipeline's events are taken."""

from __future__ import annotations

from sqlalchemy import Connection

from firstword.kit.errors import KnownBadEvent
from firstword.kit.processing import AnyEvent
from services.notifier.webhooks.endpoints import endpoints
from services.notifier.webhooks.outbox import enqueue
from services.notifier.webhooks.payloads import told_of

__all__ = ["WebhookSink"]


class WebhookSink:
    """From events to rows of the outbox. An event that comes again finds its rows there, and changes nothing.

    Messages are kept though nobody is there yet: who is added later may want to have what happened before.
    """

    name = "notifier.webhooks"
    inputs: tuple[str, ...] = ("alerts", "drafts", "deliveries", "outcomes", "feeds", "endpoints")

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Note what is to be told of ``event``, and to whom: endpoints that were there when it happened."""
        there = [endpoint for endpoint in endpoints(connection) if endpoint.created_at <= event.time]
        try:
            told = told_of(event)
        except ValueError as error:
            if not there:
                return
            raise KnownBadEvent(f"{event.type} {event.id}: no webhook can tell of it: {error}") from error
        if told is not None:
            enqueue(connection, told, there)
