"""Keep imports, and find the clients that rows are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from schemas.clients import Client, ClientChanged
from services.notifier.client_book.store import id_of_own
from services.notifier.client_import.formats import FormatName
from services.notifier.client_import.groups import RowProblem
from services.notifier.client_import.plan import ImportOptions
from services.notifier.client_import.tables import client_imports
from services.notifier.scope import Scope
from services.notifier.tables import clients

__all__ = ["ImportStatus", "StoredClients", "StoredImport", "add_import", "change_import", "imports_of", "read_import"]

ImportStatus = Literal["checked", "applying", "applied", "undoing", "undone"]
#: Files that nobody has applied are deleted after this time.
KEEP_FILES = timedelta(days=7)
LISTED = 50


@dataclass(frozen=True, slots=True)
class StoredImport:
    """An import. ``counts`` are those of the dry run, and of undoing."""

    id: str
    user_id: str
    at: datetime
    file_name: str
    content: bytes | None
    format: FormatName
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    mapping: tuple[str, ...]
    options: ImportOptions
    status: ImportStatus
    total: int
    done: int
    counts: Mapping[str, int]
    problems: tuple[RowProblem, ...]
    applied_at: datetime | None
    undone_at: datetime | None

    @property
    def is_running(self) -> bool:
        """True while it is being applied or undone."""
        return self.status in ("applying", "undoing")


def add_import(connection: Connection, values: Mapping[str, Any], now: datetime) -> None:
    """Store a new import; delete the files of old ones that nobody applied."""
    connection.execute(
        delete(client_imports).where(client_imports.c.status == "checked", client_imports.c.at < now - KEEP_FILES)
    )
    connection.execute(insert(client_imports).values(**values))


def change_import(connection: Connection, import_id: str, **values: Any) -> None:
    """Change values of an import."""
    connection.execute(update(client_imports).where(client_imports.c.id == import_id).values(**values))


def read_import(connection: Connection, import_id: str, user_id: str | None) -> StoredImport | None:
    """Return an import, of this user unless it is None."""
    query = select(client_imports).where(client_imports.c.id == import_id)
    if user_id is not None:
        query = query.where(client_imports.c.user_id == user_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else _import(row)


def imports_of(connection: Connection, user_id: str | None) -> Sequence[StoredImport]:
    """Return the latest imports, of this user unless it is None, newest first."""
    query = select(client_imports).order_by(client_imports.c.at.desc(), client_imports.c.id).limit(LISTED)
    if user_id is not None:
        query = query.where(client_imports.c.user_id == user_id)
    return [_import({**row, "content": None}) for row in connection.execute(query).mappings()]


def _import(row: Mapping[Any, Any]) -> StoredImport:
    values = {name: row[name] for name in StoredImport.__slots__}
    values |= {
        "columns": tuple(row["columns"]),
        "sample": tuple(tuple(cells) for cells in row["sample"]),
        "mapping": tuple(row["mapping"]),
        "options": ImportOptions(**row["options"]),
        "problems": tuple(RowProblem(*problem) for problem in row["problems"]),
    }
    return StoredImport(**values)


class StoredClients:
    """The clients in the database, read once for a whole import.

    To a viewer who doesn't see all clients, it is as if the others didn't exist: no answer depends on them.
    """

    def __init__(self, connection: Connection, scope: Scope) -> None:
        query = select(clients.c.id, clients.c.manager_id, clients.c.removed, clients.c.payload)
        self._payloads: dict[str, Any] = {}
        self._others: list[Any] = []
        self._refused: dict[str, tuple[str, str]] = {}
        self._emails: dict[str, str] = {}
        self._known: dict[str, Client] = {}
        #: Ids as files have them, of clients who got others (:func:`id_of_own`).
        self._filed: dict[str, str] = {}
        for row in connection.execute(query, execution_options={"yield_per": 500}):
            if not scope.includes(row.manager_id):
                if not row.removed:
                    self._others.append(row.payload)
                continue
            filed = row.id[:-7]
            if row.id == id_of_own(filed, row.manager_id):
                self._filed[filed] = row.id
            if row.removed:
                name = row.payload["client"]["name"]
                fix = "Restore them on the page of archived clients first, or leave the row out."
                self._refused[row.id] = (f"{name} is archived.", fix)
                continue
            self._payloads[row.id] = row.payload
            if email := (row.payload["client"].get("contact", {}).get("email") or "").casefold():
                self._emails.setdefault(email, row.id)

    def find(self, client_id: str, email: str) -> Client | None:
        """Return the client with this id or else this address."""
        by_id = client_id if client_id in self._payloads else self._filed.get(client_id)
        found = by_id if by_id in self._payloads else self._emails.get(email.casefold()) if email else None
        if found is None:
            return None
        if found not in self._known:
            self._known[found] = ClientChanged.model_validate(self._payloads[found]).client
        return self._known[found]

    def refusal(self, client_id: str, email: str) -> tuple[str, str] | None:
        """Return why no client can have this id; an address is refused to none."""
        refused = self._refused.get(client_id)
        if refused is None and client_id not in self._payloads:
            refused = self._refused.get(self._filed.get(client_id, ""))
        return refused

    def watches(self) -> Iterator[Mapping[str, Any]]:
        """Yield every watch of every client, as stored."""
        for payload in (*self._payloads.values(), *self._others):
            yield from payload["client"].get("assets", ())
            yield from payload["client"].get("interests", ())
