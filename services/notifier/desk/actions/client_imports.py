"""Import clients from a table: read it, change its mapping, see what it would do, apply it, and undo it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy import select

from schemas.base import content_id
from schemas.clients import ClientChanged
from services.common.db import exclusive
from services.common.errors import BadInput
from services.common.safe_csv import safe_csv
from services.notifier import queries
from services.notifier.client_book.fields import changed_fields, with_values
from services.notifier.client_book.store import book_frame
from services.notifier.client_book.tables import client_changes
from services.notifier.client_import.formats import TARGETS, detect_format, suggest_mapping
from services.notifier.client_import.groups import RowProblem
from services.notifier.client_import.plan import ImportOptions, Plan, PlannedClient, plan_import
from services.notifier.client_import.store import (
    StoredClients,
    StoredImport,
    add_import,
    change_import,
    imports_of,
    read_import,
)
from services.notifier.client_import.table import read_table
from services.notifier.client_import.tables import client_imports
from services.notifier.desk.actions.client_edits import free_id, marked, publish_clients, remove_client
from services.notifier.desk.actions.context import Acting, ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.scope import Scope

__all__ = [
    "Acting",
    "apply_import",
    "check_import",
    "list_imports",
    "problems_csv",
    "show_import",
    "stage_import",
    "start_import",
    "start_undo",
    "undo_import",
]

#: Clients that are written in one transaction, so that nothing else waits long.
CHUNK = 200
SAMPLE_ROWS = 3
#: Problems that are kept: a file with more has one cause for most of them.
MAX_PROBLEMS = 5_000
T = TypeVar("T")


def stage_import(acting: Acting, file_name: str, content: bytes) -> StoredImport:
    """Read a file, guess what its columns mean, and make a dry run.

    Raises:
        BadInput: the file can't be read.
    """
    table = read_table(content)
    found = detect_format(table.columns)
    with acting() as context:
        viewer = context.viewer
        import_id = content_id("imp", viewer.user_id, context.now.isoformat(), file_name)
        options = ImportOptions(manager="" if viewer.may("clients.assign") else viewer.manager_id or "")
        values = {
            "id": import_id,
            "user_id": viewer.user_id,
            "at": context.now,
            "file_name": file_name[-200:] or "table",
            "content": content,
            "format": found,
            "columns": list(table.columns),
            "sample": [list(row.cells) for row in table.rows[:SAMPLE_ROWS]],
            "mapping": list(suggest_mapping(table.columns, found)),
            "options": asdict(options),
            "status": "checked",
            "counts": {},
            "problems": [],
        }
        add_import(context.connection, values, context.now)
        context.audit("import.uploaded", import_id, None, f"{values['file_name']}, {len(table.rows)} rows")
    return _check(acting, import_id)


def check_import(acting: Acting, import_id: str, mapping: Sequence[str], options: ImportOptions) -> StoredImport:
    """Change what the columns mean, and make a dry run.

    Raises:
        BadInput: a field is not known, or two columns fill the same one.
    """
    with acting() as context:
        state = _own(context, import_id)
        if state.status != "checked":
            raise Conflict("This import was applied already.", fix="Upload the file again.")
        wanted = [*mapping, *([""] * len(state.columns))][: len(state.columns)]
        for at, field in enumerate(wanted):
            if field and field not in TARGETS:
                raise BadInput(f"There is no field {field!r}.", fix=f"Choose one of {', '.join(TARGETS)}.")
            if field and field in wanted[:at]:
                raise BadInput(f"Two columns fill {TARGETS[field]!r}.", fix="Choose another field for one of them.")
        if not context.viewer.may("clients.assign"):
            options = ImportOptions(context.viewer.manager_id or "", options.complete)
        change_import(context.connection, import_id, mapping=wanted, options=asdict(options))
    return _check(acting, import_id)


def start_import(context: ActionContext, import_id: str) -> StoredImport:
    """Mark an import as being applied, so that a page that is shown before its first clients says so.

    Raises:
        Conflict: it was applied already.
    """
    state = _own(context, import_id)
    if state.status not in ("checked", "applying"):
        raise Conflict("This import was applied already.", fix="Upload the file again.")
    change_import(context.connection, import_id, status="applying")
    return state


def apply_import(acting: Acting, import_id: str) -> StoredImport:
    """Write what an import changes, some clients at a time. If it was interrupted, the rest follows.

    Raises:
        Conflict: it was applied already, or is being applied at this moment.
    """
    with acting() as context:
        state = start_import(context, import_id)
    plan = _plan(acting, import_id)
    with acting() as context:
        exclusive(context.connection, "book")
        _require_place(context, import_id, state.done)
        change_import(context.connection, import_id, total=state.done + len(plan.clients))
    done = state.done
    for chunk in _chunks(plan.clients):
        with acting() as context:
            exclusive(context.connection, "book")
            _require_place(context, import_id, done)
            _write(context, chunk, import_id)
            done += len(chunk)
            change_import(context.connection, import_id, done=done)
    with acting() as context:
        change_import(context.connection, import_id, status="applied", applied_at=context.now, content=None)
        context.audit("import.applied", import_id, None, f"{state.file_name}: {done} clients")
        return _own(context, import_id)


def start_undo(context: ActionContext, import_id: str) -> StoredImport:
    """Mark an import as being undone, so that a page that is shown before its first clients says so.

    Raises:
        Conflict: it is not applied.
    """
    state = _own(context, import_id)
    if state.status not in ("applied", "undoing"):
        raise Conflict("This import is not applied.", fix="There is nothing to undo.")
    change_import(context.connection, import_id, status="undoing", done=0)
    return state


def undo_import(acting: Acting, import_id: str) -> StoredImport:
    """Put back the entries that an import changed, and remove the clients that it added, some at a time.

    Clients that were changed since then stay as they are, and are counted.

    Raises:
        Conflict: it is not applied.
    """
    with acting() as context:
        state = start_undo(context, import_id)
        query = select(client_changes.c.client_id, client_changes.c.revision, client_changes.c.before).where(
            client_changes.c.import_id == import_id, client_changes.c.action == "imported"
        )
        changes = context.connection.execute(query.order_by(client_changes.c.client_id)).all()
        change_import(context.connection, import_id, total=len(changes))
    undone = done = 0
    for chunk in _chunks(changes):
        with acting() as context:
            exclusive(context.connection, "book")
            back: list[tuple[ClientChanged | None, ClientChanged]] = []
            for client_id, revision, stored in chunk:
                current = queries.client(context.connection, context.viewer.scope, client_id)
                if current is None or current.revision != revision:
                    continue
                undone += 1
                if stored is None:
                    remove_client(context, current, "undone", import_id=import_id)
                else:
                    before = ClientChanged.model_validate(stored)
                    back.append((current, before.model_copy(update={"revision": revision + 1})))
            publish_clients(context, back, "undone", import_id=import_id)
            done += len(chunk)
            change_import(context.connection, import_id, done=done)
    with acting() as context:
        counts = {**state.counts, "undone": undone, "kept": len(changes) - undone}
        change_import(context.connection, import_id, status="undone", undone_at=context.now, counts=counts)
        context.audit("import.undone", import_id, None, f"{undone} of {len(changes)} clients")
        return _own(context, import_id)


def show_import(context: ActionContext, import_id: str) -> StoredImport:
    """Return an import of the viewer's.

    Raises:
        NotFound: there is none.
    """
    return _own(context, import_id)


def list_imports(context: ActionContext) -> Sequence[StoredImport]:
    """Return the latest imports of the viewer, or all if they are the owner."""
    return imports_of(context.connection, _whose(context.viewer))


def problems_csv(state: StoredImport) -> str:
    """Return the problems of an import as CSV, safe for spreadsheets."""
    return safe_csv(("row", "column", "problem", "fix"), state.problems)


def _whose(viewer: Viewer) -> str | None:
    return None if viewer.may("people.write") else viewer.user_id


def _own(context: ActionContext, import_id: str) -> StoredImport:
    found = read_import(context.connection, import_id, _whose(context.viewer))
    if found is None:
        raise NotFound("There is no such import.")
    return found


def _check(acting: Acting, import_id: str) -> StoredImport:
    plan = _plan(acting, import_id)
    problems = [list(problem) for problem in plan.problems[:MAX_PROBLEMS]]
    with acting() as context:
        change_import(
            context.connection, import_id, counts=plan.counts, problems=problems, total=len(plan.clients), done=0
        )
        return _own(context, import_id)


def _plan(acting: Acting, import_id: str) -> Plan:
    """Return the plan of an import. It takes seconds for a large file, so no transaction is open meanwhile."""
    with acting() as context:
        state = _own(context, import_id)
        stored = StoredClients(context.connection, context.viewer.scope)
        frame = book_frame(context.connection)
        viewer, book = context.viewer, context.book
    if state.content is None:
        raise Conflict("This import was applied already.", fix="Upload the file again.")
    entities = book.entities(stored.watches())
    plan = plan_import(read_table(state.content), state.mapping, state.options, book, frame, stored, entities)
    _refuse_others(plan, viewer.scope)
    return plan


def _refuse_others(plan: Plan, scope: Scope) -> None:
    """Take out clients of account managers whose clients the viewer doesn't see: they can't be assigned there."""
    others = [planned for planned in plan.clients if not scope.includes(planned.client.manager_id)]
    for planned in others:
        plan.clients.remove(planned)
        fix = "Leave the column of account managers out, or ask the owner."
        plan.problems.append(RowProblem(planned.row, "", "Only the owner assigns clients to others.", fix))
    plan.failed += len(others)
    plan.problems.sort()


def _require_place(context: ActionContext, import_id: str, done: int) -> None:
    """Raise Conflict if an import is no longer where its plan begins: applied twice at once, it would add twins."""
    query = select(client_imports.c.status, client_imports.c.done).where(client_imports.c.id == import_id)
    place = context.connection.execute(query).one()
    if place.status not in ("checked", "applying") or place.done != done:
        raise Conflict("This import is being applied already.", fix="Reload the page to see how far it is.")


def _write(context: ActionContext, chunk: Sequence[PlannedClient], import_id: str) -> None:
    frame = book_frame(context.connection)
    changed: list[tuple[ClientChanged | None, ClientChanged]] = []
    used: set[str] = set()
    for planned in chunk:
        if planned.known is None:
            client = planned.client
            client_id = free_id(context, client.id, client.manager_id, used)
            used.add(client_id)
            client = client.model_copy(update={"id": client_id, "desk_fields": tuple(planned.values)})
            entry = ClientChanged(client=client, firm=frame.firm, manager=frame.managers[client.manager_id])
            changed.append((None, entry))
            continue
        current = queries.client(context.connection, context.viewer.scope, planned.client.id)
        if current is None:
            continue
        client = with_values(current.client, planned.values)
        fields = changed_fields(current.client, client)
        if fields:
            manager = frame.managers.get(client.manager_id, current.manager)
            update = {"client": marked(client, fields, context), "manager": manager, "revision": current.revision + 1}
            changed.append((current, current.model_copy(update=update)))
    publish_clients(context, changed, "imported", import_id=import_id)


def _chunks(entries: Sequence[T]) -> Iterator[Sequence[T]]:
    return (entries[at : at + CHUNK] for at in range(0, len(entries), CHUNK))
