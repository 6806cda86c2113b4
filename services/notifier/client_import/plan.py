"""Plan an import: what each row of a table adds or changes, and each problem with its row, column and fix. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from schemas.clients import Client
from services.notifier.client_book.fields import changed_fields, id_is_valid, stated_fields, value_of
from services.notifier.client_book.port import BookFrame, ClientBook, EntityIndex
from services.notifier.client_import.formats import TARGETS
from services.notifier.client_import.groups import Group, RowProblem, grouped
from services.notifier.client_import.reading import BOOK_FIELDS, CellReader
from services.notifier.client_import.table import Table

__all__ = ["ImportOptions", "KnownClients", "Plan", "PlannedClient", "plan_import"]

_PLACE = re.compile(r"assets\[(\d+)\]")
_TARGET_OF = {"contact.email": "email", "contact.phone": "phone", "desires": "goal", "history": "note"}

#: The fix for a cell, where the book's file is written in another way.
_FIXES = {
    "contact.max_per_week": "Write a whole number, such as 3.",
    "contact.quiet": "Write a range of hours, such as 19:00-08:00.",
    "time_zone": "Write it as a region and a city, such as Europe/Paris.",
    "language": "Write the code of a language, such as en or pt-BR.",
    "risk": "Write limited, moderate or high.",
}


class KnownClients(Protocol):
    """The clients that the book has."""

    def find(self, client_id: str, email: str) -> Client | None:
        """Return the one with this id or else this address, among those whom the viewer may change."""
        ...

    def refusal(self, client_id: str, email: str) -> tuple[str, str] | None:
        """Return why there can't be a client with this id or address, and what to do."""
        ...


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Choices for a whole import: the account manager of new clients whose rows name none.

    ``complete``: the file lists all holdings of each client in it; those that it doesn't list are removed.
    """

    manager: str = ""
    complete: bool = False


class PlannedClient(NamedTuple):
    """A client to add (``known`` is None) or to change, and the values of the fields that change."""

    row: int
    known: Client | None
    client: Client
    values: Mapping[str, Any]


@dataclass(slots=True)
class Plan:
    """The outcome of a dry run. ``same`` counts clients that the file does not change, ``failed`` rows with errors."""

    clients: list[PlannedClient] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    same: int = 0
    failed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of clients and rows, by outcome."""
        kinds = Counter("added" if planned.known is None else "changed" for planned in self.clients)
        return {"added": kinds["added"], "changed": kinds["changed"], "same": self.same, "failed": self.failed}


def plan_import(
    table: Table,
    mapping: Sequence[str],
    options: ImportOptions,
    book: ClientBook,
    frame: BookFrame,
    known: KnownClients,
    entities: EntityIndex,
) -> Plan:
    """Return what importing ``table`` does, with ``mapping`` saying which field each column fills."""
    plan = Plan()
    planner = _Planner(table, mapping, options, book, frame, known)
    groups, duplicates = grouped(table, mapping)
    plan.problems += duplicates
    plan.failed += len(duplicates)
    for group in groups:
        problems = list(planner.problems_before(group))
        if not problems:
            outcome = planner.plan(group, entities)
            problems = outcome.problems
            if not problems and outcome.planned is None:
                plan.same += 1
            elif not problems and outcome.planned is not None:
                plan.clients.append(outcome.planned)
        plan.problems += problems
        plan.failed += len({problem.row for problem in problems})
    plan.problems.sort()
    return plan


class _Outcome(NamedTuple):
    planned: PlannedClient | None
    problems: list[RowProblem]


