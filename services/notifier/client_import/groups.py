"""Put the rows of a table together that are about one client: each row of contacts, all holdings of a client. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.notifier.client_import.table import Row, Table

__all__ = ["HOLDING", "Group", "RowProblem", "grouped"]

#: The fields of a holding: where a column fills one, a client may have many rows.
HOLDING = frozenset(
    ("asset_name", "asset_ticker", "asset_isin", "asset_cik", "asset_weight", "asset_value", "asset_note")
)


#: Characters of each field that are enough; texts of several sentences may have as many as a cell.
_LIMITS = {
    "id": 80, "name": 200, "first_name": 100, "last_name": 100, "organisation": 200, "email": 254, "phone": 60,
    "manager": 200, "salutation": 200, "jurisdiction": 100, "asset_name": 200, "asset_ticker": 40, "asset_isin": 40,
    "asset_cik": 40,
}  # fmt: skip
_NAMES = frozenset(("name", "first_name", "last_name", "organisation"))
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class RowProblem(NamedTuple):
    """A problem in a row: where it is, what is wrong, and what to do."""

    row: int
    column: str
    message: str
    fix: str


@dataclass(slots=True)
class Group:
    """The rows of one client. ``positions`` says in which column each field is."""

    positions: dict[str, int]
    rows: list[Row] = field(default_factory=list)

    def value(self, target: str, row: Row | None = None) -> str:
        """Return the text of a field, in the first row unless another is given."""
        at = self.positions.get(target)
        cells = (row or self.rows[0]).cells
        return cells[at] if at is not None and at < len(cells) else ""

    def faults(self, columns: Sequence[str]) -> Iterator[RowProblem]:
        """Yield the cells of the rows that hold no value that their field could have."""
        for row in self.rows:
            for target, at in self.positions.items():
                fault = row.faults.get(at) or _misfit(target, self.value(target, row))
                if fault is not None:
                    yield RowProblem(row.number, columns[at], *fault)

    def name(self) -> str:
        """Return the client's name, put together if need be."""
        return self.value("name") or " ".join(
            part for part in (self.value("first_name"), self.value("last_name")) if part
        )


def _misfit(target: str, text: str) -> tuple[str, str] | None:
    limit = _LIMITS.get(target)
    if limit is not None and len(text) > limit:
        return f"The text has {len(text):,} characters, more than {limit}.", "Shorten it."
    if target in _NAMES and _ADDRESS.fullmatch(text):
        return f"{text!r} is an address: the cells of this row may have moved.", "Put each value into its own column."
    return None


def grouped(table: Table, mapping: Sequence[str]) -> tuple[list[Group], list[RowProblem]]:
    """Return the groups in the order of the file, and rows that repeat a client or don't fit the columns."""
    positions = {target: at for at, target in enumerate(mapping) if target}
    holdings = bool(HOLDING.intersection(positions))
    groups: list[Group] = []
    problems: list[RowProblem] = []
    by_key: dict[tuple[str, str], Group] = {}
    for row in table.rows:
        group = Group(positions, [row])
        if len(row.cells) > len(table.columns) and any(row.cells[len(table.columns) :]):
            message = f"The row has {len(row.cells)} cells, but there are {len(table.columns)} columns."
            fix = "Put texts that contain the separator in quotes."
            problems.append(RowProblem(row.number, table.columns[-1], message, fix))
            continue
        keys = [(target, text.casefold()) for target in ("id", "email") if (text := group.value(target))]
        if holdings and not keys:
            keys = [("name", group.name().casefold())]
        first = next((by_key[key] for key in keys if key in by_key), None)
        if first is None:
            groups.append(group)
            by_key.update(dict.fromkeys(keys, group))
        elif holdings:
            first.rows.append(row)
        else:
            target = next(key[0] for key in keys if key in by_key)
            message = f"Row {first.rows[0].number} has the same {'id' if target == 'id' else 'email address'}."
            fix = "Keep one of the two rows."
            problems.append(RowProblem(row.number, table.columns[positions[target]], message, fix))
    return groups, problems
