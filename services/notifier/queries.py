"""Queries on the notifier's tables. Each takes a scope: what lies outside it is not found, as if it did not exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from schemas.alerts import Alert
from schemas.clients import ClientChanged
from schemas.drafts import Draft, DraftState
from schemas.interactions import ClientTuned
from services.notifier.contact.budget import LEFT_OUT
from services.notifier.folding import fold_query
from services.notifier.lifecycle import DECIDABLE
from services.notifier.paging import Page, Place, page_of
from services.notifier.scope import EVERYTHING, Scope, client_in
from services.notifier.tables import (
    alerts,
    clients,
    contact_decisions,
    deliveries,
    delivery_attempts,
    draft_marks,
    drafts,
    feedback,
    interactions,
    refusals,
    stopped_news,
    tunings,
)

__all__ = [
    "ClientFilter",
    "Counts",
    "DraftLine",
    "NoticedLine",
    "alert",
    "alert_lines",
    "alerts_by_id",
    "client",
    "client_lines",
    "client_managers",
    "contacts",
    "count_to_ask",
    "count_to_send",
    "counts",
    "decisions",
    "deliveries_of",
    "delivery",
    "delivery_lines",
    "draft",
    "drafts_of",
    "expired",
    "feedback_on",
    "has_sample",
    "held",
    "inbox",
    "lines_by_id",
    "noticed",
    "stopped",
    "story",
    "to_decide",
    "tuning",
    "waiting",
    "waiting_for_second",
]


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft with its client and its alert, as lists and pages show it."""

    id: str
    story_id: str
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
        """True while it waits for a decision."""
        return self.state in DECIDABLE

    @property
    def grade(self) -> str | None:
        """The grade such as ``B2``: the source's letter and the information's number."""
        return None if self.alert is None else f"{self.alert.source_grade}{self.alert.information_grade}"


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers in the navigation."""

    inbox: int
    held: int
    unknown: int
    expired: int


_DRAFTS = drafts.outerjoin(clients, clients.c.id == drafts.c.client_id).outerjoin(
    alerts, alerts.c.id == drafts.c.alert_id
)
_ALERTS = alerts.outerjoin(clients, clients.c.id == alerts.c.client_id)
_INTERACTIONS = interactions.outerjoin(clients, clients.c.id == interactions.c.client_id)
_DELIVERIES = deliveries.outerjoin(clients, clients.c.id == deliveries.c.client_id)


def _draft_query(scope: Scope) -> Select[Any]:
    return (
        select(drafts, clients.c.name.label("client_name"), clients.c.organisation, alerts.c.payload.label("alert"))
        .select_from(_DRAFTS)
        .where(scope.condition())
    )


def _line(row: RowMapping) -> DraftLine:
    kept = {name: row[name] for name in DraftLine.__slots__ if name in row and name not in ("draft", "alert")}
    kept["client_name"] = row["client_name"] or row["client_id"]
    return DraftLine(
        **kept,
        draft=Draft.model_validate(row["payload"]),
        alert=None if row["alert"] is None else Alert.model_validate(row["alert"]),
    )


def _drafts(
    connection: Connection, wanted: ColumnElement[bool], order: Sequence[ColumnElement[Any]], number: Place, size: int
) -> Page[DraftLine]:
    """Read a page of drafts: first their ids, because sorting whole messages and alerts takes ten times as long."""
    page = page_of(connection, select(drafts.c.id).where(wanted).order_by(*order), number, size)
    return page.with_items(lines_by_id(connection, [row["id"] for row in page.items]))


def lines_by_id(connection: Connection, draft_ids: Sequence[str]) -> Sequence[DraftLine]:
    """Return the drafts with these ids, which the caller may see, in this order; unknown ids are left out."""
    rows = connection.execute(_draft_query(EVERYTHING).where(drafts.c.id.in_(draft_ids))).mappings()
    lines = {row["id"]: _line(row) for row in rows}
    return [lines[draft_id] for draft_id in draft_ids if draft_id in lines]


def to_decide(scope: Scope, now: datetime, user_id: str | None = None) -> ColumnElement[bool]:
    """Return the condition on drafts that wait for a decision in an inbox.

    Those put aside until later are left out. In the inbox of ``user_id`` there are also drafts that a colleague gave
    them, and not those that they gave away.
    """
    marked = select(draft_marks.c.draft_id)
    here = [drafts.c.state.in_(DECIDABLE), drafts.c.id.not_in(marked.where(draft_marks.c.snoozed_until > now))]
    mine = client_in(scope, drafts.c.client_id)
    if user_id is None:
        return and_(mine, *here)
    given_to_them = drafts.c.id.in_(marked.where(draft_marks.c.assigned_to == user_id))
    given_away = marked.where(draft_marks.c.assigned_to != user_id, draft_marks.c.asked.is_(False))
    return and_(or_(mine, given_to_them), drafts.c.id.not_in(given_away), *here)


def inbox(
    connection: Connection, scope: Scope, now: datetime, *, number: Place, size: int, user_id: str | None = None
) -> Page[DraftLine]:
    """Return drafts that wait for a decision, by deadline; those past it come last."""
    order = (drafts.c.deadline_at <= now, drafts.c.deadline_at, drafts.c.id)
    return _drafts(connection, to_decide(scope, now, user_id), order, number, size)


def waiting(connection: Connection, scope: Scope, *, number: Place = 1, size: int = 50) -> Page[DraftLine]:
    """Return approved drafts that have not gone out, the next one first."""
    wanted = and_(drafts.c.state.in_(("approved", "sending")), client_in(scope, drafts.c.client_id))
    leaves_at = (
        select(func.min(deliveries.c.next_attempt_at))
        .where(deliveries.c.draft_id == drafts.c.id, deliveries.c.status == "pending")
        .scalar_subquery()
    )
    order = (func.coalesce(leaves_at, drafts.c.send_after), drafts.c.id)
    return _drafts(connection, wanted, order, number, size)


def expired(connection: Connection, scope: Scope, *, number: Place, size: int) -> Page[DraftLine]:
    """Return drafts that nobody decided on before their deadline, the latest first."""
    wanted = and_(drafts.c.state == "expired", client_in(scope, drafts.c.client_id))
    return _drafts(connection, wanted, (drafts.c.deadline_at.desc(), drafts.c.id), number, size)


def waiting_for_second(connection: Connection, scope: Scope, *, limit: int = 50) -> Sequence[DraftLine]:
    """Return the drafts that wait for a second approval, by deadline."""
    query = _draft_query(scope).where(drafts.c.state == "second")
    rows = connection.execute(query.order_by(drafts.c.deadline_at, drafts.c.id).limit(limit)).mappings()
    return [_line(row) for row in rows]


def draft(connection: Connection, scope: Scope, draft_id: str) -> DraftLine | None:
    """Return one draft."""
    row = connection.execute(_draft_query(scope).where(drafts.c.id == draft_id)).mappings().first()
    return None if row is None else _line(row)


def drafts_of(
    connection: Connection, scope: Scope, *, client_id: str | None = None, alert_id: str | None = None
) -> Sequence[DraftLine]:
    """Return the drafts for a client or of an alert, newest first; at most 50."""
    query = _draft_query(scope)
    if client_id is not None:
        query = query.where(drafts.c.client_id == client_id)
    if alert_id is not None:
        query = query.where(drafts.c.alert_id == alert_id)
    rows = connection.execute(query.order_by(drafts.c.created_at.desc(), drafts.c.id).limit(50)).mappings()
    return [_line(row) for row in rows]


def counts(connection: Connection, scope: Scope, now: datetime, user_id: str | None = None) -> Counts:
    """Count what needs a person's attention; the inbox is that of ``user_id``, if one is given."""
    found = (
        (drafts, to_decide(scope, now, user_id)),
        (alerts, and_(_rumors(), client_in(scope, alerts.c.client_id))),
        (deliveries, and_(deliveries.c.status == "unknown", client_in(scope, deliveries.c.client_id))),
        (drafts, and_(drafts.c.state == "expired", client_in(scope, drafts.c.client_id))),
    )
    counted = (select(func.count()).select_from(table).where(which).scalar_subquery() for table, which in found)
    return Counts(*connection.execute(select(*counted)).one())


