"""Pages by the position of their last row, so that rows which are added or removed meanwhile move nothing.

A cursor holds the sort values of the last row. It is opaque to callers, but it is no secret and grants nothing: the
query's own conditions hold on every page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Boolean, ColumnElement, Connection, RowMapping, Select, and_, case, literal, or_
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from services.common.db import UtcDateTime
from services.common.errors import BadInput

__all__ = ["Cursor", "items_after", "rows_after"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which a page begins; an empty ``text`` is the beginning."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    """An expression of a query's order."""

    column: ColumnElement[Any]
    descending: bool

    def after(self, value: Any) -> ColumnElement[bool]:
        bound = literal(value, self.column.type)
        return self.column < bound if self.descending else self.column > bound


def rows_after(
    connection: Connection, query: Select[Any], cursor: Cursor, size: int
) -> tuple[Sequence[RowMapping], str | None]:
    """Return the rows after ``cursor`` in the order of ``query``, and the cursor of the next page if there is one.

    The order must be complete: it ends with a column that is different in every row, and no value is null.

    Raises:
        BadInput: the cursor was not returned for a list in this order.
    """
    keys = [_key(clause) for clause in query._order_by_clauses]
    order = hashlib.sha256("|".join(f"{key.column} {key.descending}" for key in keys).encode()).hexdigest()[:8]
    paged = query.add_columns(*(key.column.label(f"_key{place}") for place, key in enumerate(keys))).limit(size + 1)
    if cursor.text:
        paged = paged.where(_beyond(keys, _decoded(cursor.text, order, keys)))
    rows = connection.execute(paged).mappings().all()
    if len(rows) <= size:
        return rows, None
    last = [rows[size - 1][f"_key{place}"] for place in range(len(keys))]
    return rows[:size], _encoded(order, last)


def items_after(
    items: Sequence[T], cursor: Cursor, size: int, key: Callable[[T], tuple[int | str, ...]], *, order: str
) -> tuple[Sequence[T], str | None]:
    """Return the items after ``cursor``, and the cursor of the next page if there is one.

    The items are sorted by ``key``, which is different for each; ``order`` names the list.

    Raises:
        BadInput: the cursor was not returned for this list.
    """
    start = 0
    if cursor.text:
        try:
            start = bisect_right(items, tuple(_values(cursor.text, order)), key=key)
        except (binascii.Error, ValueError, TypeError, RecursionError):
            raise _another_list() from None
    following = items[start : start + size]
    return following, _encoded(order, key(following[-1])) if start + size < len(items) else None


def _key(clause: Any) -> _Key:
    descending = isinstance(clause, UnaryExpression) and clause.modifier is operators.desc_op
    column = clause.element if isinstance(clause, UnaryExpression) and clause.modifier is not None else clause
    return _Key(case((column, 1), else_=0) if isinstance(column.type, Boolean) else column, descending)


def _beyond(keys: Sequence[_Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a row stands after ``values`` in the order of ``keys``."""
    return or_(
        *(
            and_(*(keys[before].column == literal(values[before], keys[before].column.type) for before in range(place)),
                 key.after(values[place]))
            for place, key in enumerate(keys)
        )
    )  # fmt: skip


def _encoded(order: str, values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([order, *plain], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(text: str, order: str, keys: Sequence[_Key]) -> list[Any]:
    try:
        return [_typed(value, key.column) for value, key in zip(_values(text, order), keys, strict=True)]
    except (binascii.Error, ValueError, RecursionError):
        raise _another_list() from None


def _values(text: str, order: str) -> list[Any]:
    found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(found, list) or found[:1] != [order]:
        raise ValueError("another list")
    return found[1:]


def _another_list() -> BadInput:
    return BadInput(
        "This cursor does not belong to this list.",
        fix="Use the value of `next` from the page before, with the same filters, or leave the cursor out.",
    )


def _typed(value: Any, column: ColumnElement[Any]) -> Any:
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError("not a time")
        return moment
    expected = column.type.python_type
    if not isinstance(value, expected) or (isinstance(value, str) and "\x00" in value):
        raise ValueError("another type")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("too large")
    return value
