"""The day and the last weeks at a glance: what Today and Figures show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from fastapi import APIRouter

from schemas.base import Model
from schemas.clients import Manager
from services.notifier.client_book.duplicate_store import duplicates
from services.notifier.desk import labels
from services.notifier.desk.actions import figures
from services.notifier.desk.api.caller import Caller
from services.notifier.digest.gather import gather
from services.notifier.digest.model import SECTIONS, Section, build_digest

__all__ = ["router"]

router = APIRouter()


class TodayLine(Model):
    """An entry for a client; ``path`` is its page at the desk."""

    section: Section
    title: str
    path: str
    detail: tuple[str, ...]
    urgency: str
    deadline_at: datetime | None
    unconfirmed: bool


class TodayClient(Model):
    """All entries for one client, the most important first."""

    client_id: str
    name: str
    organisation: str | None
    lines: Sequence[TodayLine]


class Today(Model):
    """The caller's day: the most important clients first. ``counts`` are of all entries, also those not listed.

    ``duplicates`` is how many clients may be in the book twice.
    """

    at: datetime
    counts: Mapping[Section, int]
    duplicates: int
    clients: Sequence[TodayClient]


class Waits(Model):
    """The number of messages of a group, by the time from the first report to the message."""

    wait: str
    messages: int


class ClientWeeks(Model):
    """A client's messages in each of the weeks."""

    client_id: str
    name: str
    messages: tuple[int, ...]


class Figures(Model):
    """Messages per week and client, and the time to the first word. ``weeks`` are their Mondays, the oldest first."""

    weeks: tuple[date, ...]
    clients: Sequence[ClientWeeks]
    first_words: Sequence[Waits]
    median_hours: float | None
    told: int


@router.get("/today")
def get_today(context: Caller) -> Today:
    """Return what to do today, as Today and the digest list it."""
    with context.reading() as connection:
        found = gather(connection, context.scope, context.now)
        twins = len(duplicates(connection, context.scope))
    context.audit_read("digest.read", "digest", shown=(line.client_id for line in found.lines))
    viewer = context.viewer
    reader = Manager(id=viewer.user_id, name=viewer.name, time_zone=viewer.time_zone)
    built = build_digest(reader, found.lines, context.now, totals=found.totals)
    return Today(
        at=context.now,
        counts={section: built.count(section) for section in SECTIONS},
        duplicates=twins,
        clients=[
            TodayClient(
                client_id=client.client_id,
                name=client.name,
                organisation=client.organisation,
                lines=[
                    TodayLine(**{name: getattr(line, name) for name in TodayLine.model_fields}) for line in client.lines
                ],
            )
            for client in built.clients
        ],
    )


@router.get("/figures")
def get_figures(context: Caller) -> Figures:
    """Return the messages of the last weeks, and how long clients waited for the first word."""
    starts = figures.week_starts(context.now, labels.zone(context.viewer.time_zone))
    with context.reading() as connection:
        waited = figures.first_words(connection, context.scope, context.now - timedelta(weeks=figures.WEEKS))
        weekly = figures.weekly_messages(connection, context.scope, starts)
    context.audit_read("figures.read", "figures", shown=(line.client_id for line in weekly))
    return Figures(
        weeks=tuple(start.date() for start in starts),
        clients=[ClientWeeks(client_id=line.client_id, name=line.client, messages=line.counts) for line in weekly],
        first_words=[Waits(wait=name, messages=count) for name, count in waited.groups],
        median_hours=waited.median_hours,
        told=waited.count,
    )
