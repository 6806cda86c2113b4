"""The text of a book → a :class:`Book`. Everything that is wrong is reported at once, not only the first."""

from __future__ import annotations

from firstword.book.fields import Fields, Report
from firstword.book.identity import assign_entities
from firstword.book.nodes import MappingNode, Unreadable, parse_nodes
from firstword.book.people import CLIENT, FIRM, MANAGER, Defaults, Entry, read_client, read_firm, read_manager
from firstword.book.problem import Problem
from firstword.book.sharing import shared_names
from schemas.clients import Book, Client, Firm, Manager

__all__ = ["load_book"]

_BOOK = ("version", "firm", "managers", "clients")
_VERSION = "1"


def load_book(text: str, name: str) -> tuple[Book | None, tuple[Problem, ...]]:
    """The book in ``text``, YAML or JSON, and its problems in the order of their lines; ``name`` is the file's.

    The book is None if there is any error; warnings alone leave it usable.
    """
    report = Report(name)
    try:
        root = parse_nodes(text.removeprefix("\ufeff"))
    except Unreadable as error:
        report.error(error.line, "", error.message, error.fix)
        return None, tuple(report.problems)
    if not isinstance(root, MappingNode):
        report.error(root.line, "", "A book has fields.", "Begin with `version: 1`, `firm:`, `managers:`, `clients:`.")
        return None, tuple(report.problems)
    book = _book(Fields(root, "", _BOOK, report), report)
    problems = tuple(sorted(report.problems, key=lambda problem: problem.line))
    return (None if report.failed else book), problems


def _book(fields: Fields, report: Report) -> Book:
    version = fields.text("version") or _VERSION
    if version != _VERSION:
        fields.error("version", f"This is a book of version {version}.", f"Only version {_VERSION} can be read.")
    if "firm" in fields:
        firm = read_firm(fields.mapping("firm", FIRM))
    else:
        fields.error("firm", "'firm' is missing.", "Add `firm: {name: …, trade: wealth}`.")
        firm = Firm(name="")
    managers = _managers(fields, report)
    defaults = Defaults(firm, managers)
    entries = []
    for path, node in fields.entries("clients"):
        if isinstance(node, MappingNode):
            entries.append(read_client(Fields(node, path, CLIENT, report), defaults))
        else:
            report.error(node.line, path, "A client has fields.", "Write `- name: …`.")
    _check_ids(entries, report)
    clients = _identified(entries)
    for shared in shared_names(clients):
        entry = entries[shared.client]
        report.warning(entry.line, f"{entry.path}.{shared.where}", shared.message, shared.fix)
    return Book(firm=firm, managers=tuple(managers.values()), clients=clients)


def _managers(fields: Fields, report: Report) -> dict[str, Manager]:
    found: dict[str, Manager] = {}
    for path, node in fields.entries("managers"):
        if not isinstance(node, MappingNode):
            report.error(node.line, path, "A manager has fields.", "Write `- {id: …, name: …}`.")
            continue
        manager = read_manager(Fields(node, path, MANAGER, report))
        if manager.id in found:
            report.error(node.line, f"{path}.id", f"There are two managers {manager.id!r}.", "Give each an id.")
        found.setdefault(manager.id, manager)
    if not found:
        fields.error("managers", "There is no manager.", "Add `managers: [{id: …, name: …, email: …}]`.")
    return found


def _check_ids(entries: list[Entry], report: Report) -> None:
    lines: dict[str, int] = {}
    for entry in entries:
        first = lines.setdefault(entry.client.id, entry.line)
        if first != entry.line:
            message = f"The id {entry.client.id!r} is also that of the client on line {first}."
            report.error(entry.line, f"{entry.path}.id", message, "Give each client an `id` of their own.")


def _identified(entries: list[Entry]) -> tuple[Client, ...]:
    """The clients, their watches told apart or found the same over the whole book."""
    watches = [watch for entry in entries for watch in entry.client.watches]
    stated = [given for entry in entries for given in entry.stated]
    found = iter(assign_entities(watches, stated))
    clients = []
    for entry in entries:
        assets = tuple(next(found) for _ in entry.client.assets)
        interests = tuple(next(found) for _ in entry.client.interests)
        clients.append(entry.client.model_copy(update={"assets": assets, "interests": interests}))
    return tuple(clients)
