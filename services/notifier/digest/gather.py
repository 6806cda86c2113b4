"""Gathers what a digest holds from the notifier's tables, in a scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from schemas.clients import Client, ClientChanged, Manager
from services.notifier import queries
from services.notifier.contact.blackouts import general_blackout
from services.notifier.contact.cadence import due_after, lead_time, parse_cadence
from services.notifier.contact.plan import format_time, zone_of
from services.notifier.contact.value import value_of
from services.notifier.digest.model import Digest, DigestLine, Section, build_digest
from services.notifier.drafting.public_acts import without_prefix
from services.notifier.scope import OwnClients, Scope
from services.notifier.tables import clients, interactions

__all__ = ["NOTICED_WITHIN", "Gathered", "all_managers", "gather", "manager_digest"]

#: The most lines of a section: a digest should be read in a few minutes.
LIMIT = 40
ANSWERED_WITHIN, HELD_WITHIN = timedelta(days=1), timedelta(days=7)
#: News that was left out is listed for a week, the most valuable of each client.
NOTICED_WITHIN, NOTICED_PER_CLIENT, NOTICED_READ = timedelta(days=7), 5, 500
_OUTCOMES = {
    "sent": "Sent. No answer noted yet.",
    "replied": "They replied.",
    "acted": "They acted on it.",
    "disagreed": "They disagreed.",
    "no_answer": "No answer.",
}


def all_managers(connection: Connection) -> Sequence[Manager]:
    """Return every account manager who looks after a client, by id, as in the client that was changed last."""
    newest = func.row_number().over(
        partition_by=clients.c.manager_id, order_by=(clients.c.changed_at.desc(), clients.c.id.desc())
    )
    ranked = select(clients.c.id, newest.label("rank")).where(clients.c.removed.is_(False)).subquery()
    query = select(clients.c.payload).join(ranked, ranked.c.id == clients.c.id).where(ranked.c.rank == 1)
    managers = [Manager.model_validate(stored["manager"]) for stored in connection.execute(query).scalars()]
    return sorted(managers, key=lambda manager: manager.id)


def manager_digest(
    connection: Connection, manager: Manager, now: datetime, *, wanted_at: datetime | None = None
) -> Digest:
    """Return the digest of one account manager at ``now``."""
    found = gather(connection, OwnClients(manager.id), now)
    return build_digest(manager, found.lines, now, wanted_at=wanted_at, totals=found.totals)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The lines of a digest, and the number of entries of sections that list only some of them."""

    lines: list[DigestLine]
    totals: Mapping[Section, int]


def gather(connection: Connection, scope: Scope, now: datetime) -> Gathered:
    """Return what a digest says of the clients in ``scope``."""
    noticed, noticed_total = _noticed(connection, scope, now)
    due = list(_due(connection, scope, now))
    lines = [
        *_to_send(connection, scope, now),
        *_answered(connection, scope, now),
        *_held(connection, scope, now),
        *due[:LIMIT],
        *noticed,
    ]
    corrections, to_send = queries.count_to_send(connection, scope, now)
    totals: dict[Section, int] = {
        "correct": corrections,
        "send": to_send,
        "answered": _count_answered(connection, scope, now),
        "due": len(due),
        "ask": queries.count_to_ask(connection, scope, now - HELD_WITHIN),
        "noticed": noticed_total,
    }
    return Gathered(lines, totals)


def _to_send(connection: Connection, scope: Scope, now: datetime) -> Iterator[DigestLine]:
    for line in queries.inbox(connection, scope, now, number=1, size=LIMIT).items:
        if line.deadline_at <= now and line.verdict != "correct":
            continue  # it expires in a moment
        due = line.draft.notes[:1] if line.draft.purpose == "contact_due" else ()
        yield DigestLine(
            "correct" if line.verdict == "correct" else "send",
            line.client_id,
            line.client_name,
            line.organisation,
            without_prefix(line.subject),
            f"/drafts/{line.id}",
            detail=(
                *due,
                *([line.draft.beyond_because] if line.draft.beyond_because else []),
                *([line.alert.reasons[0].text] if line.alert and line.alert.reasons and not due else []),
            ),
            urgency=line.urgency,
            deadline_at=line.deadline_at,
            relevance=line.alert.relevance if line.alert else 0.0,
            unconfirmed=line.verdict == "warn",
        )


def _answered(connection: Connection, scope: Scope, now: datetime) -> Iterator[DigestLine]:
    """Yield each message of the last day with its latest outcome."""
    query = _answers(select(interactions, clients.c.name, clients.c.organisation), scope, now)
    query = query.order_by(interactions.c.at.desc(), interactions.c.id)
    seen: set[str] = set()
    for row in connection.execute(query.limit(4 * LIMIT)).mappings():
        if row["draft_id"] in seen or len(seen) >= LIMIT:
            continue
        seen.add(row["draft_id"])
        message = queries.draft(connection, scope, row["draft_id"])
        summary = () if row["outcome"] == "sent" or not row["summary"] else (f"“{row['summary']}”",)
        opinion = (f"They think: {row['opinion']}",) if row["opinion"] else ()
        yield DigestLine(
            "answered",
            row["client_id"],
            row["name"],
            row["organisation"],
            message.subject if message else row["summary"],
            f"/drafts/{row['draft_id']}",
            detail=(_OUTCOMES.get(row["outcome"], "Noted."), *summary, *opinion),
        )


