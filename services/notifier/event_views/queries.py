"""Queries for events. Each takes a scope: clients outside it are neither counted nor shown, and an event that affects
none inside it is not found. The evidence is the same for everybody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, exists, func, or_, select

from schemas.alerts import Alert, Evidence, Verdict
from schemas.event_views import AffectedClient, EventLine, EventView
from services.notifier.event_views.clients import ClientFacts, DraftFacts, Response, affected_client
from services.notifier.event_views.evidence import SeenEvidence
from services.notifier.event_views.tables import draft_alerts, event_evidence, event_stories
from services.notifier.event_views.view import (
    StoryKey,
    StoryRow,
    entity_names,
    event_facts,
    joined_evidence,
    story_views,
    weightiest,
)
from services.notifier.paging import Page, Place, page_of
from services.notifier.scope import Scope
from services.notifier.tables import alerts, clients, contact_decisions, deliveries, drafts, interactions, refusals

__all__ = ["EventFilter", "event_lines", "event_view"]

_ALERTS = alerts.outerjoin(clients, clients.c.id == alerts.c.client_id)
_EVIDENCE_OF = and_(
    event_evidence.c.story_id == event_stories.c.story_id, event_evidence.c.entity_id == event_stories.c.entity_id
)
_ROW_FIELDS = tuple(field.name for field in fields(StoryRow))


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The events to list.

    ``since``: with evidence after it. ``entity`` is a watched name or its id, ``client`` an id. ``verdict`` is one that
    a client has now; without it, events that everybody ignores are left out.
    """

    since: datetime | None = None
    entity: str | None = None
    client: str | None = None
    verdict: Verdict | None = None


class _Found(NamedTuple):
    """The newest verdict on a story for a client."""

    key: StoryKey
    verdict: Verdict


def event_lines(
    connection: Connection, scope: Scope, wanted: EventFilter, *, number: Place, size: int
) -> Page[EventLine]:
    """Return events, those with the newest evidence first."""
    last_at = func.max(event_stories.c.last_at)
    query = (
        select(event_stories.c.event_id, last_at.label("last_at"))
        .where(_matches(scope, wanted))
        .group_by(event_stories.c.event_id)
    )
    if wanted.since is not None:
        query = query.having(last_at >= wanted.since)
    listed = query.subquery()
    newest_first = select(listed.c.event_id).order_by(listed.c.last_at.desc(), listed.c.event_id)
    page = page_of(connection, newest_first, number, size)
    event_ids = [row["event_id"] for row in page.items]
    stories, newest = _stories(connection, event_ids), _newest(connection, scope, event_ids)
    lines = [_line(event_id, stories[event_id], newest[event_id]) for event_id in event_ids]
    return page.with_items(lines)


