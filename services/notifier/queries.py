"""What the desk asks of the notifier's tables. Every question is asked in somebody's scope.

A scope is the id of the account manager whose clients may be seen, or None for all. What lies outside it is not
found, exactly as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, literal, select, true, union_all

from schemas.alerts import Alert
from schemas.clients import ClientChanged
from schemas.drafts import Draft, DraftState
from schemas.interactions import ClientTuned
from services.notifier.lifecycle import DECIDABLE, TERMINAL
from services.notifier.tables import (
    alerts,
    clients,
    contact_decisions,
    deliveries,
    delivery_attempts,
    drafts,
    feedback,
    interactions,
    refusals,
    tunings,
)

__all__ = [
    "Counts",
    "DraftLine",
    "Page",
    "alert",
    "alert_lines",
    "alerts_by_id",
    "client",
    "client_lines",
    "contacts",
    "counts",
    "decisions",
    "deliveries_of",
    "delivery",
    "delivery_lines",
    "draft",
    "drafts_of",
    "feedback_on",
    "has_sample",
    "held",
    "inbox",
    "message_times",
    "story",
    "tuning",
    "waiting",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. ``number`` counts from 1."""

    items: Sequence[T]
    total: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; one even where there is nothing."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft, with the client it is for and the alert it was made from."""

    id: str
    client_id: str
    client_name: str
    organisation: str | None
    verdict: str
    urgency: str
    state: DraftState
    subject: str
    body: str
    revision: int
    version: int
    outcome: str | None
    created_at: datetime
    send_after: datetime
    deadline_at: datetime
    changed_at: datetime
    draft: Draft
    alert: Alert | None
    checks: dict[str, Any] | None

    @property
    def decidable(self) -> bool:
        """Whether it still waits for a decision."""
        return self.state in DECIDABLE

    @property
    def grade(self) -> str | None:
        """``B2``: the source's letter, the information's figure."""
        return None if self.alert is None else f"{self.alert.source_grade}{self.alert.information_grade}"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the navigation shows."""

    inbox: int
    held: int
    unknown: int


def _within(scope: str | None) -> ColumnElement[bool]:
    return true() if scope is None else clients.c.manager_id == scope


_DRAFTS = drafts.outerjoin(clients, clients.c.id == drafts.c.client_id).outerjoin(
    alerts, alerts.c.id == drafts.c.alert_id
)
_ALERTS = alerts.outerjoin(clients, clients.c.id == alerts.c.client_id)
_DELIVERIES = deliveries.outerjoin(clients, clients.c.id == deliveries.c.client_id)


def _draft_query(scope: str | None) -> Select[Any]:
    return (
        select(drafts, clients.c.name.label("client_name"), clients.c.organisation, alerts.c.payload.label("alert"))
        .select_from(_DRAFTS)
        .where(_within(scope))
    )


def _line(row: RowMapping) -> DraftLine:
    kept = {name: row[name] for name in DraftLine.__slots__ if name in row and name not in ("draft", "alert")}
    kept["client_name"] = row["client_name"] or row["client_id"]
    return DraftLine(
        **kept,
        draft=Draft.model_validate(row["payload"]),
        alert=None if row["alert"] is None else Alert.model_validate(row["alert"]),
    )


def _count(connection: Connection, query: Select[Any]) -> int:
    bare = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True)
    return connection.execute(select(func.count()).select_from(bare.subquery())).scalar_one()


def _page(connection: Connection, query: Select[Any], number: int, size: int) -> tuple[Sequence[RowMapping], int, int]:
    total = _count(connection, query)
    number = min(max(1, number), max(1, -(-total // size)))
    rows = connection.execute(query.limit(size).offset((number - 1) * size)).mappings().all()
    return rows, total, number


def _drafts(connection: Connection, query: Select[Any], number: int, size: int) -> Page[DraftLine]:
    """A page of drafts: which they are first, for sorting whole messages and alerts takes ten times as long."""
    wanted = query.with_only_columns(drafts.c.id, maintain_column_froms=True)
    ids, total, number = _page(connection, wanted, number, size)
    rows = connection.execute(_draft_query(None).where(drafts.c.id.in_([row["id"] for row in ids]))).mappings()
    lines = {row["id"]: _line(row) for row in rows}
    return Page([lines[row["id"]] for row in ids], total, number, size)


def inbox(connection: Connection, scope: str | None, now: datetime, *, number: int, size: int) -> Page[DraftLine]:
    """What waits for a decision: by deadline, and last what is too late already."""
    query = _draft_query(scope).where(drafts.c.state.in_(DECIDABLE))
    late = drafts.c.deadline_at <= now
    return _drafts(connection, query.order_by(late, drafts.c.deadline_at, drafts.c.id), number, size)


def waiting(connection: Connection, scope: str | None, *, limit: int = 50) -> Sequence[DraftLine]:
    """What is approved and has not gone out, the next first."""
    query = _draft_query(scope).where(drafts.c.state.in_(("approved", "sending")))
    rows = connection.execute(query.order_by(drafts.c.send_after, drafts.c.id).limit(limit)).mappings()
    return [_line(row) for row in rows]


def draft(connection: Connection, scope: str | None, draft_id: str) -> DraftLine | None:
    """One draft."""
    row = connection.execute(_draft_query(scope).where(drafts.c.id == draft_id)).mappings().first()
    return None if row is None else _line(row)


def drafts_of(
    connection: Connection, scope: str | None, *, client_id: str | None = None, alert_id: str | None = None
) -> Sequence[DraftLine]:
    """The drafts for a client, or of an alert, newest first; at most 50."""
    query = _draft_query(scope)
    if client_id is not None:
        query = query.where(drafts.c.client_id == client_id)
    if alert_id is not None:
        query = query.where(drafts.c.alert_id == alert_id)
    rows = connection.execute(query.order_by(drafts.c.created_at.desc(), drafts.c.id).limit(50)).mappings()
    return [_line(row) for row in rows]


def counts(connection: Connection, scope: str | None) -> Counts:
    """How much there is of what needs a person."""
    count = select(func.count())
    inside = _within(scope)
    rumors = and_(alerts.c.verdict == "hold", alerts.c.is_current.is_(True))
    return Counts(
        inbox=connection.execute(count.select_from(_DRAFTS).where(drafts.c.state.in_(DECIDABLE), inside)).scalar_one(),
        held=connection.execute(count.select_from(_ALERTS).where(rumors, inside)).scalar_one(),
        unknown=connection.execute(
            count.select_from(_DELIVERIES).where(deliveries.c.status == "unknown", inside)
        ).scalar_one(),
    )


def has_sample(connection: Connection, scope: str | None) -> bool:
    """Whether invented clients are among those shown."""
    query = select(clients.c.id).where(clients.c.sample.is_(True), clients.c.removed.is_(False), _within(scope))
    return connection.execute(query.limit(1)).first() is not None


def held(connection: Connection, scope: str | None, *, number: int, size: int) -> Page[tuple[Alert, RowMapping]]:
    """Rumors that are held, newest first, with the row of their client."""
    query = (
        select(alerts.c.payload, clients.c.name, clients.c.organisation)
        .select_from(_ALERTS)
        .where(alerts.c.verdict == "hold", alerts.c.is_current.is_(True), _within(scope))
        .order_by(alerts.c.raised_at.desc(), alerts.c.id)
    )
    rows, total, number = _page(connection, query, number, size)
    return Page([(Alert.model_validate(row["payload"]), row) for row in rows], total, number, size)


def client(connection: Connection, scope: str | None, client_id: str) -> ClientChanged | None:
    """One client as the book has them."""
    query = select(clients.c.payload).where(clients.c.id == client_id, clients.c.removed.is_(False), _within(scope))
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else ClientChanged.model_validate(stored)


def client_lines(
    connection: Connection, scope: str | None, *, search: str, number: int, size: int
) -> Page[ClientChanged]:
    """Clients by name, those whose name or organisation holds ``search``."""
    query = select(clients.c.payload).where(clients.c.removed.is_(False), _within(scope))
    if search:
        query = query.where(clients.c.search.contains(search.casefold(), autoescape=True))
    rows, total, number = _page(connection, query.order_by(clients.c.search, clients.c.id), number, size)
    return Page([ClientChanged.model_validate(row["payload"]) for row in rows], total, number, size)


def alert(connection: Connection, scope: str | None, alert_id: str) -> Alert | None:
    """One alert."""
    query = select(alerts.c.payload).select_from(_ALERTS).where(alerts.c.id == alert_id, _within(scope))
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else Alert.model_validate(stored)


def alert_lines(connection: Connection, scope: str | None, client_id: str) -> Sequence[Alert]:
    """The client's alerts, newest first, the ignored ones too; at most 100."""
    query = select(alerts.c.payload).select_from(_ALERTS).where(alerts.c.client_id == client_id, _within(scope))
    rows = connection.execute(query.order_by(alerts.c.raised_at.desc(), alerts.c.id).limit(100)).scalars()
    return [Alert.model_validate(row) for row in rows]


