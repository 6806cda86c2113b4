"""Everything that is carried, in the order in which it can be written, and whether anybody works on it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine

from firstword.storage.presence import services_on_database
from firstword.store import Store
from firstword.system import InUse
from firstword.transfer.archive import Row
from firstword.transfer.client_records import Told
from firstword.transfer.events import Events
from firstword.transfer.rows import EndpointRows, NamelessRows, TableRows
from schemas.topics import TOPICS
from services.common.db import try_exclusive
from services.common.processing import AnyEvent
from services.common.sealing import Keys
from services.ingest import tables as ingest
from services.notifier import tables as notifier
from services.notifier.advice.tables import advice
from services.notifier.digest import tables as delivery
from services.notifier.webhooks import tables as webhooks

__all__ = ["LEFT_BEHIND", "Section", "left_alone", "sections"]

#: Tables of which nothing is carried, and why.
LEFT_BEHIND = {
    "events": "the log: reference topics and items are carried as events, what else it says lies in the tables",
    "offsets": "how far the log was read",
    "outbox": "what went to Kafka",
    "taken": "how far Kafka was read",
    "recent": "what came from Kafka lately",
    "model_answers": "what a language model said, which can be asked again",
    "wordings": "other words for drafts, which can be asked for again",
    "outcomes": "made anew from the events of that topic, which are carried",
    "dead_letters": "they belong to the log that they came from",
    "signin_links": "secrets",
    "states": "of the drafting processor alone, as 'told'; the matcher makes its own anew",
}


class Section(Protocol):
    """One part of what is carried."""

    @property
    def name(self) -> str:
        """Its name in the file."""
        ...

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Everything that is there, in an order that depends on it alone."""
        ...

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write what is not there yet; return how many rows that were. What is there stays as it is."""
        ...

    def is_empty(self, connection: Connection) -> bool:
        """Whether nothing is there."""
        ...


def sections(
    store: Store,
    now: datetime,
    *,
    heard_until: datetime | None = None,
    with_secrets: bool = False,
    outcomes: Sequence[AnyEvent] = (),
) -> tuple[Section, ...]:
    """Every part. References come before items, for these are judged by them.

    ``outcomes`` are those that Kafka holds: in the stack, the matcher writes them there and nowhere else.
    """
    kept = TOPICS["items"].retention_seconds or 0
    return (
        *(Events(topic, store.events) for topic in ("clients", "sources")),
        Events("outcomes", store.events, more=outcomes),
        Events("tunings", store.events),
        *_tables(with_secrets, heard_until, store.keys),
        Told(heard_until),
        Events("items", store.events, since=now - timedelta(seconds=kept)),
    )


def _tables(with_secrets: bool, heard_until: datetime | None, keys: Keys) -> tuple[Section, ...]:
    """Each after those that its rows refer to."""
    return (
        TableRows(ingest.feeds, blank=("leased_until",)),
        TableRows(ingest.feed_items),
        TableRows(ingest.quarantine),
        TableRows(notifier.clients, blank=("heard_until",)),
        TableRows(notifier.alerts),
        TableRows(notifier.drafts),
        TableRows(notifier.early_decisions),
        TableRows(advice),
        TableRows(notifier.refusals),
        TableRows(notifier.contact_decisions),
        TableRows(notifier.feedback),
        TableRows(notifier.tunings),
        TableRows(delivery.manager_wishes),
        TableRows(delivery.manager_messages),
        TableRows(delivery.noticed),
        TableRows(notifier.deliveries),
        TableRows(notifier.delivery_attempts),
        TableRows(notifier.interactions),
        TableRows(notifier.users, blank=("api_token_hash",)),
        NamelessRows(notifier.audit_log, counted="id"),
        EndpointRows(webhooks.webhook_endpoints, with_secrets=with_secrets, heard_until=heard_until, keys=keys),
        TableRows(webhooks.webhook_messages, key=("id",), counted="seq"),
        TableRows(webhooks.webhook_deliveries, key=("id",), counted="seq"),
        TableRows(webhooks.webhook_attempts),
    )


@contextmanager
def left_alone(engine: Engine) -> Iterator[None]:
    """Keep the stack's services from the database. Of a matcher, which has none, Kafka knows.

    Raises:
        InUse: one of them runs.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    from firstword.runtimes.kafka.relay import LOCK  # only the stack has what it needs installed

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # else the locks would outlive this, in the pool
        running_services = services_on_database(connection)
        if running_services or not try_exclusive(connection, LOCK):
            services = f"{', '.join(running_services)} of the stack" if running_services else "the stack's relay"
            raise InUse(
                f"At work on this database: {services}.",
                fix="Stop its services (all but postgres and kafka), and let another export or import end; then run "
                "this again.",
            )
        yield
