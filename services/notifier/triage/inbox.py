"""Read one page of the inbox in groups, with a number of queries that does not grow with what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Subquery, case, func, literal_column, or_, select

from services.notifier.event_views.tables import event_stories
from services.notifier.lifecycle import DECIDABLE
from services.notifier.paging import Page, Place, page_of
from services.notifier.queries import DraftLine, is_named, lines_by_id, to_decide
from services.notifier.scope import Scope, client_in
from services.notifier.tables import alerts, clients, draft_marks, drafts, users
from services.notifier.triage.view import InboxView

__all__ = ["Inbox", "InboxGroup", "drafts_in", "kinds_to_decide", "members_of", "next_draft", "read_inbox"]

#: Drafts of a group that are listed in its row; the others are one click away.
LISTED = 5

#: The event that a draft tells: all rows of a story name the same. A note that rests on no news stands for itself.
_EVENT = func.coalesce(
    select(func.min(event_stories.c.event_id))
    .where(event_stories.c.story_id == drafts.c.story_id)
    .correlate(drafts)
    .scalar_subquery(),
    func.nullif(drafts.c.story_id, literal_column("''")),
    drafts.c.id,
)
_KEYS: dict[str, ColumnElement[Any]] = {"event": _EVENT, "client": drafts.c.client_id, "flat": drafts.c.id}
_MARKED = (
    drafts.outerjoin(clients, clients.c.id == drafts.c.client_id)
    .outerjoin(draft_marks, draft_marks.c.draft_id == drafts.c.id)
    .outerjoin(users, users.c.id == draft_marks.c.assigned_to)
)
_MARKS = select(draft_marks.c.draft_id)
_CLIENT_NAME = select(clients.c.search).where(clients.c.id == drafts.c.client_id).correlate(drafts).scalar_subquery()
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
    found = _found(scope, user_id, view, now)
    rows = _groups(connection, found, view, now, number, size)
    if not rows and number > 1:
        total = connection.execute(select(func.count(found.c.key.distinct()))).scalar_one()
        number = max(1, -(-total // size))
        rows = _groups(connection, found, view, now, number, size)
    listed = _members(connection, scope, user_id, view, [row["key"] for row in rows], now)
    leads = {line.id: line for line in lines_by_id(connection, [members[0]["id"] for members in listed.values()])}
    groups = [
        InboxGroup(row["key"], row["count"], leads[listed[row["key"]][0]["id"]], listed[row["key"]]) for row in rows
    ]
    total, all_drafts = (rows[0]["groups"], rows[0]["drafts"]) if rows else (0, 0)
    return Inbox(Page(groups, total, number, size), all_drafts)


def drafts_in(
    connection: Connection, scope: Scope, user_id: str, view: InboxView, now: datetime, *, number: Place, size: int
) -> Page[DraftLine]:
    """Return a page of the drafts of a view one by one, in its order; those past their deadline come last."""
    by_deadline = (drafts.c.deadline_at <= now, drafts.c.deadline_at, drafts.c.id)
    orders: dict[str, tuple[ColumnElement[Any], ...]] = {
        "deadline": by_deadline,
        "newest": (drafts.c.created_at.desc(), drafts.c.id),
        "client": (func.coalesce(_CLIENT_NAME, ""), *by_deadline),
    }
    query = select(drafts.c.id).where(*_conditions(scope, user_id, view, now))
    page = page_of(connection, query.order_by(*orders[view.sort]), number, size)
    return page.with_items(lines_by_id(connection, [row["id"] for row in page.items]))


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
    query = (
        select(drafts.c.id, drafts.c.version, drafts.c.changed_at)
        .where(*_conditions(scope, user_id, view, now), _in_groups(view, keys))
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
        .where(*_conditions(scope, user_id, view, now), drafts.c.id != decided.id, drafts.c.deadline_at > now)
        .order_by(drafts.c.deadline_at < decided.deadline_at, drafts.c.deadline_at, drafts.c.id)
    )
    return connection.execute(query.limit(1)).scalar()


def kinds_to_decide(connection: Connection, scope: Scope, user_id: str, now: datetime) -> Sequence[str]:
    """Return the kinds of events that drafts in the inbox are about."""
    stories = select(drafts.c.story_id).where(to_decide(scope, now, user_id))
    query = select(event_stories.c.kind).distinct().where(event_stories.c.story_id.in_(stories))
    return connection.execute(query.order_by(event_stories.c.kind)).scalars().all()


def _found(scope: Scope, user_id: str, view: InboxView, now: datetime) -> Subquery:
    """Select the drafts of a view with the key of their group, and what groups are sorted by."""
    columns = [_KEYS[view.group].label("key"), drafts.c.deadline_at, drafts.c.created_at]
    if view.sort == "client":
        columns.append(_CLIENT_NAME.label("name"))
    return select(*columns).where(*_conditions(scope, user_id, view, now)).subquery()


def _groups(
    connection: Connection, found: Subquery, view: InboxView, now: datetime, number: int, size: int
) -> Sequence[RowMapping]:
    key, deadline_at = found.c.key, found.c.deadline_at
    late = case((deadline_at <= now, 1), else_=0)
    next_deadline = func.min(case((deadline_at > now, deadline_at)))
    order: tuple[ColumnElement[Any], ...] = (func.min(late), next_deadline, func.min(deadline_at), key)
    if view.sort == "newest":
        order = (func.max(found.c.created_at).desc(), key)
    elif view.sort == "client":
        order = (func.min(found.c.name), *order)
    query = (
        select(
            key,
            func.count().label("count"),
            func.count().over().label("groups"),
            func.sum(func.count()).over().label("drafts"),
        )
        .group_by(key)
        .order_by(*order)
        .limit(size)
        .offset((number - 1) * size)
    )
    return connection.execute(query).mappings().all()


def _members(
    connection: Connection, scope: Scope, user_id: str, view: InboxView, keys: Sequence[str], now: datetime
) -> dict[str, list[RowMapping]]:
    """Return the first drafts of each group, the most urgent first."""
    key = _KEYS[view.group]
    order = (drafts.c.deadline_at <= now, drafts.c.deadline_at, drafts.c.id)
    place = func.row_number().over(partition_by=key, order_by=order).label("place")
    inner = (
        select(key.label("key"), drafts.c.id, place)
        .where(*_conditions(scope, user_id, view, now), _in_groups(view, keys))
        .subquery()
    )
    first = {row.id: row.key for row in connection.execute(
        select(inner.c.key, inner.c.id).where(inner.c.place <= LISTED).order_by(inner.c.key, inner.c.place)
    )}  # fmt: skip
    query = select(*_LISTED).select_from(_MARKED).where(drafts.c.id.in_(first))
    rows = {row["id"]: row for row in connection.execute(query).mappings()}
    found: dict[str, list[RowMapping]] = {group: [] for group in keys}
    for draft_id, group in first.items():
        found[group].append(rows[draft_id])
    return found


def _in_groups(view: InboxView, keys: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a draft is in one of these groups."""
    if view.group != "event":
        return _KEYS[view.group].in_(keys)
    # The event is computed for drafts of these stories only, which an index finds.
    stories = select(event_stories.c.story_id).where(event_stories.c.event_id.in_(keys))
    near = or_(drafts.c.story_id.in_(stories), drafts.c.story_id.in_(keys), drafts.c.id.in_(keys))
    return near & _EVENT.in_(keys)


