"""Messages to account managers: a queue that sends each at most once.

An attempt whose outcome is unknown is not repeated: account managers should be able to trust that a message comes once.
Everything in it is at the desk as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, select

from schemas.base import content_id
from schemas.clients import Manager
from services.common.db import upsert
from services.common.queue.backoff import Schedule
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, Statuses, WorkQueue
from services.notifier.delivery.channels.base import Paragraph
from services.notifier.delivery.routes import ManagerRoutes, manager_targets
from services.notifier.digest import chat
from services.notifier.digest.preferences import why_unreachable
from services.notifier.digest.tables import manager_messages

__all__ = [
    "LOST_AFTER",
    "QUEUE",
    "SCHEDULE",
    "Kind",
    "RenderedMessage",
    "Status",
    "enqueue",
    "finish",
    "last_to",
    "message_id",
    "missed",
    "newest",
]

#: security: to an owner of the installation, about what lets somebody in or takes data out.
Kind = Literal["digest", "urgent", "security"]
#: How ids of messages begin.
_PREFIXES: dict[Kind, str] = {"digest": "dig", "urgent": "urg", "security": "sec"}
#: empty: there was nothing to say, and the manager wants no message then · unknown: it may have arrived.
Status = Literal["pending", "sending", "sent", "failed", "unknown", "empty"]

#: The attempts by one channel; after the last one, the next channel is tried, if there is one.
SCHEDULE = Schedule((0, 300, 1_800, 7_200), longest_retry_after=7_200)
QUEUE = WorkQueue(manager_messages, "at_most_once", SCHEDULE, statuses=Statuses(done="sent"))
#: An attempt that is older than this and never ended was interrupted.
LOST_AFTER = timedelta(minutes=10)

_M = manager_messages.c


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message in each form that a channel may show."""

    subject: str
    text: str
    html: str
    chat: Sequence[Paragraph]


def message_id(kind: Kind, manager_id: str, about: str) -> str:
    """Return the id of the only message of ``kind`` to ``manager_id`` about ``about``."""
    return content_id(_PREFIXES[kind], manager_id, about)


def enqueue(
    connection: Connection,
    kind: Kind,
    manager: Manager,
    about: str,
    message: RenderedMessage,
    *,
    by: Sequence[str],
    routes: ManagerRoutes,
    due_at: datetime,
    now: datetime,
    unwanted: bool = False,
) -> bool:
    """Queue a message for the first channel of ``by`` that reaches ``manager``; return False if it exists already."""
    targets = manager_targets(manager, by, routes)
    channel, recipient = targets[0] if targets else (by[0] if by else "", "")
    status: Status = "empty" if unwanted else "pending" if targets else "failed"
    row = {
        "id": message_id(kind, manager.id, about),
        "kind": kind,
        "manager_id": manager.id,
        "about": about,
        "due_at": due_at,
        "made_at": now,
        "status": status,
        "channel": channel,
        "recipient": recipient,
        "others": [list(target) for target in targets[1:]],
        "attempts": 0,
        "next_attempt_at": now if status == "pending" else None,
        "last_error": why_unreachable(manager, by, routes) if status == "failed" else None,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "chat": chat.stored(message.chat),
        "changed_at": now,
    }
    # Two notifiers may do this at once; on PostgreSQL the second meets whichever unique index was written first.
    return upsert(connection, manager_messages, [row], (), update=()) == 1


def finish(connection: Connection, row: RowMapping, outcome: Outcome, now: datetime) -> None:
    """Record the outcome of an attempt. If the channel definitely failed, queue the message for the next one."""
    attempt, values = Attempt(row["id"], row["attempts"]), dict[str, Any]()
    if row["others"] and QUEUE.settle(row["id"], row["attempts"], outcome, now).status == "failed":
        (channel, recipient), *rest = row["others"]
        values = {"channel": channel, "recipient": recipient, "others": rest, "attempts": 0}
        values |= {"status": "pending", "next_attempt_at": now}
    QUEUE.finish(connection, [Finished(attempt, outcome, values)], now)


def newest(connection: Connection, *, status: str | None = None, limit: int = 100) -> Sequence[RowMapping]:
    """Return the newest messages."""
    query = select(manager_messages).order_by(_M.made_at.desc(), _M.id).limit(limit)
    return connection.execute(query if status is None else query.where(_M.status == status)).mappings().all()


def missed(connection: Connection, since: datetime) -> Sequence[RowMapping]:
    """Return the messages made since then that failed or may not have arrived, the newest first."""
    query = select(manager_messages).where(_M.status.in_(("failed", "unknown")), _M.made_at >= since)
    return connection.execute(query.order_by(_M.made_at.desc(), _M.id)).mappings().all()


def last_to(connection: Connection, manager_id: str) -> RowMapping | None:
    """Return the newest message to a manager, leaving out empty ones."""
    query = select(manager_messages).where(_M.manager_id == manager_id, _M.status != "empty")
    return connection.execute(query.order_by(_M.made_at.desc(), _M.id).limit(1)).mappings().first()