def _answers(query: Select[Any], scope: Scope, now: datetime) -> Select[Any]:
    back = ANSWERED_WITHIN if now.weekday() != 0 else 3 * ANSWERED_WITHIN  # a Monday's digest includes the weekend
    return (
        query.select_from(interactions.join(clients, clients.c.id == interactions.c.client_id))
        .where(interactions.c.at > now - back, interactions.c.draft_id.is_not(None))
        .where(clients.c.removed.is_(False), scope.condition())
    )


def _count_answered(connection: Connection, scope: Scope, now: datetime) -> int:
    query = _answers(select(func.count(interactions.c.draft_id.distinct())), scope, now)
    count: int = connection.execute(query).scalar_one()
    return count


def _held(connection: Connection, scope: Scope, now: datetime) -> Iterator[DigestLine]:
    for alert, row in queries.held(connection, scope, number=1, size=LIMIT).items:
        asked = alert.if_they_ask
        if asked is None or alert.raised_at <= now - HELD_WITHIN:
            continue
        yield DigestLine(
            "ask",
            alert.client_id,
            row["name"] or alert.client_id,
            row["organisation"],
            asked.going_round,
            f"/alerts/{alert.id}",
            detail=(asked.who_says, f"Answer: {asked.answer}"),
            relevance=alert.relevance,
        )


def _noticed(connection: Connection, scope: Scope, now: datetime) -> tuple[list[DigestLine], int]:
    """Return the most valuable news that was left out for each client, and how much there is in all."""
    page = queries.noticed(connection, scope, now - NOTICED_WITHIN, number=1, size=NOTICED_READ)
    ranked = sorted(page.items, key=lambda line: (-value_of(line.alert, now), line.alert.id))
    shown: Counter[str] = Counter()
    lines: list[DigestLine] = []
    for line in ranked:
        alert = line.alert
        shown[alert.client_id] += 1
        if shown[alert.client_id] > NOTICED_PER_CLIENT or len(lines) >= LIMIT:
            continue
        lines.append(
            DigestLine(
                "noticed",
                alert.client_id,
                line.client_name,
                line.organisation,
                alert.headline,
                f"/alerts/{alert.id}",
                detail=(line.why,),
                relevance=value_of(alert, now),
                unconfirmed=alert.verdict == "warn",
            )
        )
    return lines, page.total


def _due(connection: Connection, scope: Scope, now: datetime) -> Iterator[DigestLine]:
    served = and_(clients.c.removed.is_(False), scope.condition())
    cadence = clients.c.payload[("client", "contact", "cadence")].as_string().label("cadence")
    silence = clients.c.payload[("client", "contact", "max_silence_days")].as_integer().label("silence")
    query = select(clients.c.id, clients.c.changed_at, cadence, silence).where(served)
    agreed = connection.execute(query.where(or_(cadence.is_not(None), silence.is_not(None)))).all()
    last_contacts = _last_contacts(connection, served)
    since = {row.id: row.changed_at for row in agreed}
    near = [
        row.id
        for row in agreed
        if row.cadence or (row.silence and _silence_ends(last_contacts.get(row.id, row.changed_at), row.silence, now))
    ]
    stored = select(clients.c.payload).where(clients.c.id.in_(near)).order_by(clients.c.id)
    for payload in connection.execute(stored).scalars():
        client = ClientChanged.model_validate(payload).client
        why = _why_due(client, last_contacts.get(client.id), since[client.id], now)
        if why:
            name, organisation, path = client.name, client.organisation, f"/clients/{client.id}"
            yield DigestLine("due", client.id, name, organisation, why[0], path, detail=tuple(why[1:]))


def _last_contacts(connection: Connection, served: ColumnElement[bool]) -> dict[str, datetime]:
    query = (
        select(interactions.c.client_id, func.max(interactions.c.at).label("at"))
        .where(interactions.c.channel != "reply", interactions.c.outcome != "no_answer")
        .where(interactions.c.client_id.in_(select(clients.c.id).where(served)))
        .group_by(interactions.c.client_id)
    )
    return {row.client_id: row.at for row in connection.execute(query)}


def _silence_ends(last: datetime, days: int, now: datetime) -> bool:
    """Return whether the longest silence that was agreed ends within a day."""
    return last + timedelta(days=days) <= now + timedelta(days=1)


def _why_due(client: Client, last: datetime | None, known_since: datetime, now: datetime) -> list[str]:
    """Return a title and sentences if contact is due within a day and possible, or else an empty list."""
    zone, policy = zone_of(client), client.contact
    if policy.do_not_contact or general_blackout(client, zone, now) is not None:
        return []
    since = f"Last contact {(now - last).days} days ago." if last else "No contact through Firstword yet."
    cadence = parse_cadence(policy.cadence) if policy.cadence else None
    if cadence is not None:
        due = due_after(cadence, zone, policy.working_days, now)
        period = timedelta(days=cadence.step * {"day": 1, "week": 7, "month": 28}[cadence.unit])
        if due is not None and due - now <= lead_time(cadence) and (last is None or last <= due - period):
            when = format_time(due, zone)
            return [f"Promised contact ({policy.cadence}) is due {when}, client's time", since]
    silence = policy.max_silence_days
    if silence is not None and _silence_ends(last or known_since, silence, now):
        return [f"Contact is agreed at least every {silence} days, and due now", since]
    return []
