"""What lies in a data folder or the stack's database, whether the system runs or not: book, alerts, who may sign in.

Commands use it beside a running system: both write the same database, a transaction at a time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from firstword.book_events import BookDiff, build_book, client_removed, diff_book
from schemas.alerts import Alert
from schemas.clients import Book, ClientChanged
from services.common.clock import Clock
from services.common.db import exclusive, reading
from services.common.errors import BadInput
from services.common.processing import AnyEvent, EventPublisher
from services.common.sealing import PLAIN, Keys
from services.common.settings import Settings
from services.notifier.desk.auth import create_api_token, create_signin_link, ensure_manager, ensure_owner
from services.notifier.tables import alerts

__all__ = ["EventStore", "Store"]


class EventStore(EventPublisher, Protocol):
    """Where events are published, and found again: the embedded log, or the stack's outbox."""

    def publish_in_order(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Publish events that must be heard in this order, whatever their keys."""
        ...

    def latest_by_key(self, connection: Connection, topic: str) -> dict[str, AnyEvent]:
        """The last event of each key on a compacted topic, in the order in which they were written."""
        ...

    def for_keys(self, connection: Connection, topic: str, keys: Sequence[str]) -> list[AnyEvent]:
        """Every event of these keys that is still kept, in order."""
        ...

    def scan(self, connection: Connection, topic: str) -> Iterator[AnyEvent]:
        """Every event on ``topic`` that is still kept, in order."""
        ...

    def has_any(self, connection: Connection, topic: str) -> bool:
        """Whether any event on ``topic`` is kept."""
        ...


@dataclass(frozen=True)
class Store:
    """An opened data folder or database. Use as a context manager: leaving it closes the database."""

    settings: Settings
    engine: Engine
    clock: Clock
    events: EventStore

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.dispose()

    @property
    def keys(self) -> Keys:
        """What seals secrets in the database."""
        found = self.engine.get_execution_options().get("keys", PLAIN)
        return found if isinstance(found, Keys) else PLAIN

    def book(self) -> Book | None:
        """The client book as it stands; None when there is no client."""
        with reading(self.engine) as connection:
            return build_book(self.events.latest_by_key(connection, "clients"))

    def import_book(self, book: Book) -> BookDiff:
        """Bring the book to what ``book`` says, in one transaction; see :func:`firstword.book_events.diff_book`."""
        with self.engine.begin() as connection:
            exclusive(connection, "book")
            change = diff_book(book, self.events.latest_by_key(connection, "clients"), self.clock.now())
            self.events.publish(connection, change.events)
        return change

    def remove_client(self, client_id: str) -> None:
        """Stop serving a client.

        Raises:
            BadInput: when there is no such client.
        """
        with self.engine.begin() as connection:
            exclusive(connection, "book")
            known = self.events.latest_by_key(connection, "clients").get(client_id)
            if known is None or not isinstance(known.data, ClientChanged):
                raise BadInput(f"No client has the id {client_id!r}.", fix="'firstword clients list' shows the ids.")
            self.events.publish(connection, [client_removed(client_id, known, self.clock.now())])

    def find_alert(self, start: str) -> Alert:
        """The alert whose id begins with ``start``.

        Raises:
            BadInput: when none or several do.
        """
        query = (
            select(alerts.c.payload)
            .where(alerts.c.id.startswith(start, autoescape=True))
            .order_by(alerts.c.id)
            .limit(6)
        )
        with reading(self.engine) as connection:
            matching = [Alert.model_validate(payload) for (payload,) in connection.execute(query)]
        if len(matching) == 1:
            return matching[0]
        if not matching:
            raise BadInput(
                f"No alert's id begins with {start!r}.",
                fix="The desk shows the id on each alert's page; alerts are kept for 90 days.",
            )
        some = ", ".join(alert.id for alert in matching[:5])
        raise BadInput(f"{len(matching)} alerts begin with {start!r}: {some}.", fix="Give more of the id.")

    def load_story(self, alert: Alert) -> tuple[list[Alert], list[AnyEvent]]:
        """All alerts of the alert's client on its story, and the items that are their evidence, as they came in.

        Items are kept for a week; of an older story only the alerts are there.
        """
        query = select(alerts.c.payload).where(
            alerts.c.client_id == alert.client_id, alerts.c.story_id == alert.story_id
        )
        with reading(self.engine) as connection:
            told = [Alert.model_validate(payload) for (payload,) in connection.execute(query)]
            told = sorted((each for each in told if each.entity_id == alert.entity_id), key=lambda each: each.raised_at)
            ids = sorted({each.item_id for one in told for each in one.evidence})
            return told, self.events.for_keys(connection, "items", ids)

    def create_signin_link(self, manager_id: str | None = None) -> str:
        """An address that signs in once: the owner, or the account manager with this id."""
        now = self.clock.now()
        with self.engine.begin() as connection:
            token = create_signin_link(connection, self._user(connection, manager_id), now)
        return f"{self.settings.address}/signin?token={token}"

    def create_api_token(self, manager_id: str | None = None) -> str:
        """A bearer token for the API, in the owner's or an account manager's name."""
        with self.engine.begin() as connection:
            return create_api_token(connection, self._user(connection, manager_id))

    def session_secret(self) -> str:
        """What signs the desk's sessions: as set, else made at first use and kept in a file only its owner may read."""
        if self.settings.secret is not None:
            return self.settings.secret.get_secret_value()
        path = self.settings.data / "secret"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path.read_text(encoding="ascii").strip()

    def _user(self, connection: Connection, manager_id: str | None) -> str:
        now = self.clock.now()
        if manager_id is None:
            return ensure_owner(connection, now)
        book = build_book(self.events.latest_by_key(connection, "clients"))
        for manager in book.managers if book else ():
            if manager.id == manager_id:
                return ensure_manager(
                    connection, now, manager_id=manager.id, name=manager.name, time_zone=manager.time_zone
                )
        known = ", ".join(manager.id for manager in book.managers) if book else "none yet"
        raise BadInput(f"No account manager has the id {manager_id!r}.", fix=f"Known are: {known}.")