class _Planner:
    """Plans the rows of one table."""

    def __init__(
        self,
        table: Table,
        mapping: Sequence[str],
        options: ImportOptions,
        book: ClientBook,
        frame: BookFrame,
        known: KnownClients,
    ) -> None:
        self._columns = {target: table.columns[at] for at, target in enumerate(mapping) if target}
        self._all_columns = table.columns
        self._options, self._book, self._frame, self._known = options, book, frame, known
        self._cells = CellReader(table, mapping, frame)
        self._touched = {BOOK_FIELDS[target] for target in mapping if target in BOOK_FIELDS}

    def problems_before(self, group: Group) -> Iterator[RowProblem]:
        """Yield the problems that make it needless to look further."""
        client_id, email = group.value("id"), group.value("email")
        number = group.rows[0].number
        if faults := list(group.faults(self._all_columns)):
            yield from faults
        elif client_id and not id_is_valid(client_id):
            fix = "Use letters, digits, dots and hyphens, at most 80."
            yield RowProblem(number, self._columns["id"], f"{client_id!r} can't be an id.", fix)
        elif (refusal := self._known.refusal(client_id, email)) is not None:
            yield RowProblem(number, self._columns.get("id" if client_id else "email", ""), *refusal)
        elif self._known.find(client_id, email) is None and not group.name():
            column = self._columns.get("name") or self._columns.get("last_name") or self._columns.get("id", "")
            fix = "Write a name, or the id or address of a client in the book."
            yield RowProblem(number, column, "This row names no client.", fix)

    def plan(self, group: Group, entities: EntityIndex) -> _Outcome:
        """Return what a group of rows changes."""
        current = self._known.find(group.value("id"), group.value("email"))
        entry = {} if current is None else dict(self._book.entry(current))
        read = self._cells.read(group, entry, is_new=current is None, complete=self._options.complete)
        if current is None and "manager" not in read.entry and self._options.manager:
            read.entry["manager"] = self._options.manager
        problems = list(read.problems)
        found = self._book.read(read.entry, self._frame)
        for problem in found.problems:
            if problem.severity == "error":
                place = _PLACE.match(problem.field)
                row = read.asset_rows.get(int(place[1]), group.rows[0].number) if place else group.rows[0].number
                column = self._column(problem.field)
                if not any(other.row == row and other.column == column for other in problems):
                    fix = _FIXES.get(problem.field, problem.fix)
                    problems.append(RowProblem(row, column, problem.message, fix))
        if problems or found.client is None:
            return _Outcome(None, problems)
        client = entities.identified(_with_known_ids(found.client, current))
        if current is None:
            if not group.value("id"):
                client = client.model_copy(update={"id": self._book.new_id(client.name)})
            values = {name: value_of(client, name) for name in stated_fields(client)}
            return _Outcome(PlannedClient(group.rows[0].number, None, client, values), [])
        changed = [name for name in changed_fields(current, client) if name in self._touched]
        if not changed:
            return _Outcome(None, [])
        values = {name: value_of(client, name) for name in changed}
        return _Outcome(PlannedClient(group.rows[0].number, current, client, values), [])

    def _column(self, place: str) -> str:
        """Return the column that fills the field of a problem."""
        if place.startswith("assets["):
            name = place.rpartition(".")[2]
            target = f"asset_{name}" if f"asset_{name}" in TARGETS else "asset_name"
            return self._columns.get(target) or self._columns.get("assets", "")
        top = re.sub(r"\[.*", "", place)
        target = _TARGET_OF.get(top, top.removeprefix("contact."))
        if target == "name" and "name" not in self._columns:
            target = "last_name"
        return self._columns.get(target, "")


def _with_known_ids(client: Client, current: Client | None) -> Client:
    """Return ``client`` with the ids of the watches that they had already, and their notes as they were."""
    if current is None:
        return client
    ids = {(watch.name.casefold(), watch.isin, watch.tickers): watch.entity_id for watch in current.watches}
    sources = {(note.text, note.question): note.source for note in (*current.views, *current.history)}
    update: dict[str, Any] = {"id": current.id}
    for name in ("assets", "interests"):
        update[name] = tuple(
            watch.model_copy(
                update={"entity_id": ids.get((watch.name.casefold(), watch.isin, watch.tickers), watch.entity_id)}
            )
            for watch in getattr(client, name)
        )
    for name in ("views", "history"):
        update[name] = tuple(
            note.model_copy(update={"source": sources.get((note.text, note.question), "desk")})
            for note in getattr(client, name)
        )
    return client.model_copy(update=update)
