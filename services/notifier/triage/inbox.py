"""Read one page of the inbox in groups, with a number of queries that does not grow with what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, case, func, literal_column, or_, select

from services.notifier.event_views.tables import event_stories
from services.notifier.lifecycle import DECIDABLE
from services.notifier.paging import Page
from services.notifier.queries import DraftLine, lines_by_id, to_decide
from services.notifier.scope import Scope
from services.notifier.tables import alerts, clients, draft_marks, drafts, users
from services.notifier.triage.view import InboxView

__all__ = ["Inbox", "InboxGroup", "kinds_to_decide", "members_of", "next_draft", "read_inbox"]

#: Drafts of a group that are listed in its row; the others are one click away.
LISTED = 6

_FROM: FromClause = (
    drafts.outerjoin(clients, clients.c.id == drafts.c.client_id)
    .outerjoin(alerts, alerts.c.id == drafts.c.alert_id)
    .outerjoin(
        event_stories,
        (event_stories.c.story_id == alerts.c.story_id) & (event_stories.c.entity_id == alerts.c.entity_id),
    )
    .outerjoin(draft_marks, draft_marks.c.draft_id == drafts.c.id)
    .outerjoin(users, users.c.id == draft_marks.c.assigned_to)
)
#: The event that a draft tells; a note that rests on no news stands for itself.
_EVENT = func.coalesce(event_stories.c.event_id, func.nullif(drafts.c.story_id, literal_column("''")), drafts.c.id)
_KEYS: dict[str, ColumnElement[Any]] = {"event": _EVENT, "client": drafts.c.client_id, "flat": drafts.c.id}
_LISTED = (
    drafts.c.id,
    drafts.c.client_id,
    drafts.c.subject,
    drafts.c.state,
    drafts.c.verdict,
    drafts.c.urgency,
    drafts.c.version,
    drafts.c.deadline_at,
    func.coalesce(clients.c.name, drafts.c.client_id).label("client_name"),
    clients.c.organisation,
    draft_marks.c.assigned_to,
    draft_marks.c.asked,
    draft_marks.c.note,
    draft_marks.c.by.label("marked_by"),
    draft_marks.c.snoozed_until,
    users.c.name.label("assigned_name"),
)


@dataclass(frozen=True, slots=True)
class InboxGroup:
    """Drafts about one event or for one client; ``lead`` is the most urgent, ``drafts`` are the first of all."""

    key: str
    count: int
    lead: DraftLine
    drafts: Sequence[RowMapping]

    @property
    def mark(self) -> RowMapping:
        """The lead with what was noted on it."""
        return self.drafts[0]


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of groups, and the number of drafts in all of them."""

    page: Page[InboxGroup]
    drafts: int


