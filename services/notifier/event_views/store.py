"""Keeps the stories of each event up to date with the alerts. Recording an alert again changes nothing.

The work for an event grows with its stories and items, not with its clients: the alerts of one story to many clients
are alike, and only the first of them is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, bindparam, select, update

from schemas.alerts import Alert, Evidence
from schemas.base import content_id
from schemas.drafts import Draft
from schemas.mentions import DIRECTION_OF, Direction
from services.common.db import exclusive, upsert
from services.notifier.event_views.evidence import position_of, status_of
from services.notifier.event_views.tables import draft_alerts, event_evidence, event_stories
from services.notifier.same_event import WINDOW, EventTrace, group_stories
from services.notifier.tables import alerts, drafts

__all__ = ["is_empty", "rebuild", "record_alert", "record_draft"]

#: Stories that share an item and are considered, the newest first. A round-up may stand in any number of stories.
MAX_NEIGHBORS = 50
BATCH = 500
#: Built once, as it is needed for every alert.
_STORY = select(event_stories).where(
    event_stories.c.story_id == bindparam("story"), event_stories.c.entity_id == bindparam("entity")
)


def record_alert(connection: Connection, alert: Alert) -> None:
    """Write what ``alert`` shows of its story, and join the story with others of the same event."""
    fingerprint = _fingerprint(alert)
    if (known := _story(connection, alert)) is not None and known["fingerprint"] == fingerprint:
        return
    exclusive(connection, "event_stories")  # several notifiers may record stories of one event at once
    known = _story(connection, alert)
    if known is None or known["last_at"] <= alert.raised_at:
        upsert(connection, event_stories, [_story_row(alert, fingerprint, known)], ["story_id", "entity_id"])
    else:
        first_at = min(known["first_at"], alert.raised_at)
        connection.execute(update(event_stories).where(_key(alert)).values(first_at=first_at))
    _add_evidence(connection, alert)
    _join(connection, alert)


def record_draft(connection: Connection, draft: Draft) -> None:
    """Write which alerts ``draft`` tells."""
    affected = (watch.alert_id for watch in draft.affects)
    told = dict.fromkeys((draft.alert_id, *draft.told_alerts, *affected))
    rows = [{"alert_id": alert_id, "draft_id": draft.id} for alert_id in told if alert_id]
    upsert(connection, draft_alerts, rows, ["alert_id", "draft_id"], update=())


def is_empty(connection: Connection) -> bool:
    """Return whether no story was recorded yet."""
    return connection.execute(select(event_stories.c.story_id).limit(1)).first() is None


def rebuild(connection: Connection) -> None:
    """Record all alerts and drafts, for databases that were filled without these tables.

    What this version can't read is left out.
    """
    for payload in _payloads(connection, alerts, alerts.c.raised_at):
        with suppress(ValidationError):
            record_alert(connection, Alert.model_validate(payload))
    for payload in _payloads(connection, drafts, drafts.c.created_at):
        with suppress(ValidationError):
            record_draft(connection, Draft.model_validate(payload))


def _payloads(connection: Connection, table: Table, order: ColumnElement[datetime]) -> Iterator[Any]:
    """Yield the payloads of ``table``, a batch at a time."""
    ids = connection.execute(select(table.c.id).order_by(order, table.c.id)).scalars().all()
    for start in range(0, len(ids), BATCH):
        query = select(table.c.payload).where(table.c.id.in_(ids[start : start + BATCH])).order_by(order, table.c.id)
        yield from connection.execute(query).scalars().all()


def _key(alert: Alert) -> ColumnElement[bool]:
    return and_(event_stories.c.story_id == alert.story_id, event_stories.c.entity_id == alert.entity_id)


def _story(connection: Connection, alert: Alert) -> RowMapping | None:
    key = {"story": alert.story_id, "entity": alert.entity_id}
    return connection.execute(_STORY, key).mappings().first()


def _story_row(alert: Alert, fingerprint: str, known: RowMapping | None) -> Mapping[str, Any]:
    return {
        "story_id": alert.story_id,
        "entity_id": alert.entity_id,
        "event_id": alert.story_id if known is None else known["event_id"],
        "entity_name": alert.entity_name,
        "headline": alert.headline,
        "kind": alert.kind,
        "direction": _direction(alert, known),
        "size": alert.size,
        "source_grade": alert.source_grade,
        "information_grade": alert.information_grade,
        "origins": alert.origins,
        "status": status_of(alert),
        "reasons": _reasons(alert) or ([] if known is None else known["reasons"]),
        "related_stories": sorted({*alert.related_stories, *((known and known["related_stories"]) or ())}),
        "fingerprint": fingerprint,
        "first_at": alert.raised_at if known is None else min(known["first_at"], alert.raised_at),
        "last_at": alert.raised_at,
    }


def _reasons(alert: Alert) -> list[str]:
    """Return the sentences behind the grades. The first reason decides for one client and is left out."""
    grade_rules = alert.grade_rules or ()
    return [reason.text for reason in alert.reasons[1:] if reason.rule in grade_rules]


def _direction(alert: Alert, known: RowMapping | None) -> Direction:
    """Return the event's own direction; an alert has that of the client, who may be a competitor."""
    if alert.reading is not None:
        return DIRECTION_OF[alert.reading.direction]
    if known is not None:
        direction: Direction = known["direction"]
        return direction
    return "unclear" if alert.stance == "competes" else alert.direction