def event_view(
    connection: Connection,
    scope: Scope,
    some_id: str,
    now: datetime,
    *,
    number: int,
    size: int,
    verdict: Verdict | None = None,
) -> EventView | None:
    """Return the event of this id, which may be that of one of its stories or alerts; None if it affects none in scope.

    It has one page of the clients that it affects, by name. With ``verdict``, the page has only the clients with that
    verdict; the counts are those of all.
    """
    event_id = _event_id(connection, scope, some_id)
    if event_id is None:
        return None
    stories, newest = _stories(connection, [event_id])[event_id], _newest(connection, scope, [event_id])[event_id]
    if not newest:
        return None
    line = _line(event_id, stories, newest)
    verdicts = _verdicts(newest)
    listed = [client_id for client_id, found in verdicts.items() if verdict in (None, found)]
    pages = max(1, -(-len(listed) // size))
    number = min(max(1, number), pages)
    page = listed[(number - 1) * size : number * size]
    shown = _shown(newest)
    facts = event_facts(stories)
    return EventView(
        **dict(line),
        origins=facts["origins"],
        reasons=facts["reasons"],
        stories=story_views(stories, shown),
        evidence=joined_evidence(stories, _evidence(connection, event_id)),
        affected=_affected(connection, scope, event_id, page, now),
        page=number,
        pages=pages,
    )


def _event_id(connection: Connection, scope: Scope, some_id: str) -> str | None:
    """Return the event that has this story; alerts are looked for within the scope."""
    story = select(event_stories.c.event_id).where(event_stories.c.story_id == some_id)
    alert = (
        select(event_stories.c.event_id)
        .select_from(_ALERTS.join(event_stories, event_stories.c.story_id == alerts.c.story_id))
        .where(alerts.c.id == some_id, scope.condition())
    )
    found: str | None = connection.execute(story.limit(1)).scalar() or connection.execute(alert.limit(1)).scalar()
    return found


def _matches(scope: Scope, wanted: EventFilter) -> ColumnElement[bool]:
    """Return the condition that an alert on the story is in scope and fits the filter."""
    conditions = [alerts.c.story_id == event_stories.c.story_id, scope.condition()]
    if wanted.client is not None:
        conditions.append(alerts.c.client_id == wanted.client)
    if wanted.entity is not None:
        named = func.lower(alerts.c.entity_name) == wanted.entity.lower()
        conditions.append(or_(alerts.c.entity_id == wanted.entity, named))
    current = alerts.c.is_current.is_(True)
    if wanted.verdict is None:
        conditions += [current, alerts.c.verdict != "ignore"]
    else:
        conditions += [current, alerts.c.verdict == wanted.verdict]
    return exists(select(alerts.c.id).select_from(_ALERTS).where(*conditions).correlate(event_stories))


def _line(event_id: str, stories: Sequence[StoryRow], newest: Mapping[str, Sequence[_Found]]) -> EventLine:
    facts = dict(event_facts(stories))
    del facts["origins"], facts["reasons"]
    verdicts = _verdicts(newest)
    return EventLine(
        **facts,
        id=event_id,
        entities=entity_names(stories, _shown(newest)),
        clients=len(verdicts),
        verdicts=dict(Counter(verdicts.values())),
    )


def _verdicts(newest: Mapping[str, Sequence[_Found]]) -> dict[str, Verdict]:
    return {client_id: weightiest(row.verdict for row in found) for client_id, found in newest.items()}


def _shown(newest: Mapping[str, Sequence[_Found]]) -> frozenset[StoryKey]:
    return frozenset(row.key for found in newest.values() for row in found)


def _stories(connection: Connection, event_ids: Sequence[str]) -> Mapping[str, list[StoryRow]]:
    items = select(func.count()).select_from(event_evidence).where(_EVIDENCE_OF).scalar_subquery()
    query = select(event_stories, items.label("items")).where(event_stories.c.event_id.in_(event_ids))
    stories: dict[str, list[StoryRow]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        stories[row["event_id"]].append(StoryRow(**{name: row[name] for name in _ROW_FIELDS}))
    return stories


def _newest(
    connection: Connection, scope: Scope, event_ids: Sequence[str]
) -> Mapping[str, Mapping[str, Sequence[_Found]]]:
    """Return each event's clients by name, each with the newest verdict on every story and watched name."""
    event_of = _event_of(connection, event_ids)
    query = (
        select(alerts.c.client_id, alerts.c.story_id, alerts.c.entity_id, alerts.c.verdict)
        .select_from(_ALERTS)
        .where(alerts.c.story_id.in_(event_of), scope.condition())
        .order_by(clients.c.search, alerts.c.client_id, alerts.c.raised_at, alerts.c.id)
    )
    newest: dict[str, dict[str, dict[StoryKey, _Found]]] = defaultdict(lambda: defaultdict(dict))
    for row in connection.execute(query):
        key = row.story_id, row.entity_id or ""
        newest[event_of[row.story_id]][row.client_id][key] = _Found(key, row.verdict)
    return defaultdict(
        dict,
        {
            event_id: {client_id: tuple(found.values()) for client_id, found in by_client.items()}
            for event_id, by_client in newest.items()
        },
    )


def _event_of(connection: Connection, event_ids: Sequence[str]) -> dict[str, str]:
    """Return the event of each story id."""
    query = select(event_stories.c.story_id, event_stories.c.event_id).where(event_stories.c.event_id.in_(event_ids))
    return {row.story_id: row.event_id for row in connection.execute(query)}


def _evidence(connection: Connection, event_id: str) -> Mapping[StoryKey, list[SeenEvidence]]:
    query = select(event_evidence).join(event_stories, _EVIDENCE_OF).where(event_stories.c.event_id == event_id)
    seen: dict[StoryKey, list[SeenEvidence]] = defaultdict(list)
    for row in connection.execute(query.order_by(event_evidence.c.item_id)).mappings():
        item = SeenEvidence(Evidence.model_validate(row["payload"]), row["first_at"])
        seen[row["story_id"], row["entity_id"]].append(item)
    return seen


def _affected(
    connection: Connection, scope: Scope, event_id: str, client_ids: Sequence[str], now: datetime
) -> tuple[AffectedClient, ...]:
    query = (
        select(alerts.c.payload, alerts.c.client_id, clients.c.name, clients.c.organisation, clients.c.manager_id)
        .select_from(_ALERTS)
        .where(alerts.c.story_id.in_(_event_of(connection, [event_id])), alerts.c.client_id.in_(client_ids))
        .where(scope.condition())
        .order_by(alerts.c.raised_at, alerts.c.id)
    )
    rows: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        rows[row["client_id"]].append(row)
    alert_ids = [row["payload"]["id"] for found in rows.values() for row in found]
    messages, responses = _drafts(connection, alert_ids), _responses(connection, alert_ids)
    return tuple(
        affected_client(
            ClientFacts(
                client_id=client_id,
                name=rows[client_id][0]["name"] or client_id,
                organisation=rows[client_id][0]["organisation"],
                manager_id=rows[client_id][0]["manager_id"],
                alerts=tuple(Alert.model_validate(row["payload"]) for row in rows[client_id]),
                drafts=tuple(messages[client_id]),
                responses=tuple(responses[client_id]),
            ),
            now,
        )
        for client_id in client_ids
    )


def _drafts(connection: Connection, alert_ids: Sequence[str]) -> Mapping[str, list[DraftFacts]]:
    """Return the drafts that tell these alerts, oldest first, by client."""
    told = select(draft_alerts.c.draft_id, draft_alerts.c.alert_id).where(draft_alerts.c.alert_id.in_(alert_ids))
    told_by: dict[str, list[str]] = defaultdict(list)
    for draft_id, alert_id in connection.execute(told.order_by(draft_alerts.c.alert_id)):
        told_by[draft_id].append(alert_id)
    sent = {
        row.draft_id: row
        for row in connection.execute(
            select(interactions.c.draft_id, interactions.c.at, interactions.c.channel)
            .where(interactions.c.draft_id.in_(told_by), interactions.c.outcome == "sent")
            .order_by(interactions.c.at.desc())
        )
    }
    leaving = {
        row.draft_id: row
        for row in connection.execute(
            select(deliveries.c.draft_id, deliveries.c.next_attempt_at, deliveries.c.channel)
            .where(deliveries.c.draft_id.in_(told_by), deliveries.c.status.in_(("pending", "sending", "unknown")))
            .order_by(deliveries.c.next_attempt_at.desc())
        )
    }
    found: dict[str, list[DraftFacts]] = defaultdict(list)
    query = _draft_columns().where(drafts.c.id.in_(told_by)).order_by(drafts.c.created_at, drafts.c.id)
    for row in connection.execute(query).mappings():
        arrived, next_attempt = sent.get(row["id"]), leaving.get(row["id"])
        by = arrived or next_attempt
        facts = {name: row[name] for name in row if name != "client_id"}
        found[row["client_id"]].append(
            DraftFacts(
                **facts,
                alert_ids=tuple(told_by[row["id"]]),
                sent_at=arrived.at if arrived else None,
                leaves_at=next_attempt.next_attempt_at if next_attempt else None,
                channel=by.channel if by else None,
            )
        )
    return found


def _draft_columns() -> Select[Any]:
    columns = drafts.c
    return select(
        columns.id,
        columns.client_id,
        columns.verdict,
        columns.state,
        columns.subject,
        columns.outcome,
        columns.created_at,
        columns.send_after,
        columns.deadline_at,
        columns.changed_at,
    )


def _responses(connection: Connection, alert_ids: Sequence[str]) -> Mapping[str, list[Response]]:
    """Return the refusals of these alerts and the contact policy's decisions on them, by client."""
    found: dict[str, list[Response]] = defaultdict(list)
    for row in connection.execute(select(refusals).where(refusals.c.alert_id.in_(alert_ids))):
        found[row.client_id].append(Response(row.alert_id, "refused", row.reason, row.detail, row.at))
    for row in connection.execute(select(contact_decisions).where(contact_decisions.c.alert_id.in_(alert_ids))):
        response = Response(row.alert_id, row.what, row.reason, row.detail, row.at, row.until, row.draft_id)
        found[row.client_id].append(response)
    return found
