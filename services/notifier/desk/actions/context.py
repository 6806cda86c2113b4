"""The context of one action at the desk: the viewer, the moment, the transaction and where events go."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.base import Payload, content_id, event
from schemas.clients import ClientChanged
from services.common.errors import BadInput
from services.common.processing import AnyEvent, EventPublisher
from services.notifier import audit, queries
from services.notifier.client_book.port import ClientBook
from services.notifier.delivery.routes import MAIL, ClientRoutes
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import NotFound
from services.notifier.gate.policy import GatePolicy
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING
from services.notifier.trades.catalog import Trades
from services.notifier.triage.marks import is_given_to

__all__ = ["COMMENT_LIMIT", "Acting", "ActionContext", "one_line"]

#: Characters of a comment or an answer that are kept.
COMMENT_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class ActionContext:
    """A viewer at a moment, inside the caller's transaction. Tables and events are written together.

    ``mail_fix`` says how to set up mail; it is None if mail can be sent. ``routes`` are the channels that are set up.
    ``gate`` says which findings hold a message back, ``trades`` which words and sentences a trade asks for, and
    ``client_book`` reads and writes clients' entries. ``undo`` is the time for which a decision is held, so that it can
    be undone. ``subjects`` collects the clients whom the action concerns, each with the id of what is changed.
    """

    connection: Connection
    publisher: EventPublisher
    viewer: Viewer
    now: datetime
    mail_fix: str | None = None
    routes: ClientRoutes = field(default_factory=lambda: MAIL)
    gate: GatePolicy = field(default_factory=GatePolicy)
    trades: Trades = field(default_factory=Trades.shipped)
    client_book: ClientBook | None = None
    undo: timedelta = timedelta()
    subjects: set[tuple[str, str]] = field(default_factory=set)

    @property
    def book(self) -> ClientBook:
        """The client book's format.

        Raises:
            BadInput: this desk was built without one.
        """
        if self.client_book is None:
            raise BadInput("Clients can't be edited here.", fix="Edit the client book's file and import it.")
        return self.client_book

    def draft(self, draft_id: str) -> DraftLine:
        """Return a draft that the viewer may decide on: one of their clients, or one that a colleague gave them.

        Raises:
            NotFound: there is none.
        """
        line = queries.draft(self.connection, self.viewer.scope, draft_id)
        if line is None and is_given_to(self.connection, self.viewer.user_id, draft_id, to_decide=True):
            line = queries.draft(self.connection, EVERYTHING, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        return line

    def client(self, client_id: str) -> ClientChanged:
        """Return a client whom the viewer may see.

        Raises:
            NotFound: there is none.
        """
        entry = queries.client(self.connection, self.viewer.scope, client_id)
        if entry is None:
            raise NotFound("There is no such client.")
        return entry

    def publish(self, data: Payload, client_id: str, *identity: str | int) -> None:
        """Publish ``data`` under an id made of ``identity``."""
        published: AnyEvent = event(
            data, key=client_id, id=content_id("evt", *identity), source="firstword/desk", time=self.now
        )
        self.publisher.publish(self.connection, [published])

    def audit(self, action: str, subject: str, client_id: str | None = None, detail: str | None = None) -> None:
        """Record in the audit log what the viewer does."""
        if client_id is not None:
            self.subjects.add((client_id, subject))
        audit.record(self.connection, self.now, self.viewer.user_id, action, subject, client_id, detail)


#: Opens a transaction for an action; what takes many drafts or clients opens several.
Acting = Callable[[], AbstractContextManager[ActionContext]]


def one_line(comment: str) -> str:
    """Return a comment on one line, as much of it as is kept."""
    return " ".join(comment.split())[:COMMENT_LIMIT]
