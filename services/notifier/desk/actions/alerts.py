"""Decisions about news that was left out of a client's messages."""

from __future__ import annotations

from schemas.base import content_id
from schemas.drafts import TellRequested
from schemas.interactions import InteractionLogged
from services.notifier import queries
from services.notifier.desk.actions.context import ActionContext, one_line
from services.notifier.desk.errors import Conflict, NotFound

__all__ = ["note_asked", "tell_anyway"]


def note_asked(context: ActionContext, alert_id: str, comment: str = "") -> None:
    """Note in the client's history that they asked about the news of an alert. It is no contact of ours.

    Raises:
        NotFound: the viewer may not see such an alert.
    """
    alert = queries.alert(context.connection, context.viewer.scope, alert_id)
    if alert is None:
        raise NotFound("There is no such alert.")
    entry = context.client(alert.client_id)
    comment = one_line(comment)
    asked = InteractionLogged(
        interaction_id=content_id("int", "asked", alert_id, context.now.isoformat()),
        client_id=alert.client_id,
        manager_id=entry.client.manager_id,
        at=context.now,
        channel="reply",
        summary=f"About: {alert.headline}{f'. {comment}' if comment else ''}",
        outcome="asked",
    )
    context.publish(asked, alert.client_id, "contact", asked.interaction_id)
    context.audit("alert.asked", alert_id, alert.client_id)


def tell_anyway(context: ActionContext, alert_id: str, reason: str = "") -> None:
    """Ask for a draft on an alert that has none. It is written within moments, and waits in the inbox.

    ``reason`` says why such news is useful to the client; it is learned from.

    Raises:
        NotFound: the viewer may not see such an alert.
        Conflict: there is a draft on it, or its news turned out to be false.
    """
    alert = queries.alert(context.connection, context.viewer.scope, alert_id)
    if alert is None:
        raise NotFound("There is no such alert.")
    if alert.information_grade == 5:
        raise Conflict("This news turned out to be false, so Firstword writes no message about it.")
    drafts = queries.drafts_of(context.connection, context.viewer.scope, alert_id=alert_id)
    standing = [line for line in drafts if line.state not in ("dismissed", "withdrawn", "expired")]
    if standing:
        raise Conflict("There is a message about this news already.", fix=f"Open the draft: {standing[0].subject}")
    reason = one_line(reason)
    asked = TellRequested(client_id=alert.client_id, alert=alert, by=context.viewer.user_id, reason=reason or None)
    context.publish(asked, alert.client_id, "alert.tell_requested", alert_id, context.now.isoformat())
    context.audit("alert.tell_requested", alert_id, alert.client_id, reason or None)
