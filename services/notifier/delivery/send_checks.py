"""Checks an approved message before it is sent: the client book may have changed since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from schemas.clients import Blackout, Client, ClientChanged
from schemas.drafts import Draft
from services.notifier.contact.blackouts import blackout_end, blackout_names, general_blackout, topic_blackout
from services.notifier.contact.plan import format_time, zone_of
from services.notifier.tables import alerts, drafts

__all__ = ["reason_not_to_send"]


def reason_not_to_send(
    connection: Connection, row: RowMapping, entry: ClientChanged | None, now: datetime
) -> str | None:
    """Return why the delivery ``row`` must not be sent at ``now``, although it was approved; None if it may."""
    if entry is None:
        return "The client is no longer in the client book."
    client = entry.client
    if client.contact.do_not_contact:
        why = client.contact.do_not_contact_reason
        return f"{client.name} must not be contacted{f': {why}' if why else ''}."
    if not client.contact.blackouts:
        return None
    running = _running(connection, row["draft_id"], client, now)
    if running is None:
        return None
    topics = f" about {', '.join(running.about)}" if running.about else ""
    until = format_time(blackout_end(running, zone_of(client)), zone_of(client))
    reason = running.reason.rstrip(".")
    return f"{client.name} must not be contacted{topics} until {until} (client's time): {reason}."


def _running(connection: Connection, draft_id: str, client: Client, now: datetime) -> Blackout | None:
    """Return the blackout that applies to the draft at ``now``: a general one, or one on its topic."""
    zone = zone_of(client)
    stored: Any = connection.execute(select(drafts.c.payload).where(drafts.c.id == draft_id)).scalar_one()
    draft = Draft.model_validate(stored)
    told = (draft.alert_id, *draft.told_alerts, *(watch.alert_id for watch in draft.affects))
    query = select(alerts.c.entity_id, alerts.c.entity_name).where(alerts.c.id.in_(told))
    about = blackout_names(client, (name for pair in connection.execute(query) for name in pair if name))
    return general_blackout(client, zone, now) or topic_blackout(client, zone, now, about)