def _rumors() -> ColumnElement[bool]:
    return and_(alerts.c.verdict == "hold", alerts.c.is_current.is_(True))


def count_to_send(connection: Connection, scope: Scope, now: datetime) -> tuple[int, int]:
    """Count the drafts that wait for a decision: corrections, and others before their deadline."""
    correction = drafts.c.verdict == "correct"
    query = (
        select(correction.label("correction"), func.count().label("drafts"))
        .where(to_decide(scope, now), or_(correction, drafts.c.deadline_at > now))
        .group_by(correction)
    )
    counted = {bool(row.correction): row.drafts for row in connection.execute(query)}
    return counted.get(True, 0), counted.get(False, 0)


def count_to_ask(connection: Connection, scope: Scope, since: datetime) -> int:
    """Count the held rumors of the time after ``since`` that have an answer for a client who asks."""
    answer = alerts.c.payload[("if_they_ask", "answer")].as_string()
    rumors = and_(_rumors(), alerts.c.raised_at > since, client_in(scope, alerts.c.client_id))
    query = select(func.count()).select_from(alerts).where(rumors, answer.is_not(None))
    return connection.execute(query).scalar_one()


def has_sample(connection: Connection, scope: Scope) -> bool:
    """Return whether clients of the sample are in scope."""
    query = select(clients.c.id).where(clients.c.sample.is_(True), clients.c.removed.is_(False), scope.condition())
    return connection.execute(query.limit(1)).first() is not None


