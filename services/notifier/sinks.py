"""Keeps the notifier's tables up to date with the topics. Applying an event again changes nothing."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from schemas.alerts import Alert, AlertRaised
from schemas.base import Payload
from schemas.clients import ClientChanged, ClientRemoved
from schemas.drafts import (
    ContactDecided,
    Draft,
    DraftApproved,
    DraftCreated,
    DraftDismissed,
    DraftEdited,
    DraftExpired,
    DraftRefused,
    DraftReopened,
    DraftSent,
    NewsStopped,
)
from schemas.interactions import ClientTuned, FeedbackGiven, InteractionLogged
from schemas.mentions import RumorResolved
from schemas.topics import decode, encode
from services.common.db import upsert
from services.common.processing import AnyEvent, Sink
from services.notifier import lifecycle
from services.notifier.advice.store import record_opinions
from services.notifier.client_book.duplicate_store import drop_duplicate_keys, record_duplicate_keys
from services.notifier.client_book.managers import record_managers
from services.notifier.event_views.store import record_alert, record_draft
from services.notifier.folding import fold_text
from services.notifier.lifecycle import PipelineCommand
from services.notifier.search.index import index_alert, index_client, index_draft, remove_client
from services.notifier.tables import (
    alerts,
    clients,
    contact_decisions,
    deliveries,
    drafts,
    early_decisions,
    feedback,
    interactions,
    outcomes,
    refusals,
    stopped_news,
    tunings,
)
from services.notifier.triage.marks import carry_over
from services.notifier.webhooks.sink import WebhookSink

__all__ = ["AlertSink", "ClientSink", "DraftSink", "InteractionSink", "OutcomeSink", "TuningSink", "all_sinks"]

#: The same table under another name, for a subquery in an update; built once, as building takes as long as a query.
_KNOWN = alerts.alias("known")


class ClientSink:
    """The client book as the desk shows it."""

    name = "notifier.clients"
    inputs: tuple[str, ...] = ("clients",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Write a client's newest state; if the client was removed, withdraw what has not gone out."""
        match event.data:
            case ClientChanged() as changed:
                self._changed(connection, changed, event)
            case ClientRemoved() as removed:
                connection.execute(
                    update(clients)
                    .where(clients.c.id == removed.client_id, clients.c.revision <= removed.revision)
                    .values(removed=True, revision=removed.revision, changed_at=event.time)
                )
                withdraw(connection, drafts.c.client_id == removed.client_id, "The client was removed.", event)
                remove_client(connection, removed.client_id)
                drop_duplicate_keys(connection, removed.client_id)
            case _:
                return

    def _changed(self, connection: Connection, changed: ClientChanged, event: AnyEvent) -> None:
        client = changed.client
        known = connection.execute(select(clients.c.revision).where(clients.c.id == client.id)).scalar()
        if known is not None and known > changed.revision:
            return
        row = {
            "id": client.id,
            "name": client.name,
            "organisation": client.organisation,
            "manager_id": client.manager_id,
            "search": fold_text(f"{client.name} {client.organisation or ''}"),
            "sample": changed.firm.sample,
            "removed": False,
            "revision": changed.revision,
            "payload": changed.model_dump(mode="json", exclude_none=True),
            "changed_at": event.time,
        }
        upsert(connection, clients, [row], ["id"])
        index_client(connection, client, event.time)
        record_duplicate_keys(connection, client)
        record_managers(connection, [changed.manager], event.time, sample=changed.firm.sample)