def read_inbox(
    connection: Connection,
    scope: Scope,
    user_id: str,
    view: InboxView,
    now: datetime,
    *,
    number: int,
    size: int,
) -> Inbox:
    """Return a page of the inbox of ``user_id`` as ``view`` shows it; a page past the end is the last one."""
    key, wanted = _KEYS[view.group], _conditions(scope, user_id, view, now)
    rows = _groups(connection, key, wanted, view, now, number, size)
    if not rows and number > 1:
        total = connection.execute(
            select(func.count(func.distinct(key))).select_from(_FROM).where(*wanted)
        ).scalar_one()
        number = max(1, -(-total // size))
        rows = _groups(connection, key, wanted, view, now, number, size)
    listed = _members(connection, key, wanted, [row["key"] for row in rows], now)
    leads = {line.id: line for line in lines_by_id(connection, [members[0]["id"] for members in listed.values()])}
    groups = [
        InboxGroup(row["key"], row["count"], leads[listed[row["key"]][0]["id"]], listed[row["key"]]) for row in rows
    ]
    total, all_drafts = (rows[0]["groups"], rows[0]["drafts"]) if rows else (0, 0)
    return Inbox(Page(groups, total, number, size), all_drafts)


def members_of(
    connection: Connection,
    scope: Scope,
    user_id: str,
    view: InboxView,
    keys: Sequence[str],
    now: datetime,
    *,
    limit: int,
) -> Sequence[RowMapping]:
    """Return id, version and last change of the drafts of these groups, the most urgent first; at most ``limit``."""
    key = _KEYS[view.group]
    query = (
        select(drafts.c.id, drafts.c.version, drafts.c.changed_at)
        .select_from(_FROM)
        .where(*_conditions(scope, user_id, view, now), key.in_(keys))
        .order_by(drafts.c.deadline_at, drafts.c.id)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def next_draft(
    connection: Connection, scope: Scope, user_id: str, view: InboxView, decided: DraftLine, now: datetime
) -> str | None:
    """Return the draft to decide after ``decided``: the one with the next deadline in the view, else the first."""
    query = (
        select(drafts.c.id)
        .select_from(_FROM)
        .where(*_conditions(scope, user_id, view, now), drafts.c.id != decided.id, drafts.c.deadline_at > now)
        .order_by(drafts.c.deadline_at < decided.deadline_at, drafts.c.deadline_at, drafts.c.id)
    )
    return connection.execute(query.limit(1)).scalar()


def kinds_to_decide(connection: Connection, scope: Scope, user_id: str, now: datetime) -> Sequence[str]:
    """Return the kinds of events that drafts in the inbox are about."""
    query = select(alerts.c.kind).distinct().select_from(_FROM).where(to_decide(scope, now, user_id))
    return connection.execute(query.where(alerts.c.kind.is_not(None)).order_by(alerts.c.kind)).scalars().all()


def _groups(
    connection: Connection,
    key: ColumnElement[Any],
    wanted: Sequence[ColumnElement[bool]],
    view: InboxView,
    now: datetime,
    number: int,
    size: int,
) -> Sequence[RowMapping]:
    late = case((drafts.c.deadline_at <= now, 1), else_=0)
    next_deadline = func.min(case((drafts.c.deadline_at > now, drafts.c.deadline_at)))
    by_deadline = (func.min(late), next_deadline, func.min(drafts.c.deadline_at), key)
    orders = {
        "deadline": by_deadline,
        "newest": (func.max(drafts.c.created_at).desc(), key),
        "client": (func.min(clients.c.search), *by_deadline),
    }
    query = (
        select(
            key.label("key"),
            func.count().label("count"),
            func.count().over().label("groups"),
            func.sum(func.count()).over().label("drafts"),
        )
        .select_from(_FROM)
        .where(*wanted)
        .group_by(key)
        .order_by(*orders[view.sort])
        .limit(size)
        .offset((number - 1) * size)
    )
    return connection.execute(query).mappings().all()


def _members(
    connection: Connection,
    key: ColumnElement[Any],
    wanted: Sequence[ColumnElement[bool]],
    keys: Sequence[str],
    now: datetime,
) -> dict[str, list[RowMapping]]:
    """Return the first drafts of each group, the most urgent first."""
    order = (drafts.c.deadline_at <= now, drafts.c.deadline_at, drafts.c.id)
    place = func.row_number().over(partition_by=key, order_by=order).label("place")
    inner = select(key.label("key"), *_LISTED, place).select_from(_FROM).where(*wanted, key.in_(keys)).subquery()
    query = select(inner).where(inner.c.place <= LISTED).order_by(inner.c.key, inner.c.place)
    found: dict[str, list[RowMapping]] = {group: [] for group in keys}
    for row in connection.execute(query).mappings():
        found[row["key"]].append(row)
    return found


def _conditions(scope: Scope, user_id: str, view: InboxView, now: datetime) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_place(scope, user_id, view, now)]
    simple = ((view.verdict, drafts.c.verdict), (view.urgency, drafts.c.urgency), (view.kind, alerts.c.kind))
    wanted += [column == value for value, column in simple if value]
    if view.client:
        part = clients.c.search.contains(view.client.casefold(), autoescape=True)
        wanted.append(or_(drafts.c.client_id == view.client, part))
    if view.story:
        wanted.append(_KEYS["event"].in_([view.story]))
    if view.deadline == "late":
        wanted.append(drafts.c.deadline_at <= now)
    elif view.deadline:
        until = now + timedelta(hours=int(view.deadline))
        wanted += [drafts.c.deadline_at > now, drafts.c.deadline_at <= until]
    if view.assigned == "nobody":
        wanted.append(draft_marks.c.assigned_to.is_(None))
    return wanted


def _place(scope: Scope, user_id: str, view: InboxView, now: datetime) -> ColumnElement[bool]:
    """Return the condition on where a draft waits: with the viewer, put aside, or with a colleague."""
    undecided = drafts.c.state.in_(DECIDABLE)
    mine = or_(scope.condition(), draft_marks.c.assigned_to == user_id)
    if view.snoozed:
        return undecided & mine & (draft_marks.c.snoozed_until > now)
    if view.assigned == "others":
        return undecided & scope.condition() & (draft_marks.c.assigned_to != user_id)
    if view.assigned == "me":
        return to_decide(scope, now, user_id) & (draft_marks.c.assigned_to == user_id)
    if view.assigned not in ("", "nobody"):
        return undecided & mine & (draft_marks.c.assigned_to == view.assigned)
    return to_decide(scope, now, user_id)
