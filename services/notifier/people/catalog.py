"""Lists which tables hold data on clients, and which don't. A test compares the lists with all tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Table, or_, select

from services.notifier.advice.tables import advice
from services.notifier.client_book.tables import client_changes, client_file_values, distinct_clients, duplicate_keys
from services.notifier.digest.tables import noticed
from services.notifier.event_views.tables import draft_alerts
from services.notifier.rewording.tables import rewordings
from services.notifier.search.tables import search_bodies, search_entries, search_words
from services.notifier.tables import (
    alerts,
    clients,
    contact_decisions,
    deliveries,
    delivery_attempts,
    draft_marks,
    drafts,
    early_decisions,
    feedback,
    interactions,
    refusals,
    stopped_news,
    tunings,
)
from services.notifier.triage.tables import draft_editors
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_messages

__all__ = ["ABOUT_CLIENTS", "KEPT", "NOT_ABOUT_CLIENTS", "PersonalTable"]


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with data on clients: its meaning, and the condition on the rows of one client."""

    table: Table
    meaning: str
    of_client: Callable[[str], ColumnElement[bool]]
    exported: bool = True


def _own(table: Table, meaning: str) -> PersonalTable:
    return PersonalTable(table, meaning, lambda client_id: table.c.client_id == client_id)


def _by_draft(table: Table, meaning: str) -> PersonalTable:
    def of_client(client_id: str) -> ColumnElement[bool]:
        return table.c.draft_id.in_(select(drafts.c.id).where(drafts.c.client_id == client_id))

    return PersonalTable(table, meaning, of_client)


def _of_delivery(client_id: str) -> ColumnElement[bool]:
    return delivery_attempts.c.delivery_id.in_(select(deliveries.c.id).where(deliveries.c.client_id == client_id))


def _of_message(client_id: str) -> ColumnElement[bool]:
    messages = select(webhook_messages.c.id).where(webhook_messages.c.client_id == client_id)
    return webhook_deliveries.c.message_id.in_(messages)


def _of_webhook(client_id: str) -> ColumnElement[bool]:
    return webhook_attempts.c.delivery_id.in_(select(webhook_deliveries.c.id).where(_of_message(client_id)))


def _of_entry(client_id: str) -> ColumnElement[bool]:
    return search_words.c.entry_id.in_(_entries(client_id))


def _of_body(client_id: str) -> ColumnElement[bool]:
    return search_bodies.c.entry_id.in_(_entries(client_id))


def _entries(client_id: str) -> Select[tuple[str]]:
    return select(search_entries.c.id).where(search_entries.c.client_id == client_id)


#: In the order in which they are deleted: rows that refer to others come before those.
ABOUT_CLIENTS: tuple[PersonalTable, ...] = (
    PersonalTable(webhook_attempts, "attempts to send events about the client to webhook endpoints", _of_webhook),
    PersonalTable(webhook_deliveries, "events about the client for webhook endpoints", _of_message),
    _own(webhook_messages, "the events themselves"),
    PersonalTable(delivery_attempts, "attempts to send messages to the client", _of_delivery),
    _own(deliveries, "messages to the client"),
    _by_draft(rewordings, "a language model's texts of drafts to the client"),
    _by_draft(draft_marks, "who put drafts aside or gave them to a colleague"),
    _by_draft(draft_editors, "who is editing a draft at this moment"),
    _by_draft(noticed, "urgent drafts that the account manager was told about"),
    _by_draft(draft_alerts, "the alerts in each draft"),
    _by_draft(early_decisions, "decisions that arrived before their draft"),
    _own(feedback, "feedback on messages"),
    _own(advice, "opinions that were sent"),
    _own(interactions, "conversations and other contacts"),
    _own(refusals, "news that was not drafted, and why"),
    _own(contact_decisions, "decisions of the contact policy"),
    _own(tunings, "thresholds adjusted by feedback"),
    _own(stopped_news, "news that the client is not told again, and why"),
    _own(drafts, "drafts of messages"),
    _own(alerts, "news that concerns the client"),
    PersonalTable(search_words, "words of the search index", _of_entry, exported=False),
    PersonalTable(search_bodies, "words of messages in the search index", _of_body, exported=False),
    PersonalTable(
        search_entries,
        "the search index",
        lambda client_id: search_entries.c.client_id == client_id,
        exported=False,
    ),
    _own(client_file_values, "what the client book's file says of the client"),
    _own(client_changes, "changes of the client's entry in the book"),
    PersonalTable(
        duplicate_keys,
        "address, number and name, to find entries of the same client",
        lambda client_id: duplicate_keys.c.client_id == client_id,
        exported=False,
    ),
    PersonalTable(
        distinct_clients,
        "clients of whom somebody said that they are not the same",
        lambda client_id: or_(distinct_clients.c.one_id == client_id, distinct_clients.c.other_id == client_id),
    ),
    PersonalTable(clients, "the client's entry in the book", lambda client_id: clients.c.id == client_id),
)

#: Tables that keep something on an erased client, with the reason.
KEPT = {
    "audit_log": "who read or changed what, as evidence for the firm and its supervisors; it names the client by "
    "their id only, and is sealed against changes",
    "manager_messages": "messages to account managers, each on several clients; those that name the client are emptied",
    "client_imports": "that a file of clients was imported; the first rows and the problems of a file that names "
    "the client are emptied, and its content is not kept once it is applied",
    "erasures": "that the client was erased, by whom and when: the proof of it, and what keeps late events from "
    "bringing data back",
}

#: Tables without data on clients.
NOT_ABOUT_CLIENTS = frozenset(
    {
        *("feeds", "feed_credentials", "feed_items", "mailboxes", "quarantine", "unread_messages", "websub"),
        *("outcomes", "event_stories", "event_evidence", "second_readings", "article_pages"),
        *(
            "users",
            "signin_links",
            "sessions",
            "signin_failures",
            "api_tokens",
            "api_requests",
            "saved_views",
            *("managers", "source_changes"),
            "manager_wishes",
        ),
        *("second_factors", "recovery_codes", "required_factors"),
        *("webhook_endpoints", "endpoint_notices", "model_answers", "channel_outages", "audit_seals"),
    }
)
