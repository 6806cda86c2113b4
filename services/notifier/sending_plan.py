"""The one plan of sending: when a message leaves, why then, what would make it sooner, and whether it arrives in time.

The desk shows this plan, an approval follows it, and the outbox asks for it again before it sends. So a message leaves
when the page says that it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, and_, or_, select

from schemas.clients import ClientChanged
from schemas.drafts import Draft
from services.notifier.contact.blackouts import blackout_names
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import UTC_ZONE, SendPlan, WaitsFor, plan_send, zone_of
from services.notifier.lifecycle import DECIDABLE
from services.notifier.queries import DraftLine
from services.notifier.tables import alerts, clients, deliveries, drafts, interactions

__all__ = ["BY_HAND", "KeptPlan", "Sending", "kept_plan", "plan_one", "plan_queued", "plan_sendings"]

#: The channel of a message that the account manager sent by their own means.
BY_HAND = "clipboard"
Refused = Literal["do_not_contact", "no_contact_budget", "no_open_hours", "not_in_book"]
#: In this order: the next in the outbox yields to those before it.
_Place = tuple[datetime, str]


class KeptPlan(TypedDict):
    """The plan that an approved message follows, as it is kept with its delivery.

    ``reason`` is why it leaves outside the client's hours and budget; None if it keeps them.
    """

    why: list[str]
    sooner: list[str]
    leaves_at: str
    reason: str | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """The plan for one message: when it leaves (``at_once``: as soon as it may be sent at all) and why not before.

    ``refused`` says why nothing may be sent. ``chosen``: the account manager chose the time. ``reason``: why it leaves
    outside hours and budget. ``zone`` is the client's time zone.
    """

    leaves_at: datetime
    at_once: bool
    in_time: bool = True
    why: tuple[str, ...] = ()
    sooner: tuple[str, ...] = ()
    refused: Refused | None = None
    waits_for: WaitsFor | None = None
    beyond_budget: bool = False
    may_override: bool = True
    chosen: bool = False
    reason: str | None = None
    zone: ZoneInfo = field(default=UTC_ZONE)

    @property
    def possible(self) -> bool:
        """Return whether an ordinary approval sends it in time."""
        return self.refused is None and self.in_time


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts that plans are made of, by client, and the names of what alerts are about."""

    entries: Mapping[str, ClientChanged]
    reached: Mapping[str, Mapping[str, datetime]]
    outgoing: Mapping[str, Sequence[RowMapping]]
    names: Mapping[str, Sequence[str]]
    outside_budget: frozenset[str]


def plan_sendings(
    connection: Connection, lines: Sequence[DraftLine], now: datetime, undo: timedelta = timedelta()
) -> Mapping[str, Sending]:
    """Return the plan of each draft that waits for a decision or in the outbox, by its id.

    ``undo`` is the time for which an approved message is held, so that the approval can be undone.
    """
    shown = [line for line in lines if line.state in (*DECIDABLE, "expired", "approved", "sending")]
    facts = _facts(connection, [line.client_id for line in shown], [line.draft for line in shown], now)
    return {line.id: _plan_line(facts, line, now, undo) for line in shown}


def plan_one(
    connection: Connection,
    line: DraftLine,
    now: datetime,
    undo: timedelta = timedelta(),
    *,
    chosen: datetime | None = None,
    reason: str | None = None,
) -> Sending:
    """Return the plan of a draft if it is approved now: at the ``chosen`` time, or at once for a ``reason``."""
    facts = _facts(connection, [line.client_id], [line.draft], now)
    return _plan_draft(facts, line.draft, line.deadline_at, now, undo, chosen=chosen, reason=reason)


def plan_queued(connection: Connection, row: RowMapping, deadline_at: datetime, draft: Draft, now: datetime) -> Sending:
    """Return the plan of the delivery ``row``, which waits in the outbox."""
    return _plan_delivery(_facts(connection, [row["client_id"]], [draft], now), row, draft, deadline_at, now)