def _fingerprint(alert: Alert) -> str:
    """Identify what an alert shows of its story. It is the same for all clients."""
    evidence = sorted(f"{item.item_id} {item.status} {item.supports} {item.source_grade}" for item in alert.evidence)
    grades = f"{alert.source_grade}{alert.information_grade} {alert.origins} {status_of(alert)}"
    shown = (alert.headline, alert.kind, alert.size, grades, *evidence, *alert.related_stories)
    return content_id("evs", *shown)


def _add_evidence(connection: Connection, alert: Alert) -> None:
    where = and_(event_evidence.c.story_id == alert.story_id, event_evidence.c.entity_id == alert.entity_id)
    query = select(event_evidence.c.item_id, event_evidence.c.first_at).where(where)
    seen = {row.item_id: row.first_at for row in connection.execute(query)}
    rows = [
        {
            "story_id": alert.story_id,
            "entity_id": alert.entity_id,
            "item_id": item.item_id,
            "first_at": min(seen.get(item.item_id, alert.raised_at), alert.raised_at),
            "payload": item.model_dump(mode="json", exclude_none=True),
        }
        for item in alert.evidence
    ]
    upsert(connection, event_evidence, rows, ["story_id", "entity_id", "item_id"])


def _join(connection: Connection, alert: Alert) -> None:
    """Assign the alert's story, and those that it may touch, to their events."""
    items = [item.item_id for item in alert.evidence]
    near = (
        select(event_stories.c.event_id)
        .join(
            event_evidence,
            and_(
                event_evidence.c.story_id == event_stories.c.story_id,
                event_evidence.c.entity_id == event_stories.c.entity_id,
            ),
        )
        .where(event_evidence.c.item_id.in_(items))
        .order_by(event_stories.c.last_at.desc(), event_stories.c.story_id)
        .limit(MAX_NEIGHBORS)
    )
    events = {alert.story_id, *connection.execute(near).scalars()}
    named = (alert.story_id, *alert.related_stories, *_related_to(connection, alert))
    own = connection.execute(select(event_stories.c.event_id).where(event_stories.c.story_id.in_(named)))
    rows = connection.execute(
        select(event_stories).where(event_stories.c.event_id.in_(events.union(own.scalars())))
    ).mappings().all()  # fmt: skip
    if all(row["story_id"] == row["event_id"] == alert.story_id for row in rows):
        return  # it stands alone, as most do
    event_of = group_stories(_joinable(connection, rows))
    for story_id, event_id in event_of.items():
        if any(row["event_id"] != event_id for row in rows if row["story_id"] == story_id):
            connection.execute(
                update(event_stories).where(event_stories.c.story_id == story_id).values(event_id=event_id)
            )


def _related_to(connection: Connection, alert: Alert) -> list[str]:
    """Return the stories of the same name that name the alert's story as related, which may have been raised later."""
    since = alert.raised_at - WINDOW
    query = (
        select(event_stories.c.story_id, event_stories.c.related_stories)
        .where(event_stories.c.entity_id == alert.entity_id, event_stories.c.last_at >= since)
        .order_by(event_stories.c.last_at.desc(), event_stories.c.story_id)
        .limit(MAX_NEIGHBORS)
    )
    return [row.story_id for row in connection.execute(query) if alert.story_id in (row.related_stories or ())]


def _joinable(connection: Connection, rows: Iterable[RowMapping]) -> list[EventTrace]:
    stories = {(row["story_id"], row["entity_id"]): row for row in rows}
    items: dict[tuple[str, str], dict[str, str]] = {key: {} for key in stories}
    query = select(event_evidence).where(event_evidence.c.story_id.in_({story_id for story_id, _ in stories}))
    for row in connection.execute(query).mappings():
        evidence = Evidence.model_validate(row["payload"])
        key = row["story_id"], row["entity_id"]
        if key in items and position_of(evidence) != "background":
            items[key][evidence.item_id] = evidence.title
    return [
        EventTrace(
            story_id=row["story_id"],
            entity_id=row["entity_id"],
            entity_name=row["entity_name"],
            headline=row["headline"],
            kind=row["kind"],
            at=row["first_at"],
            items=items[key],
            direction=row["direction"],
            related=frozenset(row["related_stories"] or ()),
        )
        for key, row in stories.items()
    ]
