"""Decisions about news that was left out of a client's messages."""

from __future__ import annotations

from schemas.drafts import TellRequested
from services.notifier import queries
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, NotFound

__all__ = ["tell_anyway"]


def tell_anyway(context: ActionContext, alert_id: str) -> None:
    """Ask for a draft on an alert that has none. It is written within moments, and waits in the inbox.

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
    standing = [line for line in drafts if line.state not in ("dismissed", "withdrawn")]
    if standing:
        raise Conflict("There is a message about this news already.", fix=f"Open the draft: {standing[0].subject}")
    asked = TellRequested(client_id=alert.client_id, alert=alert, by=context.viewer.user_id)
    context.publish(asked, alert.client_id, "alert.tell_requested", alert_id, context.now.isoformat())
    context.audit("alert.tell_requested", alert_id, alert.client_id)