def kept_plan(plan: Sending) -> KeptPlan:
    """Return ``plan`` as it is kept with a delivery."""
    return {
        "why": list(plan.why),
        "sooner": list(plan.sooner),
        "leaves_at": plan.leaves_at.isoformat(),
        "reason": plan.reason,
        "chosen": plan.chosen,
    }


def _plan_line(facts: _Facts, line: DraftLine, now: datetime, undo: timedelta) -> Sending:
    own = [
        row
        for row in facts.outgoing.get(line.client_id, ())
        if row["draft_id"] == line.id and row["status"] in ("pending", "sending")
    ]
    if line.state in ("approved", "sending") and own:
        return _plan_delivery(facts, own[0], line.draft, line.deadline_at, now)
    return _plan_draft(facts, line.draft, line.deadline_at, now, undo)


def _plan_draft(
    facts: _Facts,
    draft: Draft,
    deadline_at: datetime,
    now: datetime,
    undo: timedelta,
    *,
    chosen: datetime | None = None,
    reason: str | None = None,
) -> Sending:
    start = now + undo if chosen is None else max(now + undo, chosen)
    others = _other_times(facts, draft, None)
    plan = _ask(facts, draft, deadline_at, start, others, overriding=reason is not None)
    return _sending(facts, draft, plan, now + undo, chosen=chosen is not None, reason=reason)


def _plan_delivery(facts: _Facts, row: RowMapping, draft: Draft, deadline_at: datetime, now: datetime) -> Sending:
    """Plan a message in the outbox. It yields to those before it, and keeps the reasons that it was approved with."""
    kept: KeptPlan | None = row["plan"]
    start = max(now, row["next_attempt_at"] or now)
    if kept is None:
        return Sending(start, start <= now, zone=_zone(facts, draft.client_id))
    place = (row["next_attempt_at"] or now, row["id"])
    others = _other_times(facts, draft, place)
    plan = _ask(facts, draft, deadline_at, start, others, overriding=kept["reason"] is not None)
    sending = _sending(facts, draft, plan, now, chosen=kept["chosen"], reason=kept["reason"])
    if sending.refused is not None or sending.leaves_at != datetime.fromisoformat(kept["leaves_at"]):
        return sending
    return _with_reasons(sending, kept)


def _with_reasons(sending: Sending, kept: KeptPlan) -> Sending:
    return Sending(
        sending.leaves_at,
        sending.at_once,
        sending.in_time,
        tuple(kept["why"]),
        tuple(kept["sooner"]),
        waits_for=sending.waits_for,
        beyond_budget=sending.beyond_budget,
        may_override=sending.may_override,
        chosen=sending.chosen,
        reason=sending.reason,
        zone=sending.zone,
    )


def _ask(
    facts: _Facts,
    draft: Draft,
    deadline_at: datetime,
    start: datetime,
    others: Sequence[datetime],
    *,
    overriding: bool,
) -> SendPlan | None:
    """Ask the contact policy; None if the client is no longer in the book.

    A correction has no deadline: what was told and is false is put right late rather than never.
    """
    entry = facts.entries.get(draft.client_id)
    if entry is None:
        return None
    about = blackout_names(entry.client, (name for told in _told(draft) for name in facts.names.get(told, ())))
    deadline = None if draft.verdict == "correct" else deadline_at
    exempt = draft.budget != "within"
    return plan_send(entry.client, start, others, draft.urgency, deadline, about, exempt=exempt, overriding=overriding)


def _sending(
    facts: _Facts, draft: Draft, plan: SendPlan | None, earliest: datetime, *, chosen: bool, reason: str | None
) -> Sending:
    if plan is None:
        why = ("The client is no longer in the client book.",)
        return Sending(earliest, at_once=False, in_time=False, why=why, refused="not_in_book", may_override=False)
    return Sending(
        plan.send_after,
        plan.refused is None and plan.send_after <= earliest,
        plan.in_time,
        plan.notes,
        plan.sooner,
        plan.refused,
        plan.waits_for,
        plan.beyond_budget,
        plan.may_override,
        chosen,
        reason,
        _zone(facts, draft.client_id),
    )


