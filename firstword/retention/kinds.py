"""The table of kinds of data: for how many days each is kept, why, and which rows go when they are older.

The numbers of days are defaults; ``FIRSTWORD_RETENTION`` changes those that a firm may choose. Where a law names a
time, ``law`` says which and ``least_days`` how long that is: whom it binds is for the firm's own counsel to say, so a
shorter time is allowed, and shown as shorter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Column, ColumnElement, Table, and_, exists, func, not_, or_, true

from firstword.runtimes.kafka.topics import DAY_MS, DEAD_LETTER_RETENTION_MS
from firstword.storage.outbox import KEEP_SENT
from firstword.storage.tables import dead_letters, outbox
from schemas.topics import DAY_SECONDS, TOPICS
from services.common.errors import BadInput
from services.ingest.record import FORGET_AFTER
from services.ingest.tables import article_pages, quarantine, unread_messages
from services.notifier.advice.tables import advice
from services.notifier.client_book.tables import client_changes
from services.notifier.client_import.tables import client_imports
from services.notifier.digest.tables import manager_messages, noticed
from services.notifier.event_views.tables import draft_alerts, event_evidence, event_stories
from services.notifier.lifecycle import DECIDABLE
from services.notifier.model_answers import model_answers
from services.notifier.rewording import store as rewording
from services.notifier.rewording.tables import rewordings
from services.notifier.search.tables import search_bodies, search_entries, search_words
from services.notifier.second_reading.tables import second_readings
from services.notifier.tables import (
    alerts,
    api_requests,
    api_tokens,
    contact_decisions,
    deliveries,
    delivery_attempts,
    draft_marks,
    drafts,
    early_decisions,
    feedback,
    interactions,
    refusals,
    sessions,
    signin_failures,
    signin_links,
    source_changes,
)
from services.notifier.triage.tables import draft_editors
from services.notifier.webhooks.outbox import KEPT as WEBHOOKS_KEPT
from services.notifier.webhooks.tables import endpoint_notices

__all__ = [
    "BY_OTHERS",
    "KEPT_WHILE_IN_USE",
    "KINDS",
    "LONGEST_DAYS",
    "Kind",
    "Part",
    "Rows",
    "retention_days",
]

#: Years with their leap days, rounded up.
TWO_YEARS, FIVE_YEARS, SEVEN_YEARS = 731, 1_827, 2_557
LONGEST_DAYS = 36_525
_RECORDS = (
    "MiFID II, article 16(7) (EU), with delegated regulation 2017/565, article 76: records of what was said to "
    "clients, five years, seven if the authority asks; SEC rule 204-2(e) (US): five years"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of another table that go with a row: those whose ``column`` has the row's id, if ``only`` holds.

    ``parts`` are rows that go with these, by the values of ``key``.
    """

    column: Column[str]
    only: ColumnElement[bool] = field(default_factory=true)
    key: Column[str] | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of ``table`` that go once ``at`` is older than the kind is kept, if ``only`` holds, with their ``parts``."""

    table: Table
    at: ColumnElement[object]
    only: ColumnElement[bool] = field(default_factory=true)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data.

    ``special`` kinds are removed in a way of their own (:mod:`firstword.retention.job`); those that are ``fixed`` can't
    be chosen. ``by`` is who else removes some or all of it, for people.
    """

    name: str
    content: str
    days: int
    reason: str
    rows: tuple[Rows, ...] = ()
    law: str | None = None
    least_days: int | None = None
    special: bool = False
    fixed: bool = False
    by: str | None = None

    @property
    def is_carried_out_here(self) -> bool:
        """True if the job removes rows of this kind; the others are removed by those who write them."""
        return bool(self.rows) or self.special


_OF_ENTRY = (Part(search_words.c.entry_id), Part(search_bodies.c.entry_id))


def _entry_of(kind: str) -> Part:
    """Return the entry of the search index that leads to a row."""
    return Part(search_entries.c.link, search_entries.c.kind == kind, search_entries.c.id, _OF_ENTRY)


