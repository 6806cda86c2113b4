"""Tables as sections, row by row."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Connection, LargeBinary, Select, String, Table, insert, select

from firstword.transfer.archive import Row
from services.common.db import UtcDateTime, upsert
from services.common.errors import BadInput
from services.common.sealing import Keys

__all__ = ["CHUNK", "EndpointRows", "TableRows", "UnkeyedRows"]

CHUNK = 500


class TableRows:
    """The rows of a table, identified by ``key`` (default: the primary key).

    ``blank`` names columns that are exported empty: secrets, and values that mean nothing elsewhere. ``numbered_by`` is
    a column that the database numbers itself: exports are sorted by it, and imports number the rows again. ``optional``
    names columns of later versions: they are exported only with a value, so that the files of earlier versions compare.
    """

    def __init__(
        self,
        table: Table,
        *,
        key: Sequence[str] = (),
        blank: Sequence[str] = (),
        numbered_by: str | None = None,
        optional: Sequence[str] = (),
    ) -> None:
        self.name = table.name
        self.table = table
        self._key = tuple(key) or tuple(column.name for column in table.primary_key.columns)
        self._blank = frozenset(blank)
        self._numbered_by = numbered_by
        self._optional = frozenset(optional)
        self._columns = [column for column in table.columns if column.name != numbered_by]

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Yield every row, sorted by its key."""
        for row in connection.execute(self._query(connection), execution_options={"yield_per": CHUNK}).mappings():
            values = {
                column.name: None if column.name in self._blank else _to_json(row[column.name])
                for column in self._columns
            }
            shown = {name: value for name, value in values.items() if value is not None or name not in self._optional}
            yield self.exported(shown)

    def exported(self, row: Row) -> Row:
        """Return ``row`` as it is written to the file."""
        return row

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows whose key is new."""
        values = [self.values(row) for row in rows]
        by_columns = groupby(values, key=set)
        return sum(upsert(connection, self.table, list(group), self._key, update=()) for _, group in by_columns)

    def values(self, row: Row) -> dict[str, Any]:
        """Return the values to insert for ``row``, without null JSON columns: those would be stored as ``null``."""
        columns = {column.name: column for column in self._columns}
        if unknown := row.keys() - columns.keys():
            raise BadInput(
                f"{self.name}: this version doesn't know the columns {', '.join(sorted(unknown))}.",
                fix="Update Firstword to the version that exported it.",
            )
        return {
            name: _from_json(columns[name], value)
            for name, value in row.items()
            if not (value is None and isinstance(columns[name].type, JSON))
        }

    def is_empty(self, connection: Connection) -> bool:
        """Return whether the table has no row."""
        return connection.execute(select(self.table).limit(1)).first() is None

    def _query(self, connection: Connection) -> Select[Any]:
        if self._numbered_by is not None:
            return select(self.table).order_by(self.table.c[self._numbered_by])
        order: list[ColumnElement[Any]] = [self.table.c[name] for name in self._key]
        if connection.dialect.name == "postgresql":  # sorts as SQLite does, whatever the server's locale
            order = [column.collate("C") if isinstance(column.type, String) else column for column in order]
        return select(self.table).order_by(*order)


class UnkeyedRows(TableRows):
    """The rows of a table without a key of its own (the audit log). A row is new unless an equal one exists.

    ``left_out`` names columns that mean nothing elsewhere, such as the seal of an audit entry: it is sealed anew.
    """

    def __init__(self, table: Table, *, numbered_by: str, left_out: Sequence[str] = ()) -> None:
        super().__init__(table, numbered_by=numbered_by, blank=left_out, optional=left_out)
        self._existing: Counter[str] | None = None

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows that the file has more often than the table."""
        if self._existing is None:
            self._existing = Counter(json.dumps(row) for row in self.rows(connection))
        new = []
        for row in rows:
            text = json.dumps(row)
            if self._existing[text] > 0:
                self._existing[text] -= 1
            else:
                new.append(self.values(row))
        if new:
            connection.execute(insert(self.table), new)
        return len(new)


class EndpointRows(TableRows):
    """The rows of webhook endpoints, with their secrets in plain text or without: keys are not exported.

    An endpoint that is imported without its secrets is disabled, because nothing could be signed. Imported endpoints
    receive only what is newer than the newest alert in the file: what the matcher raises again is not new.
    """

    def __init__(self, table: Table, *, with_secrets: bool, answered_until: datetime | None, keys: Keys) -> None:
        super().__init__(table, blank=("paced_until",))
        self._keys = keys
        self._since = None if answered_until is None else _to_json(answered_until + timedelta(microseconds=1))
        self._with_secrets = with_secrets

    def exported(self, row: Row) -> Row:
        """Return ``row`` with its secrets, if they are wanted."""
        if self._since is not None:
            row = row | {"created_at": max(row["created_at"], self._since)}
        if not row["secrets"] and row["state"] == "disabled":
            return row
        if self._with_secrets:
            secrets = [secret | {"value": self._keys.open(secret["value"])} for secret in row["secrets"]]
            return row | {"secrets": secrets}
        disabled = {}
        if row["state"] != "disabled":
            reason = (
                "It was imported without its secrets. 'firstword webhooks rotate' creates a new one, 'firstword "
                "webhooks enable' enables it again."
            )
            disabled = {"state": "disabled", "disabled_at": row["changed_at"], "disabled_because": reason}
        return row | disabled | {"secrets": []}

    def values(self, row: Row) -> dict[str, Any]:
        """Return the values to insert for ``row``, with its secrets sealed by this installation's keys."""
        sealed = [secret | {"value": self._keys.seal(secret["value"])} for secret in row["secrets"]]
        return super().values(row | {"secrets": sealed})


def _to_json(value: object) -> object:
    """Return a database's value as JSON can hold it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes | memoryview):
        return b64encode(bytes(value)).decode("ascii")
    return value


def _from_json(column: Column[Any], value: Any) -> Any:
    """Return the database's value; the inverse of :func:`_to_json`, by the column's type."""
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return b64decode(value)
    return value