def story(connection: Connection, scope: str | None, client_id: str, story_id: str) -> Sequence[Alert]:
    """Every verdict on a story for a client, in the order they were reached."""
    query = (
        select(alerts.c.payload)
        .select_from(_ALERTS)
        .where(alerts.c.client_id == client_id, alerts.c.story_id == story_id, _within(scope))
        .order_by(alerts.c.raised_at, alerts.c.id)
    )
    return [Alert.model_validate(row) for row in connection.execute(query).scalars()]


def alerts_by_id(connection: Connection, scope: str | None, alert_ids: Sequence[str]) -> Sequence[Alert]:
    """These alerts, in this order, as far as they are here."""
    query = select(alerts.c.id, alerts.c.payload).select_from(_ALERTS).where(alerts.c.id.in_(alert_ids), _within(scope))
    found = {row.id: Alert.model_validate(row.payload) for row in connection.execute(query)}
    return [found[alert_id] for alert_id in alert_ids if alert_id in found]


def message_times(connection: Connection, client_id: str, since: datetime) -> Sequence[datetime]:
    """When the client heard from us since ``since``, or will: a message by several channels counts once.

    Conversations that were logged count; what the client wrote, and calls nobody took, don't.
    """
    heard = select(interactions.c.at, interactions.c.draft_id).where(
        interactions.c.client_id == client_id,
        interactions.c.at > since,
        interactions.c.channel != "reply",
        interactions.c.outcome != "no_answer",
    )
    waits = select(deliveries.c.next_attempt_at, deliveries.c.changed_at, deliveries.c.draft_id).where(
        deliveries.c.client_id == client_id, deliveries.c.status.in_(("pending", "sending", "unknown"))
    )
    times: dict[str, datetime] = {}
    for at, draft_id in connection.execute(heard.order_by(interactions.c.at)):
        times.setdefault(draft_id or at.isoformat(), at)
    for leaves_at, changed_at, draft_id in connection.execute(waits.order_by(deliveries.c.id)):
        times.setdefault(draft_id, leaves_at or changed_at)
    return sorted(times.values())