_delivery = Part(deliveries.c.draft_id, key=deliveries.c.id, parts=(Part(delivery_attempts.c.delivery_id),))
_OF_DRAFT = (
    _delivery,
    *(
        Part(table.c.draft_id)
        for table in (
            *(draft_marks, draft_editors, draft_alerts, early_decisions, rewordings),
            *(noticed, feedback, advice),
        )
    ),
    _entry_of("draft"),
)
#: What is still to be decided or on its way is never removed, however old it is.
_IS_OVER = drafts.c.state.not_in((*DECIDABLE, "approved", "sending"))
_WAS_SENT = or_(drafts.c.state.in_(("sent", "unknown")), exists().where(deliveries.c.draft_id == drafts.c.id))
_HAS_DRAFT = or_(
    exists().where(drafts.c.alert_id == alerts.c.id),
    exists().where(and_(draft_alerts.c.alert_id == alerts.c.id, draft_alerts.c.draft_id == drafts.c.id)),
)
_HAS_ALERT = exists().where(alerts.c.story_id == event_stories.c.story_id)
_HAS_STORY = exists().where(
    event_stories.c.story_id == event_evidence.c.story_id, event_stories.c.entity_id == event_evidence.c.entity_id
)


def _without_draft(table: Table) -> ColumnElement[bool]:
    return not_(exists().where(drafts.c.id == table.c.draft_id))


