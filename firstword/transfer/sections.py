"""The sections of an export, in the order in which they can be imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from firstword.store import Store
from firstword.transfer.archive import Row
from firstword.transfer.client_records import ClientRecords
from firstword.transfer.events import TopicEvents
from firstword.transfer.rows import EndpointRows, TableRows, UnkeyedRows
from schemas.topics import TOPICS
from services.common.processing import AnyEvent
from services.common.sealing import Keys
from services.ingest import tables as ingest
from services.notifier import tables as notifier
from services.notifier.advice.tables import advice
from services.notifier.client_book import tables as client_book
from services.notifier.digest import tables as digest
from services.notifier.people.tables import erasures
from services.notifier.triage import tables as triage
from services.notifier.webhooks import tables as webhooks

__all__ = ["NOT_EXPORTED", "Section", "sections"]

#: Tables that are not exported, with the reason.
NOT_EXPORTED = {
    "events": "reference topics and items are exported as events; the tables hold what other events say",
    "offsets": "positions in the event log",
    "outbox": "events sent to Kafka",
    "taken": "positions in Kafka's topics",
    "recent": "events that came from Kafka recently",
    "model_answers": "a language model's answers, which can be requested again",
    "second_readings": "second readings of recent items, which can be requested again",
    "rewordings": "other phrasings of drafts, which can be requested again",
    "event_stories": "derived from the alerts, which are exported",
    "event_evidence": "derived from the alerts, which are exported",
    "search_entries": "derived from the clients, alerts and drafts, which are exported",
    "search_bodies": "derived from the drafts, which are exported",
    "duplicate_keys": "derived from the clients, which are exported",
    "search_words": "derived from the clients, alerts and drafts, which are exported",
    "channel_outages": "whether mail works from where the other installation runs",
    "draft_editors": "who has a draft open at the moment",
    "draft_alerts": "derived from the drafts, which are exported",
    "feed_credentials": "secrets of feeds; set them again in the new place with 'firstword feeds credentials'",
    "article_pages": "pages of articles, which can be fetched again",
    "websub": "subscriptions at hubs for the address of this installation; the other one makes its own",
    "audit_seals": "the audit log, which is exported, is sealed anew in the new place",
    "outcomes": "derived from the events of that topic, which are exported",
    "client_imports": "files that were imported here; the changes they made are exported with the history",
    "dead_letters": "refer to positions in the event log",
    "retention_runs": "when old data was last removed here",
    "signin_links": "secrets",
    "sessions": "sessions of browsers; people sign in anew in the new place",
    "second_factors": "secrets; people set them up anew in the new place",
    "recovery_codes": "secrets of second factors",
    "required_factors": "which roles need a second factor; the owner says so again once people have set theirs up",
    "signin_failures": "failed sign-ins of the last day",
    "api_tokens": "secrets; create new ones in the new place",
    "api_requests": "answers to the API's requests of the last day",
    "states": "only those of the drafting processor are exported, as section 'told'; the matcher rebuilds its own",
}


class Section(Protocol):
    """One part of an export."""

    @property
    def name(self) -> str:
        """Its name in the file."""
        ...

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Yield all rows, in an order that depends on their contents only."""
        ...

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows that are missing; return their number. Existing rows stay unchanged."""
        ...

    def is_empty(self, connection: Connection) -> bool:
        """Return whether there is no row."""
        ...


def sections(
    store: Store,
    now: datetime,
    *,
    answered_until: datetime | None = None,
    with_secrets: bool = False,
    outcomes: Sequence[AnyEvent] = (),
) -> tuple[Section, ...]:
    """Return all sections. Reference data comes before the items, because items are judged by it.

    ``outcomes`` are the events of that topic that only Kafka has: in the stack, the matcher writes them there.
    """
    events, retention = store.events, TOPICS["items"].retention_seconds or 0
    return (
        *(TopicEvents(topic, events) for topic in ("clients", "sources")),
        TopicEvents("outcomes", events, more=outcomes),
        TopicEvents("tunings", events),
        *_tables(with_secrets, answered_until, store.keys),
        ClientRecords(answered_until),
        TopicEvents("items", events, since=now - timedelta(seconds=retention)),
    )


_LATER_FEED_COLUMNS = (
    "speaks_for", "ground", "host", "kind", "links_under", "links_in", "full_text", "skip_hours", "skip_days",
    "redirect_url", "redirect_days", "redirect_seen_at", "delays", "extents",
)  # fmt: skip


_OPENID = ("email", "openid_subject")


def _tables(with_secrets: bool, answered_until: datetime | None, keys: Keys) -> tuple[Section, ...]:
    """Return the tables, each after the tables that its rows refer to."""
    return (
        TableRows(ingest.feeds, blank=("leased_until", "host"), optional=_LATER_FEED_COLUMNS),
        TableRows(ingest.mailboxes),
        TableRows(ingest.feed_items),
        TableRows(ingest.quarantine, optional=("fix", "first_at", "times", "entries", "body")),
        TableRows(ingest.unread_messages),
        TableRows(notifier.clients, blank=("heard_until",)),
        TableRows(client_book.client_changes),
        TableRows(client_book.managers),
        TableRows(notifier.source_changes),
        TableRows(client_book.client_file_values),
        TableRows(client_book.distinct_clients),
        TableRows(notifier.alerts),
        TableRows(notifier.drafts, optional=("approval",)),
        TableRows(notifier.draft_marks),
        TableRows(notifier.early_decisions),
        TableRows(advice),
        TableRows(notifier.refusals),
        TableRows(notifier.contact_decisions),
        TableRows(notifier.feedback),
        TableRows(notifier.tunings),
        TableRows(notifier.stopped_news),
        TableRows(digest.manager_preferences),
        TableRows(digest.manager_messages),
        TableRows(digest.noticed),
        TableRows(notifier.deliveries, optional=("plan",)),
        TableRows(notifier.delivery_attempts),
        TableRows(notifier.interactions),
        TableRows(notifier.users, blank=("api_token_hash",), optional=("open_next", "shortcuts", "team", *_OPENID)),
        TableRows(triage.saved_views),
        TableRows(erasures),
        UnkeyedRows(notifier.audit_log, numbered_by="id", left_out=("seal",)),
        EndpointRows(webhooks.webhook_endpoints, with_secrets=with_secrets, answered_until=answered_until, keys=keys),
        TableRows(webhooks.endpoint_notices),
        TableRows(webhooks.webhook_messages, key=("id",), numbered_by="seq"),
        TableRows(webhooks.webhook_deliveries, key=("id",), numbered_by="seq"),
        TableRows(webhooks.webhook_attempts),
    )
