"""Access to a data folder or the stack's database: the client book, alerts and sign-in.

Commands use it whether the system runs or not; both may write the same database, one transaction at a time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from firstword.book_events import BookDiff, build_book, client_removed, diff_book
from schemas.alerts import Alert
from schemas.clients import Book, ClientChanged
from services.common.clock import Clock
from services.common.db import exclusive, reading
from services.common.errors import BadInput
from services.common.private_files import make_private_file
from services.common.processing import AnyEvent, EventPublisher
from services.common.sealing import PLAIN, Keys
from services.common.settings import Settings
from services.notifier.client_book.file_values import record_file_values
from services.notifier.client_book.history import record_changes, record_removal
from services.notifier.client_book.managers import known_managers, record_managers
from services.notifier.desk import tokens
from services.notifier.desk.auth import create_signin_link, ensure_manager, ensure_owner
from services.notifier.sinks import ClientSink
from services.notifier.tables import alerts

__all__ = ["EventStore", "Store"]


class EventStore(EventPublisher, Protocol):
    """Publishes events and reads them back: the embedded event log, or the stack's outbox."""

    def publish_in_order(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Publish events that consumers must receive in this order, whatever their keys."""
        ...

    def latest_by_key(self, connection: Connection, topic: str) -> dict[str, AnyEvent]:
        """Return the latest event of each key on a compacted topic, in the order in which they were written."""
        ...

    def for_keys(self, connection: Connection, topic: str, keys: Sequence[str]) -> list[AnyEvent]:
        """Return all stored events with these keys, in order."""
        ...

    def scan(self, connection: Connection, topic: str) -> Iterator[AnyEvent]:
        """Yield all stored events on ``topic``, in order."""
        ...

    def newest(self, connection: Connection, topic: str, limit: int) -> list[AnyEvent]:
        """Return at most ``limit`` stored events on ``topic``, the latest first."""
        ...

    def has_any(self, connection: Connection, topic: str) -> bool:
        """Return true if any event on ``topic`` is stored."""
        ...


@dataclass(frozen=True)
class Store:
    """An open data folder or database. As a context manager, it closes the database on exit."""

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
        """The keys that seal secrets in the database."""
        found = self.engine.get_execution_options().get("keys", PLAIN)
        return found if isinstance(found, Keys) else PLAIN

    def book(self) -> Book | None:
        """Return the current client book, or None if there are no clients."""
        with reading(self.engine) as connection:
            return build_book(self.events.latest_by_key(connection, "clients"))

    def import_book(self, book: Book, *, take_file: bool = False) -> BookDiff:
        """Import ``book`` in one transaction; see :func:`firstword.book_events.diff_book`."""
        now = self.clock.now()
        with self.engine.begin() as connection:
            exclusive(connection, "book")
            change = diff_book(book, self.events.latest_by_key(connection, "clients"), now, take_file=take_file)
            self.events.publish(connection, change.events)
            record_changes(connection, change.replaced, now, "book")
            record_managers(connection, book.managers, now, sample=book.firm.sample)
            record_file_values(connection, [client.id for client in book.clients], change.differing, now)
        return change

    def update_client_table(self) -> None:
        """Bring the table of clients up to date with their events, as a running system does by itself."""
        sink = ClientSink()
        with self.engine.begin() as connection:
            for latest in self.events.latest_by_key(connection, "clients").values():
                sink.apply(connection, latest)

    def remove_client(self, client_id: str) -> None:
        """Remove a client from the book.

        Raises:
            BadInput: there is no such client.
        """
        with self.engine.begin() as connection:
            exclusive(connection, "book")
            known = self.events.latest_by_key(connection, "clients").get(client_id)
            if known is None or not isinstance(known.data, ClientChanged):
                raise BadInput(
                    f"There is no client with the id {client_id!r}.", fix="'firstword clients list' shows the ids."
                )
            self.events.publish(connection, [client_removed(client_id, known, self.clock.now())])
            record_removal(connection, known.data, self.clock.now(), "removed")

    def find_alert(self, prefix: str) -> Alert:
        """Return the alert whose id begins with ``prefix``.

        Raises:
            BadInput: no alert matches, or several do.
        """
        query = (
            select(alerts.c.payload)
            .where(alerts.c.id.startswith(prefix, autoescape=True))
            .order_by(alerts.c.id)
            .limit(6)
        )
        with reading(self.engine) as connection:
            matching = [Alert.model_validate(payload) for (payload,) in connection.execute(query)]
        if len(matching) == 1:
            return matching[0]
        if not matching:
            raise BadInput(
                f"No alert has an id that begins with {prefix!r}.",
                fix="The desk shows the id on each alert's page. Alerts are kept for 90 days.",
            )
        ids = ", ".join(alert.id for alert in matching[:5])
        raise BadInput(f"Several alerts have ids that begin with {prefix!r}: {ids}.", fix="Give more of the id.")

    def load_story(self, alert: Alert) -> tuple[list[Alert], list[AnyEvent]]:
        """Return the client's alerts about the same story and entity, and the items they are based on, oldest first.

        Items are kept for a week, so an older story comes with its alerts alone.
        """
        query = select(alerts.c.payload).where(
            alerts.c.client_id == alert.client_id, alerts.c.story_id == alert.story_id
        )
        with reading(self.engine) as connection:
            found = [Alert.model_validate(payload) for (payload,) in connection.execute(query)]
            story = sorted(
                (other for other in found if other.entity_id == alert.entity_id), key=lambda other: other.raised_at
            )
            item_ids = sorted({evidence.item_id for other in story for evidence in other.evidence})
            return story, self.events.for_keys(connection, "items", item_ids)

    def create_signin_link(self, manager_id: str | None = None, user_id: str | None = None) -> str:
        """Return a link that signs in once: as the owner, the account manager with this id, or a user."""
        now = self.clock.now()
        with self.engine.begin() as connection:
            token = create_signin_link(connection, user_id or self._user(connection, manager_id), now)
        return f"{self.settings.address}/signin?token={token}"

    def create_api_token(
        self,
        manager_id: str | None = None,
        *,
        name: str = "API token",
        scopes: Sequence[str] = tokens.ALL_SCOPES,
        valid_for: timedelta = tokens.LIFETIME,
        inlet_id: str | None = None,
        user_id: str | None = None,
    ) -> str:
        """Return a new bearer token for the API, for the owner, an account manager, another user, or an inlet."""
        now = self.clock.now()
        with self.engine.begin() as connection:
            holder = user_id or self._user(connection, manager_id)
            return tokens.create_api_token(
                connection, holder, now, name=name, scopes=scopes, valid_for=valid_for, inlet_id=inlet_id
            )

    def session_secret(self) -> str:
        """Return the secret that signs the desk's sessions.

        It is FIRSTWORD_SECRET if that is set, else the content of a file that is created at first use, readable only
        by its owner.
        """
        if self.settings.secret is not None:
            return self.settings.secret.get_secret_value()
        path = self.settings.data / "secret"
        if not path.exists():
            make_private_file(path)
            path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path.read_text(encoding="ascii").strip()

    def _user(self, connection: Connection, manager_id: str | None) -> str:
        now = self.clock.now()
        if manager_id is None:
            return ensure_owner(connection, now)
        known = dict(known_managers(connection))
        if (book := build_book(self.events.latest_by_key(connection, "clients"))) is not None:
            known |= {manager.id: manager for manager in book.managers}
        if (manager := known.get(manager_id)) is not None:
            return ensure_manager(
                connection, now, manager_id=manager.id, name=manager.name, time_zone=manager.time_zone
            )
        ids = ", ".join(sorted(known)) or "none yet"
        raise BadInput(f"There is no account manager with the id {manager_id!r}.", fix=f"There are: {ids}.")