KINDS: tuple[Kind, ...] = (
    Kind(
        "items",
        "feeds' documents and messages of mailboxes that could not be read, up to 5 MB of each",
        30,
        "to find out what was wrong with a feed",
        (Rows(quarantine, quarantine.c.at), Rows(unread_messages, unread_messages.c.at)),
    ),
    Kind(
        "articles",
        "the beginnings of articles that were read on their pages, and which pages could not be read",
        7,
        "to ask for a page once, though several feeds name it or its item is revised",
        (Rows(article_pages, article_pages.c.fetched_at),),
    ),
    Kind(
        "deliveries",
        "messages that were sent, their deliveries and attempts, the drafts and opinions in them, feedback on them",
        FIVE_YEARS,
        "to show what a client was told, when, by whom and with whose approval",
        (
            Rows(drafts, drafts.c.changed_at, and_(_IS_OVER, _WAS_SENT), _OF_DRAFT),
            Rows(deliveries, deliveries.c.changed_at, _without_draft(deliveries), _delivery.parts),
            Rows(feedback, feedback.c.at, _without_draft(feedback)),
            Rows(advice, advice.c.sent_at, _without_draft(advice)),
        ),
        law=_RECORDS,
        least_days=FIVE_YEARS,
    ),
    Kind(
        "drafts",
        "drafts that were dismissed, withdrawn or expired, with the notes on them",
        TWO_YEARS,
        "to learn from what was not sent, and to answer a client who asks why",
        (
            Rows(drafts, drafts.c.changed_at, and_(_IS_OVER, not_(_WAS_SENT)), _OF_DRAFT),
            Rows(early_decisions, early_decisions.c.at, _without_draft(early_decisions)),
        ),
    ),
    Kind(
        "evidence",
        "alerts with their evidence and reasons, events, and why news was not drafted",
        FIVE_YEARS,
        "to show what a message rested on, for as long as the message; evidence of a draft that is kept stays with it",
        (
            Rows(
                alerts,
                alerts.c.raised_at,
                not_(_HAS_DRAFT),
                (Part(refusals.c.alert_id), Part(contact_decisions.c.alert_id), _entry_of("story")),
            ),
            Rows(refusals, refusals.c.at),
            Rows(contact_decisions, contact_decisions.c.at),
            Rows(event_stories, event_stories.c.last_at, not_(_HAS_ALERT)),
            Rows(event_evidence, event_evidence.c.first_at, not_(_HAS_STORY)),
        ),
        law=_RECORDS,
        least_days=FIVE_YEARS,
    ),
    Kind(
        "conversations",
        "conversations and other contacts with clients",
        FIVE_YEARS,
        "to show what was discussed, and to pick up where it ended",
        (Rows(interactions, interactions.c.at),),
        law=_RECORDS,
        least_days=FIVE_YEARS,
    ),
    Kind(
        "digests",
        "digests and urgent notices to account managers",
        90,
        "to see why one did not arrive; all that is in them is at the desk as well",
        (
            Rows(
                manager_messages,
                manager_messages.c.changed_at,
                manager_messages.c.status.not_in(("pending", "sending")),
            ),
        ),
    ),
    Kind(
        "history",
        "changes of clients' entries and of sources' grades, with what was there before",
        FIVE_YEARS,
        "to show what the firm knew of a client when it wrote to them",
        (Rows(client_changes, client_changes.c.at), Rows(source_changes, source_changes.c.at)),
        law="MiFID II, article 25(5) (EU), with delegated regulation 2017/565, article 73: what was agreed with and "
        "known of a client, at least while they are one",
        least_days=FIVE_YEARS,
    ),
    Kind(
        "imports",
        "files of clients that were imported: their first rows and their problems",
        90,
        "to undo an import, and to see what a file had",
        (Rows(client_imports, client_imports.c.at, client_imports.c.status.not_in(("applying", "undoing"))),),
    ),
    Kind(
        "former_clients",
        "everything on clients who were removed from the book, as 'firstword people erase' deletes it",
        FIVE_YEARS,
        "to answer for what a former client was told; counted from the day of the removal",
        special=True,
        law=_RECORDS,
        least_days=FIVE_YEARS,
    ),
    Kind(
        "audit",
        "who read or changed what; the seals themselves stay, so that the rest can still be verified",
        SEVEN_YEARS,
        "to show who saw or did what, longer than what it is about",
        special=True,
        law="GDPR, articles 5(2) and 32 (EU): the firm must be able to show that data was handled properly, for as "
        "long as it may be asked; MiFID II, article 16(7): up to seven years if the authority asks",
        least_days=FIVE_YEARS,
    ),
    Kind(
        "sessions",
        "sign-in links, sessions, API tokens, failed sign-ins and answers to the API's requests, once they have ended",
        90,
        "to see who could sign in, and when",
        (
            Rows(signin_links, signin_links.c.expires_at),
            Rows(sessions, sessions.c.expires_at),
            Rows(api_tokens, func.coalesce(api_tokens.c.revoked_at, api_tokens.c.expires_at)),
            Rows(api_requests, api_requests.c.expires_at),
            Rows(signin_failures, signin_failures.c.last_at),
        ),
        by="the desk deletes failed sign-ins and the API its answers after a day",
    ),
    Kind(
        "search",
        "what the search finds of drafts and stories; clients and what they own are found while they are in the book",
        FIVE_YEARS,
        "to find what is kept",
        (
            Rows(
                search_entries,
                search_entries.c.at,
                search_entries.c.kind.in_(("draft", "story")),
                _OF_ENTRY,
            ),
        ),
    ),
    Kind(
        "model_texts",
        "language models' texts and readings, and the questions",
        rewording.KEEP.days,
        "to ask no question twice",
        (
            Rows(rewordings, rewordings.c.changed_at),
            Rows(second_readings, second_readings.c.changed_at),
            Rows(model_answers, model_answers.c.at),
        ),
        fixed=True,
        by="the workers that ask a model, while one is configured",
    ),
    Kind(
        "dead_letters",
        "events that could not be processed, or that Kafka refused",
        DEAD_LETTER_RETENTION_MS // DAY_MS,
        "to process them once the cause is found; as long as their topics on Kafka",
        (
            Rows(dead_letters, dead_letters.c.at),
            Rows(outbox, outbox.c.written_at, outbox.c.refused.is_not(None)),
        ),
        fixed=True,
        by="Kafka, on the topics that end in .dlq",
    ),
    Kind(
        "webhooks",
        "events for webhook endpoints, each request and its answer",
        WEBHOOKS_KEPT.days,
        "to send events again",
        (
            Rows(
                endpoint_notices, endpoint_notices.c.changed_at, endpoint_notices.c.status.in_(("delivered", "failed"))
            ),
        ),
        fixed=True,
        by="the webhook worker; after 7 days while there is no endpoint",
    ),
    Kind(
        "seen_items",
        "ids and hashes of items that a feed listed, without their text",
        FORGET_AFTER.days,
        "to tell new items from old ones; as long as the feed lists them",
        fixed=True,
        by="ingest, with each poll of the feed",
    ),
    Kind(
        "outbox",
        "events that were sent to Kafka",
        KEEP_SENT.days,
        "to recognize events that are repeated; of compacted topics, the latest of each key stays",
        fixed=True,
        by="the relay of each service",
    ),
    *(
        Kind(
            f"events.{topic.name}",
            topic.meaning,
            topic.retention_seconds // DAY_SECONDS,
            "so that consumers can read them again after an outage, or after a change",
            fixed=True,
            by="Kafka, by the topic's retention; in the embedded system the event log, hourly",
        )
        for topic in TOPICS.values()
        if topic.retention_seconds is not None
    ),
)

