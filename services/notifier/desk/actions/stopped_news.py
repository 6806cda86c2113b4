"""Decide which news a client is not told again (one kind about one name), and take that back."""

from __future__ import annotations

from sqlalchemy import RowMapping, select

from schemas.drafts import NewsStopped
from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.desk.actions.context import ActionContext, one_line
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.tables import stopped_news

__all__ = ["resume_telling", "stop_telling"]


def stop_telling(context: ActionContext, alert_id: str, reason: str) -> None:
    """Decide that the client is not told news of this kind about this name again, unless it is urgent.

    Raises:
        NotFound: the viewer may not see such an alert.
        BadInput: the reason is missing.
    """
    alert = queries.alert(context.connection, context.viewer.scope, alert_id)
    if alert is None:
        raise NotFound("There is no such alert.")
    reason = one_line(reason)
    if not reason:
        raise BadInput("A reason is missing.", fix="Say why the client should not hear of this again.")
    stopped = NewsStopped(
        client_id=alert.client_id,
        entity_id=alert.entity_id,
        entity_name=alert.entity_name,
        kind=alert.kind,
        stopped=True,
        reason=reason,
        by=context.viewer.user_id,
    )
    _record(context, stopped)
    context.audit("news.stopped", alert_id, alert.client_id, reason)


def resume_telling(context: ActionContext, client_id: str, entity_id: str, kind: str) -> None:
    """Take back that a client is not told news of this kind about this name.

    Raises:
        NotFound: the viewer may not see the client.
        Conflict: it has been taken back already.
    """
    context.client(client_id)
    row = _stopped(context, client_id, entity_id, kind)
    if row is None or not row["stopped"]:
        raise Conflict("The client is told such news already.")
    resumed = NewsStopped(
        client_id=client_id,
        entity_id=entity_id,
        entity_name=row["entity_name"],
        kind=row["kind"],
        stopped=False,
        by=context.viewer.user_id,
    )
    _record(context, resumed)
    context.audit("news.resumed", entity_id, client_id, kind)


def _record(context: ActionContext, decided: NewsStopped) -> None:
    row = {**decided.model_dump(), "reason": decided.reason or "", "at": context.now}
    upsert(context.connection, stopped_news, [row], ["client_id", "entity_id", "kind"])
    identity = (decided.client_id, decided.entity_id, decided.kind, str(decided.stopped), context.now.isoformat())
    context.publish(decided, decided.client_id, "news.stopped", *identity)


def _stopped(context: ActionContext, client_id: str, entity_id: str, kind: str) -> RowMapping | None:
    same = (stopped_news.c.client_id == client_id, stopped_news.c.entity_id == entity_id, stopped_news.c.kind == kind)
    return context.connection.execute(select(stopped_news).where(*same)).mappings().first()
