"""Idempotency keys: a POST that is repeated under its key is carried out once, and gets the first answer again.

A key belongs to its user and to one content; it is kept for a day. The key is recorded in the transaction of the action
itself, so that a crash can't carry out an action without its key. If the answer was lost in such a crash, the repeat is
told so instead of being carried out again.

The clients whom the action concerned are kept with the answer: it may tell about them, so a repeat gets it only if its
user may still see them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.common.errors import BadInput
from services.notifier.desk.errors import Conflict, KeyReused, NotFound
from services.notifier.scope import Scope
from services.notifier.tables import api_requests, clients
from services.notifier.triage.marks import is_given_to

__all__ = [
    "KEPT_FOR",
    "KEY_LIMIT",
    "KEY_PATTERN",
    "Answer",
    "KeyedRequest",
    "Subject",
    "content_of",
    "find_answer",
    "require_visible",
]

KEPT_FOR = timedelta(hours=24)
KEY_LIMIT = 255
KEY_PATTERN = "[!-~]"
#: A client's id and the id of what was changed, such as a draft's.
Subject = tuple[str, str]
KEY = re.compile(f"{KEY_PATTERN}{{1,{KEY_LIMIT}}}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The stored answer to a request. ``subjects`` are what it changed: client ids, each with the id of the object."""

    status: int
    body: bytes
    subjects: frozenset[Subject] = frozenset()


def content_of(method: str, path: str, body: bytes) -> str:
    """Return the hash that binds a key to the content of its request."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()


@dataclass(slots=True)
class KeyedRequest:
    """A request under a key that has not been carried out yet. ``recorded``: its key is in the database."""

    user_id: str
    key: str
    content: str
    now: datetime
    recorded: bool = False
    subjects: set[Subject] = field(default_factory=set)

    def record(self, connection: Connection) -> None:
        """Record the key in the transaction of the action.

        Raises:
            Conflict: the same request is being carried out at this moment.
        """
        if self.recorded:
            return
        row = {
            "user_id": self.user_id,
            "key": self.key,
            "content": self.content,
            "created_at": self.now,
            "expires_at": self.now + KEPT_FOR,
        }
        try:
            connection.execute(insert(api_requests).values(row))
        except IntegrityError:
            raise Conflict(
                "A request with this Idempotency-Key is being carried out.", fix="Repeat it in a second."
            ) from None
        self.recorded = True

    def answer(self, engine: Engine, answer: Answer) -> None:
        """Keep the answer, for repeats."""
        mine = (api_requests.c.user_id == self.user_id, api_requests.c.key == self.key)
        kept = {"status": answer.status, "body": answer.body.decode(), "subjects": sorted(self.subjects)}
        with engine.begin() as connection:
            if connection.execute(update(api_requests).where(*mine).values(kept)).rowcount == 0:
                self.recorded = False
                self.record(connection)
                connection.execute(update(api_requests).where(*mine).values(kept))


def find_answer(engine: Engine, request: KeyedRequest) -> Answer | None:
    """Return the answer to an earlier request of this key and content; None if there was none.

    Raises:
        BadInput: the key is empty or too long.
        KeyReused: the key was used for another request.
        Conflict: the request was carried out, or is being carried out, but there is no answer.
    """
    if not KEY.fullmatch(request.key):
        fix = f"Send 1 to {KEY_LIMIT} letters, digits and other ASCII characters without blanks, such as a UUID."
        raise BadInput("This Idempotency-Key is not valid.", fix=fix)
    with engine.begin() as connection:
        connection.execute(delete(api_requests).where(api_requests.c.expires_at <= request.now))
        query = select(api_requests).where(api_requests.c.user_id == request.user_id, api_requests.c.key == request.key)
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    if row["content"] != request.content:
        raise KeyReused("This Idempotency-Key was used for another request.", fix="Choose a new key for each request.")
    if row["status"] is None or row["subjects"] is None:
        raise Conflict(
            "This request was carried out, but its answer was not kept.", fix="Read what it changed; don't repeat it."
        )
    subjects = frozenset((client_id, subject) for client_id, subject in row["subjects"])
    return Answer(row["status"], row["body"].encode(), subjects)


def require_visible(connection: Connection, user_id: str, scope: Scope, subjects: Iterable[Subject]) -> None:
    """Check that a user may still see what a request of theirs changed: their clients, and drafts given to them.

    Raises:
        NotFound: they may not, because a client has moved to somebody else or was erased.
    """
    wanted = frozenset(subjects)
    theirs = select(clients.c.id).where(clients.c.id.in_({client_id for client_id, _ in wanted}), scope.condition())
    visible = set(connection.execute(theirs).scalars())
    for client_id, subject in wanted:
        if client_id not in visible and not is_given_to(connection, user_id, subject, to_decide=True):
            raise NotFound(
                "This request was carried out, but you may no longer see what it changed.",
                fix="Nothing was changed now. Ask the owner if the client should be yours.",
            )