def held(connection: Connection, scope: Scope, *, number: Place, size: int) -> Page[tuple[Alert, RowMapping]]:
    """Return held rumors, newest first, with the row of their client."""
    rumors = and_(_rumors(), client_in(scope, alerts.c.client_id))
    query = (
        select(alerts.c.payload, clients.c.name, clients.c.organisation)
        .select_from(_ALERTS)
        .where(rumors)
        .order_by(alerts.c.raised_at.desc(), alerts.c.id)
    )
    page = page_of(connection, query, number, size, count=select(alerts.c.id).where(rumors))
    return page.with_items([(Alert.model_validate(row["payload"]), row) for row in page.items])


@dataclass(frozen=True, slots=True)
class NoticedLine:
    """News that was left out of a client's messages: its alert, why, and when that was decided."""

    alert: Alert
    client_name: str
    organisation: str | None
    why: str
    at: datetime


def noticed(connection: Connection, scope: Scope, since: datetime, *, number: Place, size: int) -> Page[NoticedLine]:
    """Return news left out after ``since`` that was not told since then, newest first."""
    latest = (
        select(
            contact_decisions,
            func.row_number()
            .over(
                partition_by=contact_decisions.c.alert_id,
                order_by=(contact_decisions.c.at.desc(), contact_decisions.c.id),
            )
            .label("rank"),
        )
        .where(contact_decisions.c.what.in_(("dropped", "chosen")), contact_decisions.c.at > since)
        .subquery()
    )
    query = (
        select(alerts.c.payload, clients.c.name, clients.c.organisation, latest.c.detail, latest.c.at)
        .select_from(
            latest.join(alerts, alerts.c.id == latest.c.alert_id).join(clients, clients.c.id == alerts.c.client_id)
        )
        .where(latest.c.rank == 1, latest.c.what == "dropped", latest.c.reason.in_(LEFT_OUT))
        .where(clients.c.removed.is_(False), scope.condition())
        .order_by(latest.c.at.desc(), alerts.c.id)
    )
    page = page_of(connection, query, number, size)
    lines = [
        NoticedLine(Alert.model_validate(row["payload"]), row["name"], row["organisation"], row["detail"], row["at"])
        for row in page.items
    ]
    return page.with_items(lines)


def client(connection: Connection, scope: Scope, client_id: str) -> ClientChanged | None:
    """Return one client as in the client book."""
    query = select(clients.c.payload).where(clients.c.id == client_id, clients.c.removed.is_(False), scope.condition())
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else ClientChanged.model_validate(stored)