#: Tables without an end of their own, with the reason.
KEPT_WHILE_IN_USE = {
    "clients": "the client book; entries go when the former client's data goes",
    "client_file_values": "a client's entry as the book's file has it; it goes with the client",
    "duplicate_keys": "what entries of one and the same client share; it goes with the client",
    "distinct_clients": "clients of whom somebody said that they are two; it goes with either of them",
    "managers": "account managers as the book has them",
    "tunings": "thresholds in force for a client; they go with the client",
    "stopped_news": "what a client does not want to hear again; it goes with the client",
    "erasures": "that a client was erased: the proof of it, by their id only",
    "audit_seals": "hashes, without which the rest of the audit log could not be verified",
    "users": "those who may sign in, and those whom the audit log names",
    "second_factors": "secrets of users' codes; they go when the user or the owner removes them",
    "recovery_codes": "hashes of the codes for those who have lost their phone; they go with the second factor",
    "required_factors": "the roles that need a second factor",
    "manager_wishes": "an account manager's settings",
    "saved_views": "a user's views of the inbox",
    "feeds": "the feeds that are read",
    "feed_credentials": "what feeds' servers ask for, sealed; it goes with the feed",
    "mailboxes": "the mailboxes that inlets read; they go with the inlet",
    "websub": "the subscriptions of feeds at their hubs, which go with the feed",
    "outcomes": "which sources' rumors came true; it is public news, and names no client",
    "webhook_endpoints": "the endpoints in use",
    "channel_outages": "channels that do not work at this moment",
    "states": "what the processors remember; each forgets by its own rules, within days to months",
    "offsets": "positions in the event log",
    "taken": "positions in Kafka's topics",
    "retention_runs": "when data was last removed, and how much",
}
#: Tables whose rows others remove, by the kind that says so.
BY_OTHERS = {
    "feed_items": "seen_items",
    "webhook_messages": "webhooks",
    "webhook_deliveries": "webhooks",
    "webhook_attempts": "webhooks",
    "events": "events.items",
    "recent": "outbox",
}


def retention_days(chosen: Mapping[str, int]) -> dict[str, int]:
    """Return for how many days each kind is kept, with what the firm has ``chosen``.

    Raises:
        BadInput: a kind is unknown or fixed, or its days are out of range.
    """
    by_name = {kind.name: kind for kind in KINDS}
    open_to_choice = ", ".join(kind.name for kind in KINDS if not kind.fixed)
    for name, days in chosen.items():
        kind = by_name.get(name)
        if kind is None or kind.fixed:
            what = "is not a kind of data" if kind is None else f"is always kept for {kind.days} days"
            raise BadInput(f"FIRSTWORD_RETENTION: {name!r} {what}.", fix=f"Choose among: {open_to_choice}.")
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(
                f"FIRSTWORD_RETENTION: {name!r} can't be kept for {days:,} days.",
                fix=f"Give a whole number of days from 1 to {LONGEST_DAYS:,}.",
            )
    return {kind.name: chosen.get(kind.name, kind.days) for kind in KINDS}
