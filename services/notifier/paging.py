"""Pages of lists, by number for people and by cursor for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, RowMapping, Select, func, literal, select

from services.common.keyset import Cursor, items_after, rows_after

__all__ = ["Page", "Place", "page_of", "page_of_items"]

T = TypeVar("T")
U = TypeVar("U")
#: Where a page of a list begins: its number from 1, or the cursor after which it begins.
Place = int | Cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list: either the page with a number from 1, or the one after a cursor, whose number is unknown.

    ``next`` is the cursor of the following page, None if this is the last one.
    """

    items: Sequence[T]
    total: int
    number: int | None
    size: int
    next: str | None = None

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, -(-self.total // self.size))

    def with_items(self, items: Sequence[U]) -> Page[U]:
        """Return the same page with other items, such as those that its rows stand for."""
        return Page(items, self.total, self.number, self.size, self.next)


def page_of(
    connection: Connection, query: Select[Any], number: Place, size: int, *, count: Select[Any] | None = None
) -> Page[RowMapping]:
    """Return the page with a number (the last page if there are fewer), or the one after a cursor.

    ``count`` selects the rows to count, if that is simpler than ``query``. The order of ``query`` is complete, and
    nothing in it is null.
    """
    total = _count(connection, query if count is None else count)
    if isinstance(number, Cursor):
        rows, following = rows_after(connection, query, number, size)
        return Page(rows, total, None if number.text else 1, size, following)
    number = min(max(1, number), max(1, -(-total // size)))
    rows = connection.execute(query.limit(size).offset((number - 1) * size)).mappings().all()
    return Page(rows, total, number, size)


def page_of_items(
    items: Sequence[T], number: Place, size: int, key: Callable[[T], tuple[int | str, ...]], *, order: str
) -> Page[T]:
    """Return a page of a list in memory as :func:`page_of` does; see :func:`services.common.keyset.items_after`."""
    if isinstance(number, Cursor):
        part, following = items_after(items, number, size, key, order=order)
        return Page(part, len(items), None if number.text else 1, size, following)
    number = min(max(1, number), max(1, -(-len(items) // size)))
    return Page(items[(number - 1) * size : number * size], len(items), number, size)


def _count(connection: Connection, query: Select[Any]) -> int:
    bare = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True)
    return connection.execute(select(func.count()).select_from(bare.subquery())).scalar_one()
