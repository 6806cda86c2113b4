"""Keeps messages of mailboxes that could not be read, until somebody deals with them or 30 days have passed.

Anybody may write to a mailbox, so only so many are kept of each, and the contents of the newest.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, or_, select, update

from services.common.db import upsert
from services.ingest.fetch.imap import MailboxPosition
from services.ingest.quarantine import KEPT_FOR, MAX_KEPT_BYTES
from services.ingest.tables import unread_messages

__all__ = ["MOST_BYTES", "MOST_MESSAGES", "UnreadMail", "UnreadMessage", "is_message_id"]

#: Messages kept of each mailbox, and bytes of their contents as they are stored; the newest.
MOST_MESSAGES, MOST_BYTES = 200, 50_000_000
_PREFIX = "mail-"
_kept = unread_messages.c


@dataclass(frozen=True, slots=True)
class UnreadMessage:
    """A message that could not be read. ``body`` is the whole message; None if it is not kept, or not asked for."""

    feed_id: str
    position: MailboxPosition
    at: datetime
    reason: str
    fix: str | None
    size_bytes: int
    body: bytes | None = None

    @property
    def id(self) -> str:
        """The id under which it is listed."""
        return f"{_PREFIX}{self.feed_id}-{self.position.validity}-{self.position.uid}"


class UnreadMail:
    """Access to the table of messages. Stateless; every method works inside the transaction of ``connection``."""

    def put(self, connection: Connection, message: UnreadMessage) -> None:
        """Set a message aside; its oldest neighbors make room for it."""
        body = message.body
        row = {
            "feed_id": message.feed_id,
            "uid_validity": message.position.validity,
            "uid": message.position.uid,
            "at": message.at,
            "reason": message.reason,
            "fix": message.fix,
            "size_bytes": message.size_bytes,
            "body": zlib.compress(body) if body is not None and len(body) <= MAX_KEPT_BYTES else None,
        }
        upsert(connection, unread_messages, [row], ("feed_id", "uid_validity", "uid"))
        connection.execute(delete(unread_messages).where(_kept.at < message.at - KEPT_FOR))
        self._make_room(connection, message.feed_id)

    def _make_room(self, connection: Connection, feed_id: str) -> None:
        query = (
            select(_kept.uid_validity, _kept.uid, func.coalesce(func.length(_kept.body), 0))
            .where(_kept.feed_id == feed_id)
            .order_by(_kept.at.desc(), _kept.uid.desc())
        )
        size = 0
        for number, (validity, uid, bytes_) in enumerate(connection.execute(query).all()):
            size += bytes_
            one = _is(feed_id, MailboxPosition(validity, uid))
            if number >= MOST_MESSAGES:
                connection.execute(delete(unread_messages).where(one))
            elif bytes_ and size > MOST_BYTES:
                connection.execute(update(unread_messages).where(one).values(body=None))

    def list(self, connection: Connection, since: datetime, limit: int | None = None) -> Sequence[UnreadMessage]:
        """Return the messages set aside after ``since``, newest first, without their contents."""
        columns = [column for column in _kept if column.name != "body"]
        query = select(*columns).where(_kept.at > since).order_by(_kept.at.desc(), _kept.uid.desc(), _kept.feed_id)
        return [_message(row) for row in connection.execute(query.limit(limit)).mappings()]

    def count(self, connection: Connection, since: datetime, feed_id: str | None = None) -> int:
        """Return the number of messages set aside after ``since``, of one mailbox if that is given."""
        query = select(func.count()).select_from(unread_messages).where(_kept.at > since)
        if feed_id is not None:
            query = query.where(_kept.feed_id == feed_id)
        return int(connection.scalar(query) or 0)

    def get(self, connection: Connection, id: str) -> UnreadMessage | None:
        """Return the message with this id and its contents; None if it is not listed or the id is of no message."""
        found = _parsed(id)
        if found is None:
            return None
        row = connection.execute(select(unread_messages).where(_is(*found))).mappings().first()
        return _message(row) if row is not None else None

    def drop(self, connection: Connection, ids: Sequence[str]) -> int:
        """Delete the messages with these ids; return their number."""
        wanted = [_is(*found) for id in ids if (found := _parsed(id)) is not None]
        return connection.execute(delete(unread_messages).where(or_(*wanted))).rowcount if wanted else 0


def is_message_id(id: str) -> bool:
    """Return whether an id is that of a message, listed or not."""
    return id.startswith(_PREFIX)


def _is(feed_id: str, position: MailboxPosition) -> ColumnElement[bool]:
    return and_(_kept.feed_id == feed_id, _kept.uid_validity == position.validity, _kept.uid == position.uid)


def _parsed(id: str) -> tuple[str, MailboxPosition] | None:
    """Return the mailbox and the place in it that an id names; None if it is no id of a message."""
    feed_id, *numbers = id.removeprefix(_PREFIX).rsplit("-", 2)
    if not id.startswith(_PREFIX) or len(numbers) != 2 or not all(n.isascii() and n.isdigit() for n in numbers):
        return None
    if any(len(number) > 18 for number in numbers):
        return None
    return feed_id, MailboxPosition(int(numbers[0]), int(numbers[1]))


def _message(row: RowMapping) -> UnreadMessage:
    body = row.get("body")
    return UnreadMessage(
        feed_id=row["feed_id"],
        position=MailboxPosition(row["uid_validity"], row["uid"]),
        at=row["at"],
        reason=row["reason"],
        fix=row["fix"],
        size_bytes=row["size_bytes"],
        body=zlib.decompress(body) if body is not None else None,
    )
