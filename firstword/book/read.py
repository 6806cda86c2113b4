"""Read a :class:`Book` from text, and report all its problems at once."""

from __future__ import annotations

from firstword.book.fields import Fields, Report
from firstword.book.identity import assign_entities
from firstword.book.nodes import MappingNode, Unreadable, parse_nodes
from firstword.book.people import CLIENT, FIRM, MANAGER, Defaults, Entry, read_client, read_firm, read_manager
from firstword.book.problem import Problem
from firstword.book.scopes import scope_warnings
from firstword.book.shared_names import shared_names
from schemas.clients import Book, Client, Firm, Manager
from services.notifier.trades.catalog import Trades

__all__ = ["load_book"]

_BOOK = ("version", "firm", "managers", "clients")
_VERSION = "1"


def load_book(text: str, name: str, trades: Trades | None = None) -> tuple[Book | None, tuple[Problem, ...]]:
    """Return the book in ``text`` (YAML or JSON) and its problems, sorted by line. ``name`` is the file's name.

    ``trades`` are those that it may name, by default those that ship. The book is None if there is an error.
    """
    report = Report(name)
    try:
        root = parse_nodes(text.removeprefix("\ufeff"))
    except Unreadable as error:
        report.error(error.line, "", error.message, error.fix)
        return None, tuple(report.problems)
    if not isinstance(root, MappingNode):
        report.error(
            root.line, "", "A book must have fields.", "Begin with `version: 1`, `firm:`, `managers:`, `clients:`."
        )
        return None, tuple(report.problems)
    book = _book(Fields(root, "", _BOOK, report), report, trades or Trades.shipped())
    problems = tuple(sorted(report.problems, key=lambda problem: problem.line))
    return (None if report.failed else book), problems


def _book(fields: Fields, report: Report, trades: Trades) -> Book:
    version = fields.text("version") or _VERSION
    if version != _VERSION:
        fields.error(
            "version",
            f"The book has version {version}.",
            f"Write `version: {_VERSION}`, the only version that can be read.",
        )
    if "firm" in fields:
        firm = read_firm(fields.mapping("firm", FIRM), trades)
    else:
        fields.error("firm", "'firm' is missing.", "Add `firm: {name: …, trade: wealth}`.")
        firm = Firm(name="")
    managers = _managers(fields, report)
    defaults = Defaults(firm, managers, trades)
    entries = []
    for path, node in fields.entries("clients"):
        if isinstance(node, MappingNode):
            entries.append(read_client(Fields(node, path, CLIENT, report), defaults))
        else:
            report.error(node.line, path, "A client must have fields.", "Write `- name: …`.")
    _check_ids(entries, report)
    clients = _with_entities(entries)
    for shared in shared_names(clients):
        entry = entries[shared.client]
        report.warning(entry.line, f"{entry.path}.{shared.where}", shared.message, shared.fix)
    for client, entry in zip(clients, entries, strict=True):
        for unscoped in scope_warnings(client, trades.of(client.trade)):
            place = entry.watches[unscoped.position]
            report.warning(place.line, place.path, unscoped.message, unscoped.fix)
    return Book(firm=firm, managers=tuple(managers.values()), clients=clients)


def _managers(fields: Fields, report: Report) -> dict[str, Manager]:
    managers: dict[str, Manager] = {}
    for path, node in fields.entries("managers"):
        if not isinstance(node, MappingNode):
            report.error(node.line, path, "A manager must have fields.", "Write `- {id: …, name: …}`.")
            continue
        manager = read_manager(Fields(node, path, MANAGER, report))
        if manager.id in managers:
            report.error(
                node.line,
                f"{path}.id",
                f"Two managers have the id {manager.id!r}.",
                "Give each manager an id of their own.",
            )
        managers.setdefault(manager.id, manager)
    if not managers:
        fields.error("managers", "There is no manager.", "Add `managers: [{id: …, name: …, email: …}]`.")
    return managers


def _check_ids(entries: list[Entry], report: Report) -> None:
    lines: dict[str, int] = {}
    for entry in entries:
        first = lines.setdefault(entry.client.id, entry.line)
        if first != entry.line:
            message = f"The client on line {first} has the id {entry.client.id!r} too."
            report.error(entry.line, f"{entry.path}.id", message, "Give each client an `id` of their own.")


def _with_entities(entries: list[Entry]) -> tuple[Client, ...]:
    """Return the clients with the entity ids of their watches, which are assigned over the whole book."""
    watches = [watch for entry in entries for watch in entry.client.watches]
    explicit = [watch.entity_id for entry in entries for watch in entry.watches]
    identified = iter(assign_entities(watches, explicit))
    clients = []
    for entry in entries:
        assets = tuple(next(identified) for _ in entry.client.assets)
        interests = tuple(next(identified) for _ in entry.client.interests)
        clients.append(entry.client.model_copy(update={"assets": assets, "interests": interests}))
    return tuple(clients)