def tuning(connection: Connection, client_id: str) -> ClientTuned | None:
    """How feedback has moved the client's thresholds, if it has."""
    stored: Any = connection.execute(select(tunings.c.payload).where(tunings.c.client_id == client_id)).scalar()
    return None if stored is None else ClientTuned.model_validate(stored)


def feedback_on(connection: Connection, draft_id: str) -> RowMapping | None:
    """What the account manager said a message was worth, if they did."""
    return connection.execute(select(feedback).where(feedback.c.draft_id == draft_id)).mappings().first()


def contacts(connection: Connection, client_id: str) -> Sequence[RowMapping]:
    """What passed between the client and us, newest first; at most 50."""
    query = select(interactions).where(interactions.c.client_id == client_id)
    return connection.execute(query.order_by(interactions.c.at.desc()).limit(50)).mappings().all()


def delivery_lines(
    connection: Connection, scope: str | None, *, status: str | None, number: int, size: int
) -> Page[RowMapping]:
    """Deliveries, those that need a person first, then newest first."""
    query = select(deliveries, clients.c.name.label("client_name")).select_from(_DELIVERIES).where(_within(scope))
    if status is not None:
        query = query.where(deliveries.c.status == status)
    order = (deliveries.c.status != "unknown", deliveries.c.changed_at.desc(), deliveries.c.id)
    rows, total, number = _page(connection, query.order_by(*order), number, size)
    return Page(rows, total, number, size)


def delivery(connection: Connection, scope: str | None, delivery_id: str) -> RowMapping | None:
    """One delivery."""
    query = select(deliveries).select_from(_DELIVERIES).where(deliveries.c.id == delivery_id, _within(scope))
    return connection.execute(query).mappings().first()


def deliveries_of(connection: Connection, draft_id: str) -> Sequence[tuple[RowMapping, Sequence[RowMapping]]]:
    """A draft's deliveries, each with its attempts in order."""
    rows = connection.execute(
        select(deliveries).where(deliveries.c.draft_id == draft_id).order_by(deliveries.c.created_at)
    )
    tries = select(delivery_attempts).order_by(delivery_attempts.c.number)
    return [
        (row, connection.execute(tries.where(delivery_attempts.c.delivery_id == row["id"])).mappings().all())
        for row in rows.mappings().all()
    ]


def decisions(connection: Connection, scope: str | None, *, number: int, size: int) -> Page[RowMapping]:
    """Everything that was decided against, or about when: refused, ignored, dismissed, withdrawn, and what the contact
    policy made to wait, merged or left out; newest first."""
    refused = select(
        refusals.c.alert_id.label("alert_id"),
        refusals.c.client_id.label("client_id"),
        literal("refused").label("what"),
        refusals.c.reason.label("reason"),
        refusals.c.detail.label("detail"),
        refusals.c.at.label("at"),
    )
    ignored = select(
        alerts.c.id, alerts.c.client_id, literal("ignored"), literal(""), alerts.c.headline, alerts.c.raised_at
    ).where(alerts.c.verdict == "ignore")
    dropped = select(
        drafts.c.alert_id, drafts.c.client_id, drafts.c.state, drafts.c.outcome, drafts.c.subject, drafts.c.changed_at
    ).where(drafts.c.state.in_(sorted(TERMINAL)))
    policy = select(
        contact_decisions.c.alert_id,
        contact_decisions.c.client_id,
        contact_decisions.c.what,
        contact_decisions.c.reason,
        contact_decisions.c.detail,
        contact_decisions.c.at,
    )
    every = union_all(refused, ignored, dropped, policy).subquery()
    query = (
        select(every, clients.c.name.label("client_name"), alerts.c.headline, alerts.c.payload)
        .select_from(
            every.outerjoin(clients, clients.c.id == every.c.client_id).outerjoin(
                alerts, alerts.c.id == every.c.alert_id
            )
        )
        .where(_within(scope))
        .order_by(every.c.at.desc(), every.c.alert_id)
    )
    rows, total, number = _page(connection, query, number, size)
    return Page(rows, total, number, size)
