"""What account managers are to get, in the database before anything leaves, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, select

from schemas.base import content_id
from schemas.clients import Manager
from services.common.db import upsert
from services.notifier.delivery.channels.base import Paragraph
from services.notifier.delivery.routes import ManagerWays, manager_targets
from services.notifier.digest import chat
from services.notifier.digest.preferences import missing
from services.notifier.digest.tables import manager_messages

__all__ = ["Kind", "Status", "Words", "last_to", "message_id", "missed", "newest", "put"]

Kind = Literal["digest", "urgent"]
#: empty: there was nothing, and nothing was wanted then · unknown: it may have arrived, and is not repeated.
Status = Literal["pending", "sending", "sent", "failed", "unknown", "empty"]

_M = manager_messages.c


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says, in each form that a channel may show."""

    subject: str
    text: str
    html: str
    chat: Sequence[Paragraph]


def message_id(kind: Kind, manager_id: str, about: str) -> str:
    """The id of the one message of ``kind`` that tells ``manager_id`` of ``about``."""
    return content_id("dig" if kind == "digest" else "urg", manager_id, about)


def put(
    connection: Connection,
    kind: Kind,
    manager: Manager,
    about: str,
    words: Words,
    *,
    by: Sequence[str],
    ways: ManagerWays,
    due_at: datetime,
    now: datetime,
    unwanted: bool = False,
) -> bool:
    """Write down a message, to go by the first of ``by`` that reaches ``manager``; False where it is there already."""
    found = manager_targets(manager, by, ways)
    channel, recipient = found[0] if found else (by[0] if by else "", "")
    status: Status = "empty" if unwanted else "pending" if found else "failed"
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
        "others": [list(one) for one in found[1:]],
        "attempts": 0,
        "next_attempt_at": now if status == "pending" else None,
        "last_error": missing(manager, by, ways) if status == "failed" else None,
        "subject": words.subject,
        "text": words.text,
        "html": words.html,
        "chat": chat.stored(words.chat),
        "changed_at": now,
    }
    # Two instances may come at once; on PostgreSQL the second meets whichever unique index was written first.
    return upsert(connection, manager_messages, [row], (), update=()) == 1


def newest(connection: Connection, *, status: str | None = None, limit: int = 100) -> Sequence[RowMapping]:
    """The messages that were made last, with what became of them."""
    query = select(manager_messages).order_by(_M.made_at.desc(), _M.id).limit(limit)
    return connection.execute(query if status is None else query.where(_M.status == status)).mappings().all()


def missed(connection: Connection, since: datetime) -> Sequence[RowMapping]:
    """Messages made since then that failed, or may not have arrived; the newest first."""
    query = select(manager_messages).where(_M.status.in_(("failed", "unknown")), _M.made_at >= since)
    return connection.execute(query.order_by(_M.made_at.desc(), _M.id)).mappings().all()


def last_to(connection: Connection, manager_id: str) -> RowMapping | None:
    """The message to a manager that was made last and was to be sent."""
    query = select(manager_messages).where(_M.manager_id == manager_id, _M.status != "empty")
    return connection.execute(query.order_by(_M.made_at.desc(), _M.id).limit(1)).mappings().first()