def _conditions(scope: Scope, user_id: str, view: InboxView, now: datetime) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_place(scope, user_id, view, now)]
    simple = ((view.verdict, drafts.c.verdict), (view.urgency, drafts.c.urgency))
    wanted += [column == value for value, column in simple if value]
    if view.kind:
        wanted.append(drafts.c.alert_id.in_(select(alerts.c.id).where(alerts.c.kind == view.kind)))
    if view.client:
        named = select(clients.c.id).where(is_named(view.client))
        wanted.append(or_(drafts.c.client_id == view.client, drafts.c.client_id.in_(named)))
    if view.story:
        wanted.append(_in_groups(InboxView(), [view.story]))
    if view.deadline == "late":
        wanted.append(drafts.c.deadline_at <= now)
    elif view.deadline:
        until = now + timedelta(hours=int(view.deadline))
        wanted += [drafts.c.deadline_at > now, drafts.c.deadline_at <= until]
    if view.assigned == "nobody":
        wanted.append(drafts.c.id.not_in(_MARKS.where(draft_marks.c.assigned_to.is_not(None))))
    return wanted


def _place(scope: Scope, user_id: str, view: InboxView, now: datetime) -> ColumnElement[bool]:
    """Return the condition on where a draft waits: with the viewer, put aside, or with a colleague."""
    own = client_in(scope, drafts.c.client_id)
    given_to_them = drafts.c.id.in_(_MARKS.where(draft_marks.c.assigned_to == user_id))
    undecided, mine = drafts.c.state.in_(DECIDABLE), or_(own, given_to_them)
    if view.snoozed:
        return undecided & mine & drafts.c.id.in_(_MARKS.where(draft_marks.c.snoozed_until > now))
    if view.assigned == "others":
        return undecided & own & drafts.c.id.in_(_MARKS.where(draft_marks.c.assigned_to != user_id))
    if view.assigned == "me":
        return to_decide(scope, now, user_id) & given_to_them
    if view.assigned not in ("", "nobody"):
        return undecided & mine & drafts.c.id.in_(_MARKS.where(draft_marks.c.assigned_to == view.assigned))
    return to_decide(scope, now, user_id)