def is_named(text: str) -> ColumnElement[bool]:
    """Return the condition that a client's name or organization contains each word of ``text``, folded as in search."""
    terms = fold_query(text)
    return and_(*(clients.c.search.contains(term, autoescape=True) for term in terms)) if terms else false()


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """The clients to list. ``search`` are parts of the name or organization; ``asking`` those with open questions."""

    search: str = ""
    manager: str = ""
    archived: bool = False
    asking: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the SQL conditions."""
        found: list[ColumnElement[bool]] = [clients.c.removed.is_(self.archived)]
        if self.search:
            found.append(is_named(self.search))
        if self.manager:
            found.append(clients.c.manager_id == self.manager)
        if self.asking:
            goal = clients.c.payload[("client", "desires", 0, "name")].as_string()
            risk = clients.c.payload[("client", "risk")].as_string()
            found.append(or_(risk.is_(None), func.coalesce(goal, "") == ""))
        return found


def client_lines(
    connection: Connection, scope: Scope, wanted: ClientFilter, *, number: Place, size: int
) -> Page[ClientChanged]:
    """Return a page of clients by name: first their ids, because sorting whole entries takes ten times as long."""
    query = select(clients.c.id).where(*wanted.conditions(), scope.condition()).order_by(clients.c.search, clients.c.id)
    page = page_of(connection, query, number, size)
    ids = [row["id"] for row in page.items]
    payloads = select(clients.c.id, clients.c.payload).where(clients.c.id.in_(ids))
    entries = {row.id: ClientChanged.model_validate(row.payload) for row in connection.execute(payloads)}
    return page.with_items([entries[client_id] for client_id in ids])


def client_managers(connection: Connection, scope: Scope) -> Sequence[str]:
    """Return the ids of the account managers of the clients in scope."""
    query = select(clients.c.manager_id).where(scope.condition()).distinct().order_by(clients.c.manager_id)
    return connection.execute(query).scalars().all()


def alert(connection: Connection, scope: Scope, alert_id: str) -> Alert | None:
    """Return one alert."""
    query = select(alerts.c.payload).select_from(_ALERTS).where(alerts.c.id == alert_id, scope.condition())
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else Alert.model_validate(stored)


def alert_lines(connection: Connection, scope: Scope, client_id: str) -> Sequence[Alert]:
    """Return the client's alerts, also ignored ones, newest first; at most 100."""
    query = select(alerts.c.payload).select_from(_ALERTS).where(alerts.c.client_id == client_id, scope.condition())
    rows = connection.execute(query.order_by(alerts.c.raised_at.desc(), alerts.c.id).limit(100)).scalars()
    return [Alert.model_validate(row) for row in rows]


def story(connection: Connection, scope: Scope, client_id: str, story_id: str) -> Sequence[Alert]:
    """Return every verdict on a story for a client, oldest first."""
    query = (
        select(alerts.c.payload)
        .select_from(_ALERTS)
        .where(alerts.c.client_id == client_id, alerts.c.story_id == story_id, scope.condition())
        .order_by(alerts.c.raised_at, alerts.c.id)
    )
    return [Alert.model_validate(row) for row in connection.execute(query).scalars()]


def alerts_by_id(connection: Connection, scope: Scope, alert_ids: Sequence[str]) -> Sequence[Alert]:
    """Return these alerts in this order; unknown ids are left out."""
    query = (
        select(alerts.c.id, alerts.c.payload).select_from(_ALERTS).where(alerts.c.id.in_(alert_ids), scope.condition())
    )
    alerts_by_id = {row.id: Alert.model_validate(row.payload) for row in connection.execute(query)}
    return [alerts_by_id[alert_id] for alert_id in alert_ids if alert_id in alerts_by_id]


def tuning(connection: Connection, scope: Scope, client_id: str) -> ClientTuned | None:
    """Return how feedback has moved the client's thresholds, if it has."""
    query = (
        select(tunings.c.payload)
        .select_from(tunings.outerjoin(clients, clients.c.id == tunings.c.client_id))
        .where(tunings.c.client_id == client_id, scope.condition())
    )
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else ClientTuned.model_validate(stored)


def stopped(connection: Connection, scope: Scope, client_id: str) -> Sequence[RowMapping]:
    """Return the news that the client is not told again, newest first."""
    query = select(stopped_news).select_from(stopped_news.join(clients, clients.c.id == stopped_news.c.client_id))
    mine = (stopped_news.c.client_id == client_id, stopped_news.c.stopped.is_(True), scope.condition())
    return connection.execute(query.where(*mine).order_by(stopped_news.c.at.desc())).mappings().all()


def feedback_on(connection: Connection, scope: Scope, draft_id: str) -> RowMapping | None:
    """Return the account manager's feedback on a message, if any."""
    query = (
        select(feedback)
        .select_from(feedback.outerjoin(clients, clients.c.id == feedback.c.client_id))
        .where(feedback.c.draft_id == draft_id, scope.condition())
    )
    return connection.execute(query).mappings().first()


def contacts(connection: Connection, scope: Scope, client_id: str) -> Sequence[RowMapping]:
    """Return the contacts with the client, newest first; at most 50."""
    query = select(interactions).select_from(_INTERACTIONS)
    query = query.where(interactions.c.client_id == client_id, scope.condition())
    return connection.execute(query.order_by(interactions.c.at.desc()).limit(50)).mappings().all()