class AlertSink:
    """All alerts and the events they are about; of each client and story, the newest alert is marked as current."""

    name = "notifier.alerts"
    inputs: tuple[str, ...] = ("alerts",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Write an alert, and mark the current one of its story."""
        if not isinstance(event.data, AlertRaised):
            return
        alert = event.data.alert
        if _was_answered_before_move(connection, alert):
            return
        row = {
            "id": alert.id,
            "client_id": alert.client_id,
            "story_id": alert.story_id,
            "verdict": alert.verdict,
            "headline": alert.headline,
            "entity_name": alert.entity_name,
            "is_current": False,
            "raised_at": alert.raised_at,
            "deadline_at": alert.deadline_at,
            "payload": alert.model_dump(mode="json", exclude_none=True),
            "entity_id": alert.entity_id,
            "kind": alert.kind,
            "stance": alert.stance,
            "direction": alert.direction,
            "information_grade": alert.information_grade,
            "earlier_alert_id": alert.earlier_alert_id,
        }
        upsert(connection, alerts, [row], ["id"])
        story = and_(alerts.c.client_id == alert.client_id, alerts.c.story_id == alert.story_id)
        newest = (
            select(_KNOWN.c.id)
            .where(_KNOWN.c.client_id == alert.client_id, _KNOWN.c.story_id == alert.story_id)
            .order_by(_KNOWN.c.raised_at.desc(), _KNOWN.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        connection.execute(update(alerts).where(story).values(is_current=alerts.c.id == newest))
        record_alert(connection, alert)
        index_alert(connection, alert)


class DraftSink:
    """Drafts, and what was decided about them."""

    name = "notifier.drafts"
    inputs: tuple[str, ...] = ("drafts", "decisions")

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Write a draft or a decision. The desk has written its own decisions already, so most change nothing."""
        match event.data:
            case DraftCreated() as created:
                _create(connection, created.draft, event)
            case DraftRefused() as refused:
                row = {"id": event.id, "at": event.time, **refused.model_dump(exclude={"withdraws"})}
                upsert(connection, refusals, [row], ["id"])
                withdraw(connection, drafts.c.id.in_(refused.withdraws), refused.detail, event)
            case (
                DraftEdited()
                | DraftApproved()
                | DraftSent()
                | DraftDismissed()
                | DraftExpired()
                | DraftReopened() as decision
            ):
                if _exists(connection, decision.draft_id):
                    _record(connection, decision, event)
                else:
                    _keep_early(connection, decision.draft_id, event)
            case NewsStopped() as stopped:
                row = {**stopped.model_dump(), "reason": stopped.reason or "", "at": event.time}
                upsert(connection, stopped_news, [row], ["client_id", "entity_id", "kind"])
            case ContactDecided() as decided:
                row = {"id": event.id, "at": event.time, **decided.model_dump()}
                upsert(connection, contact_decisions, [row], ["id"])
            case _:
                return


class InteractionSink:
    """The contacts with each client, and the feedback on messages."""

    name = "notifier.interactions"
    inputs: tuple[str, ...] = ("interactions",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Write a contact, or feedback on a message."""
        if isinstance(event.data, FeedbackGiven):
            given = event.data.model_dump(exclude={"entity_id"})
            upsert(connection, feedback, [{**given, "at": event.time}], ["draft_id"])
        if not isinstance(event.data, InteractionLogged):
            return
        contact = event.data
        row = {
            "id": contact.interaction_id,
            **contact.model_dump(include=set(interactions.c.keys()) - {"id"}),
        }
        upsert(connection, interactions, [row], ["id"])


class TuningSink:
    """The effect of feedback on each client's thresholds."""

    name = "notifier.tunings"
    inputs: tuple[str, ...] = ("tunings",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Write a client's newest state; an older one changes nothing."""
        if isinstance(event.data, ClientTuned):
            tuned = event.data
            known = connection.execute(select(tunings.c.at).where(tunings.c.client_id == tuned.client_id)).scalar()
            if known is not None and known > event.time:
                return
            row = {
                "client_id": tuned.client_id,
                "revision": tuned.revision,
                "payload": tuned.model_dump(mode="json"),
                "at": event.time,
            }
            upsert(connection, tunings, [row], ["client_id"])


class OutcomeSink:
    """The ends of each source's rumors. Only the matcher knows them, and in the stack it has no database."""

    name = "notifier.outcomes"
    inputs: tuple[str, ...] = ("outcomes",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Write how a story ended for a source; the latest event counts, in whatever order they arrive."""
        resolved = event.data
        if not isinstance(resolved, RumorResolved):
            return
        key = {"domain": resolved.domain, "story_id": resolved.story_id, "entity_id": resolved.entity_id}
        place = and_(*(outcomes.c[name] == value for name, value in key.items()))
        known = connection.execute(select(outcomes.c.at).where(place)).scalar()
        if known is None or known <= resolved.at:
            row = {**key, "at": resolved.at, "payload": resolved.model_dump(mode="json")}
            upsert(connection, outcomes, [row], [*key])


def all_sinks() -> tuple[Sink, ...]:
    """Return every sink of the notifier."""
    return (
        ClientSink(),
        AlertSink(),
        DraftSink(),
        InteractionSink(),
        TuningSink(),
        OutcomeSink(),
        WebhookSink(),
    )


def withdraw(connection: Connection, which: ColumnElement[bool], why: str, event: AnyEvent) -> None:
    """Withdraw the drafts that ``which`` selects, and stop their waiting deliveries; what has gone out stays.

    A sink publishes nothing, so the stopped deliveries are marked, and the delivery worker publishes them.
    """
    withdrawn = lifecycle.change_where(connection, which, "withdraw", "pipeline", event.time, outcome=why)
    if withdrawn:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.draft_id.in_(withdrawn), deliveries.c.status == "pending")
            .values(status="failed", last_error=why, next_attempt_at=None, changed_at=event.time, untold=True)
        )


def _was_answered_before_move(connection: Connection, alert: Alert) -> bool:
    """Return whether the installation had answered this alert under another id before it moved here.

    After a move the matcher reads the last week's items again, and with today's book and grades it may assign them to
    other stories. The alerts that moved along remain.
    """
    moved = select(clients.c.heard_until).where(clients.c.id == alert.client_id)
    heard_until = connection.execute(moved).scalar()
    if heard_until is None or alert.raised_at > heard_until:
        return False
    return connection.execute(select(alerts.c.id).where(alerts.c.id == alert.id)).first() is None


def _create(connection: Connection, draft: Draft, event: AnyEvent) -> None:
    lifecycle.create(connection, draft, event.time)
    record_draft(connection, draft)
    index_draft(connection, draft.id)
    if draft.supersedes is not None:
        why = draft.supersedes_because or "A newer draft replaces it."
        withdraw(connection, drafts.c.id == draft.supersedes, why, event)
        carry_over(connection, draft.supersedes, draft.id, event.time)
    early = delete(early_decisions).where(early_decisions.c.draft_id == draft.id).returning(early_decisions)
    for row in sorted(connection.execute(early).mappings().all(), key=lambda row: (row["at"], row["event_id"])):
        earlier = decode("decisions", json.dumps(row["payload"]).encode())
        _record(connection, earlier.data, earlier)


def _exists(connection: Connection, draft_id: str) -> bool:
    return connection.execute(select(drafts.c.id).where(drafts.c.id == draft_id)).first() is not None


def _keep_early(connection: Connection, draft_id: str, event: AnyEvent) -> None:
    """Keep a decision until its draft is here."""
    row = {"event_id": event.id, "draft_id": draft_id, "payload": json.loads(encode(event)), "at": event.time}
    upsert(connection, early_decisions, [row], ["event_id"])


def _record(connection: Connection, decision: Payload, event: AnyEvent) -> None:
    """Write a decision, unless it is written already, or the draft was decided otherwise after it."""
    still_last = drafts.c.changed_at <= event.time
    match decision:
        case DraftEdited():
            text = {"subject": decision.subject, "body": decision.body, "revision": decision.revision}
            newer = drafts.c.revision < decision.revision
            _apply(connection, decision.draft_id, "record_edit", event, text, newer)
            index_draft(connection, decision.draft_id)
        case DraftApproved():
            text = {"subject": decision.subject, "body": decision.body}
            _apply(connection, decision.draft_id, "record_approval", event, text, still_last)
        case DraftSent():
            _apply(connection, decision.draft_id, "record_sent", event, {"outcome": None})
            record_opinions(connection, decision.draft_id, event.time)
        case DraftDismissed():
            why = ": ".join(part for part in (decision.reason, decision.comment) if part)
            _apply(connection, decision.draft_id, "record_dismissal", event, {"outcome": why}, still_last)
        case DraftExpired():
            _apply(connection, decision.draft_id, "record_expiry", event, {}, still_last)
        case DraftReopened():
            until = {"outcome": None, "approval": None, "deadline_at": decision.deadline_at}
            edited = drafts.c.revision > 0
            _apply(connection, decision.draft_id, "record_reopening", event, until, ~edited, still_last)
            _apply(connection, decision.draft_id, "record_reopening_edited", event, until, edited, still_last)
        case _:
            raise AssertionError(f"{event.type} is not a decision about a draft")


def _apply(
    connection: Connection,
    draft_id: str,
    command: PipelineCommand,
    event: AnyEvent,
    values: dict[str, Any],
    *conditions: ColumnElement[bool],
) -> None:
    which = and_(drafts.c.id == draft_id, *conditions)
    lifecycle.change_where(connection, which, command, "pipeline", event.time, **values)
