"""Tables, carried row by row."""

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

__all__ = ["CHUNK", "EndpointRows", "NamelessRows", "TableRows"]

CHUNK = 500


class TableRows:
    """A table's rows, known by their ``key`` (by default the primary key).

    ``blank`` are columns that stay behind: secrets, and what holds only where it was written. ``counted`` is a column
    that the database numbers by itself: it gives the order here, and is numbered anew there.
    """

    def __init__(
        self, table: Table, *, key: Sequence[str] = (), blank: Sequence[str] = (), counted: str | None = None
    ) -> None:
        self.name = table.name
        self.table = table
        self._key = tuple(key) or tuple(column.name for column in table.primary_key.columns)
        self._blank = frozenset(blank)
        self._counted = counted
        self._columns = [column for column in table.columns if column.name != counted]

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Every row, in the order of its key."""
        for found in connection.execute(self._query(connection), execution_options={"yield_per": CHUNK}).mappings():
            yield self.shown(
                {
                    column.name: None if column.name in self._blank else _shown_value(found[column.name])
                    for column in self._columns
                }
            )

    def shown(self, row: Row) -> Row:
        """``row`` as it is carried."""
        return row

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows whose key is not taken."""
        values = [self.values(row) for row in rows]
        return sum(
            upsert(connection, self.table, list(alike), self._key, update=()) for _, alike in groupby(values, key=set)
        )

    def values(self, row: Row) -> dict[str, Any]:
        """A carried row as it is inserted. JSON that is null is left out: else the text ``null`` is stored."""
        columns = {column.name: column for column in self._columns}
        if unknown := row.keys() - columns.keys():
            raise BadInput(
                f"{self.name}: this version knows no column {', '.join(sorted(unknown))}.",
                fix="Update Firstword to the version that exported it.",
            )
        return {
            name: _read_value(columns[name], value)
            for name, value in row.items()
            if not (value is None and isinstance(columns[name].type, JSON))
        }

    def is_empty(self, connection: Connection) -> bool:
        """Whether it has no row."""
        return connection.execute(select(self.table).limit(1)).first() is None

    def _query(self, connection: Connection) -> Select[Any]:
        if self._counted is not None:
            return select(self.table).order_by(self.table.c[self._counted])
        order: list[ColumnElement[Any]] = [self.table.c[name] for name in self._key]
        if connection.dialect.name == "postgresql":  # as SQLite sorts, whatever language the server is set to
            order = [column.collate("C") if isinstance(column.type, String) else column for column in order]
        return select(self.table).order_by(*order)


class NamelessRows(TableRows):
    """Rows that nothing names but their number here (the audit log): one is there when one like it is."""

    def __init__(self, table: Table, *, counted: str) -> None:
        super().__init__(table, counted=counted)
        self._there: Counter[str] | None = None

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows of which there are fewer here than in the file so far."""
        if self._there is None:
            self._there = Counter(json.dumps(row) for row in self.rows(connection))
        new = []
        for row in rows:
            text = json.dumps(row)
            if self._there[text] > 0:
                self._there[text] -= 1
            else:
                new.append(self.values(row))
        if new:
            connection.execute(insert(self.table), new)
        return len(new)


class EndpointRows(TableRows):
    """Webhook endpoints. Without their secrets they arrive disabled: nothing could be signed. With them, the file holds
    them in plain text, for keys stay behind.

    They are told of what comes after the newest alert that is carried: what the matcher raises again is not new.
    """

    def __init__(self, table: Table, *, with_secrets: bool, heard_until: datetime | None, keys: Keys) -> None:
        super().__init__(table, blank=("paced_until",))
        self._keys = keys
        self._since = None if heard_until is None else _shown_value(heard_until + timedelta(microseconds=1))
        self._with_secrets = with_secrets

    def shown(self, row: Row) -> Row:
        """``row``, with its secrets only if they were asked for."""
        if self._since is not None:
            row = row | {"created_at": max(row["created_at"], self._since)}
        if not row["secrets"] and row["state"] == "disabled":
            return row
        if self._with_secrets:
            return row | {"secrets": [one | {"value": self._keys.open(one["value"])} for one in row["secrets"]]}
        disabled = {}
        if row["state"] != "disabled":
            why = "It was moved without its secrets: 'firstword webhooks rotate' makes one, 'enable' takes it up."
            disabled = {"state": "disabled", "disabled_at": row["changed_at"], "disabled_because": why}
        return row | disabled | {"secrets": []}

    def values(self, row: Row) -> dict[str, Any]:
        """A carried row as it is inserted: its secrets sealed with the keys of this place."""
        sealed = [one | {"value": self._keys.seal(one["value"])} for one in row["secrets"]]
        return super().values(row | {"secrets": sealed})


def _shown_value(value: object) -> object:
    """A database's value as JSON says it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes | memoryview):
        return b64encode(bytes(value)).decode("ascii")
    return value


def _read_value(column: Column[Any], value: Any) -> Any:
    """The inverse of :func:`_shown_value`, by the column's type."""
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return b64decode(value)
    return value