def delivery_lines(
    connection: Connection, scope: Scope, *, status: str | None, number: Place, size: int
) -> Page[RowMapping]:
    """Return deliveries: first those of unknown outcome, then the newest."""
    query = select(deliveries, clients.c.name.label("client_name")).select_from(_DELIVERIES).where(scope.condition())
    if status is not None:
        query = query.where(deliveries.c.status == status)
    order = (deliveries.c.status != "unknown", deliveries.c.changed_at.desc(), deliveries.c.id)
    return page_of(connection, query.order_by(*order), number, size)


def delivery(connection: Connection, scope: Scope, delivery_id: str) -> RowMapping | None:
    """Return one delivery."""
    query = select(deliveries).select_from(_DELIVERIES).where(deliveries.c.id == delivery_id, scope.condition())
    return connection.execute(query).mappings().first()


def deliveries_of(
    connection: Connection, scope: Scope, draft_id: str
) -> Sequence[tuple[RowMapping, Sequence[RowMapping]]]:
    """Return a draft's deliveries, each with its attempts in order."""
    query = select(deliveries).select_from(_DELIVERIES).where(deliveries.c.draft_id == draft_id, scope.condition())
    attempts = select(delivery_attempts).order_by(delivery_attempts.c.number)
    return [
        (row, connection.execute(attempts.where(delivery_attempts.c.delivery_id == row["id"])).mappings().all())
        for row in connection.execute(query.order_by(deliveries.c.created_at)).mappings().all()
    ]


def decisions(connection: Connection, scope: Scope, *, number: Place, size: int) -> Page[RowMapping]:
    """Return what was refused, ignored, dismissed or withdrawn, and the contact policy's decisions; newest first.

    First only their ids: there are many, and their texts are read for those that are listed.
    """
    listed = union_all(
        *(
            select(table.c.id, table.c.client_id, what.label("what"), at.label("at")).where(which)
            for table, which, what, at, _ in _DECISIONS
        )
    ).subquery()
    mine = select(listed.c.id, listed.c.what, listed.c.at).where(client_in(scope, listed.c.client_id))
    page = page_of(connection, mine.order_by(listed.c.at.desc(), listed.c.id, listed.c.what), number, size)
    ids = [row["id"] for row in page.items]
    entries = union_all(
        *(
            select(table.c.id, table.c.client_id, what.label("what"), at.label("at"), *rest).where(table.c.id.in_(ids))
            for table, _, what, at, rest in _DECISIONS
        )
    ).subquery()
    query = select(entries, clients.c.name.label("client_name"), alerts.c.headline, alerts.c.payload).select_from(
        entries.outerjoin(clients, clients.c.id == entries.c.client_id).outerjoin(
            alerts, alerts.c.id == entries.c.alert_id
        )
    )
    rows = {(row["id"], row["what"]): row for row in connection.execute(query).mappings()}
    return page.with_items([rows[row["id"], row["what"]] for row in page.items])


def _texts(
    alert_id: ColumnElement[Any], reason: ColumnElement[Any], detail: ColumnElement[Any]
) -> tuple[ColumnElement[Any], ...]:
    return alert_id.label("alert_id"), reason.label("reason"), detail.label("detail")


#: Where decisions are kept: the table, which of its rows, what was decided, when, and the texts.
_DECISIONS: tuple[
    tuple[Table, ColumnElement[bool], ColumnElement[Any], ColumnElement[Any], tuple[ColumnElement[Any], ...]], ...
] = (
    (refusals, true(), literal("refused"), refusals.c.at,
     _texts(refusals.c.alert_id, refusals.c.reason, refusals.c.detail)),
    (alerts, alerts.c.verdict == "ignore", literal("ignored"), alerts.c.raised_at,
     _texts(alerts.c.id, literal(""), alerts.c.headline)),
    (drafts, drafts.c.state.in_(("dismissed", "withdrawn", "expired")), drafts.c.state, drafts.c.changed_at,
     _texts(drafts.c.alert_id, drafts.c.outcome, drafts.c.subject)),
    (contact_decisions, true(), contact_decisions.c.what, contact_decisions.c.at,
     _texts(contact_decisions.c.alert_id, contact_decisions.c.reason, contact_decisions.c.detail)),
)  # fmt: skip