def _zone(facts: _Facts, client_id: str) -> ZoneInfo:
    entry = facts.entries.get(client_id)
    return UTC_ZONE if entry is None else zone_of(entry.client)


def _told(draft: Draft) -> tuple[str, ...]:
    return (draft.alert_id, *draft.told_alerts, *(watch.alert_id for watch in draft.affects))


def _other_times(facts: _Facts, draft: Draft, place: _Place | None) -> Sequence[datetime]:
    """Return when other messages within the budget reached the client, or will; in the outbox, only those before it."""
    times = dict(facts.reached.get(draft.client_id, {}))
    for row in facts.outgoing.get(draft.client_id, ()):
        leaves_at: datetime = row["next_attempt_at"] or row["changed_at"]
        if place is None or row["status"] != "pending" or (leaves_at, row["id"]) < place:
            times.setdefault(row["draft_id"], leaves_at)
    return sorted(at for key, at in times.items() if key != draft.id and key not in facts.outside_budget)


def _facts(connection: Connection, client_ids: Iterable[str], messages: Iterable[Draft], now: datetime) -> _Facts:
    wanted = sorted(set(client_ids))
    stored = select(clients.c.id, clients.c.payload).where(clients.c.id.in_(wanted), clients.c.removed.is_(False))
    outgoing: dict[str, list[RowMapping]] = {}
    for row in connection.execute(_deliveries(wanted, now - WEEK)).mappings():
        outgoing.setdefault(row["client_id"], []).append(row)
    reached: dict[str, dict[str, datetime]] = {}
    for contact in connection.execute(_reached(wanted, now - WEEK)):
        reached.setdefault(contact.client_id, {}).setdefault(contact.draft_id or contact.at.isoformat(), contact.at)
    ids = {key for times in reached.values() for key in times} | {
        row["draft_id"] for rows in outgoing.values() for row in rows
    }
    budget = drafts.c.payload["budget"].as_string()
    outside = select(drafts.c.id).where(drafts.c.id.in_(ids), budget.in_(("beyond", "exempt")))
    told = {alert_id for draft in messages for alert_id in _told(draft)}
    named = select(alerts.c.id, alerts.c.entity_id, alerts.c.entity_name).where(alerts.c.id.in_(told))
    return _Facts(
        {row.id: ClientChanged.model_validate(row.payload) for row in connection.execute(stored)},
        reached,
        outgoing,
        {row.id: [name for name in (row.entity_id, row.entity_name) if name] for row in connection.execute(named)},
        frozenset(connection.execute(outside).scalars()),
    )


def _reached(client_ids: Sequence[str], since: datetime) -> Any:
    """Select the messages and conversations that reached the clients after ``since``.

    Replies and unanswered calls don't count.
    """
    return (
        select(interactions.c.client_id, interactions.c.at, interactions.c.draft_id)
        .where(
            interactions.c.client_id.in_(client_ids),
            interactions.c.at > since,
            interactions.c.channel != "reply",
            interactions.c.outcome != "no_answer",
        )
        .order_by(interactions.c.at)
    )


def _deliveries(client_ids: Sequence[str], since: datetime) -> Any:
    """Select the messages that wait or are being sent, and those that arrived: their contact may not be logged yet."""
    return (
        select(deliveries)
        .where(
            deliveries.c.client_id.in_(client_ids),
            or_(
                deliveries.c.status.in_(("pending", "sending", "unknown")),
                and_(deliveries.c.status == "delivered", deliveries.c.changed_at > since),
            ),
        )
        .order_by(deliveries.c.id)
    )
