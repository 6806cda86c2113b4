"""A time that the account manager chooses for a message, in the client's time zone, and times that they may want."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.clients import Client
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.contact.blackouts import general_blackout
from services.notifier.contact.hours import is_open
from services.notifier.contact.plan import UTC_ZONE, format_time, zone_of
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.second_person import visible_draft
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING

__all__ = ["Preset", "client_zone_of", "parse_chosen", "presets"]

#: The hours of the day that are offered, and for how many days ahead.
_HOURS = (time(9), time(14))
_DAYS = 8
#: The most times that are offered.
_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Preset:
    """A time that is offered: ``value`` is the local time for a form, ``label`` its words."""

    value: str
    label: str


def parse_chosen(text: str, zone: ZoneInfo) -> datetime:
    """Return a chosen time in UTC. Without an offset it is meant in ``zone``, the client's.

    Raises:
        BadInput: it is not a time, or the clock skips it.
    """
    try:
        chosen = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(
            f"'{text}' is not a time.", fix="Write it as 2026-03-09T09:00, in the client's time zone."
        ) from None
    if chosen.tzinfo is not None:
        return chosen.astimezone(UTC)
    local = chosen.replace(tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != chosen:
        raise BadInput(
            f"The clocks in {zone.key} go forward then, so there is no {chosen:%H:%M}.", fix="Choose another time."
        )
    return found


def client_zone_of(context: ActionContext, draft_id: str) -> ZoneInfo:
    """Return the time zone of the client of a draft; UTC if the viewer may see no such draft, or there is no client."""
    line = visible_draft(context.connection, context.viewer, context.gate, draft_id)
    entry = None if line is None else queries.client(context.connection, EVERYTHING, line.client_id)
    return UTC_ZONE if entry is None else zone_of(entry.client)


def presets(line: DraftLine, client: Client, now: datetime) -> Sequence[Preset]:
    """Return the next times that suit the client's hours and the deadline, in the client's time zone."""
    zone = zone_of(client)
    today = now.astimezone(zone).date()
    found: list[Preset] = []
    for offset in range(_DAYS):
        day = today + timedelta(days=offset)
        for hour in _HOURS:
            local = datetime.combine(day, hour, zone)
            moment = local.astimezone(UTC)
            in_time = line.verdict == "correct" or moment <= line.deadline_at
            free = is_open(client.contact, zone, moment) and general_blackout(client, zone, moment) is None
            if moment > now and in_time and free and len(found) < _OFFERED:
                named = {0: "Today", 1: "Tomorrow"}.get(offset, format_time(moment, zone).rpartition(" ")[0])
                found.append(Preset(f"{local:%Y-%m-%dT%H:%M}", f"{named} {hour.hour}:{hour.minute:02}"))
    return found
