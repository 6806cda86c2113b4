"""Import clients from a table for ``firstword clients import`` and undo it, with the actions of the desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.progress import Progress

from firstword.cli.console import err, out, warn
from firstword.cli.operator import OPERATOR
from firstword.compose import common
from firstword.store import Store
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.client_import.formats import FORMATS, TARGETS
from services.notifier.client_import.store import StoredImport
from services.notifier.client_import.table import MAX_BYTES
from services.notifier.desk.actions.client_exports import clients_book, clients_csv
from services.notifier.desk.actions.client_imports import (
    Acting,
    apply_import,
    check_import,
    problems_csv,
    stage_import,
    undo_import,
)
from services.notifier.desk.actions.context import ActionContext

__all__ = ["TABLE_SUFFIXES", "export_clients", "import_table", "undo_table"]

#: Files with other endings are client books.
TABLE_SUFFIXES = frozenset((".csv", ".tsv", ".txt", ".xlsx"))
SHOWN_PROBLEMS = 20


def import_table(
    path: Path,
    data: Path | None,
    *,
    mapped: Sequence[str] = (),
    manager: str = "",
    complete: bool = False,
    dry_run: bool = False,
    problems: Path | None = None,
) -> None:
    """Import a table, or only say what that would do; ``mapped`` are entries such as ``Column=field``.

    Raises:
        BadInput: the file or the mapping can't be read.
    """
    content = _content(path)
    with common.open_store(read_settings(data=data)) as store:
        store.update_client_table()
        acting = _acting(store)
        state = stage_import(acting, path.name, content)
        if mapped or manager or complete:
            options = replace(state.options, manager=manager, complete=complete)
            state = check_import(acting, state.id, _mapping(state, mapped), options)
        _show(state, problems)
        if dry_run:
            out.print("Dry run: nothing was changed.")
            return
        if not state.total:
            out.print("There is nothing to import.")
            return
        with Progress(console=err, transient=True) as progress:
            task = progress.add_task("Importing", total=state.total)

            @contextmanager
            def following() -> Iterator[ActionContext]:
                with acting() as context:
                    yield context
                progress.advance(task, 200)

            apply_import(following, state.id)
        out.print(f"Imported. To undo it: firstword clients undo {state.id}", markup=False)


def undo_table(import_id: str, data: Path | None) -> None:
    """Undo an import."""
    with common.open_store(read_settings(data=data)) as store:
        store.update_client_table()
        state = undo_import(_acting(store), import_id)
    out.print(f"Undone for {state.counts['undone']} client(s).")
    if state.counts["kept"]:
        warn(f"{state.counts['kept']} client(s) were changed since the import and stay as they are.")


def export_clients(path: Path, data: Path | None) -> None:
    """Write all clients to ``path``: CSV if its name ends so, else a client book.

    Raises:
        BadInput: the file can't be written.
    """
    is_table = path.suffix.lower() == ".csv"
    with common.open_store(read_settings(data=data)) as store:
        store.update_client_table()
        with _acting(store)() as context:
            text = clients_csv(context) if is_table else clients_book(context)
    try:
        path.write_text(text, encoding="utf-8-sig" if is_table else "utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.", fix="Give a path that can be written.") from None
    out.print(f"Wrote {path}.", markup=False)


def _acting(store: Store) -> Acting:
    book = common.build_client_book(store.settings)

    @contextmanager
    def acting() -> Iterator[ActionContext]:
        with store.engine.begin() as connection:
            yield ActionContext(connection, store.events, OPERATOR, store.clock.now(), client_book=book)

    return acting


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.", fix="Give the path of a CSV or .xlsx file.") from None


def _mapping(state: StoredImport, mapped: Sequence[str]) -> list[str]:
    mapping = list(state.mapping)
    for entry in mapped:
        column, separator, field = entry.rpartition("=")
        if not separator or column not in state.columns:
            columns = ", ".join(state.columns)
            raise BadInput(f"{entry!r} names no column of the file.", fix=f"Write COLUMN=FIELD. Columns: {columns}.")
        if field and field not in TARGETS:
            raise BadInput(f"There is no field {field!r}.", fix=f"Choose one of {', '.join(TARGETS)}.")
        mapping = ["" if known == field else known for known in mapping]
        mapping[state.columns.index(column)] = field
    return mapping


def _show(state: StoredImport, problems: Path | None) -> None:
    counts = state.counts
    out.print(f"{state.file_name}: {FORMATS[state.format].title}.", markup=False)
    for column, field in zip(state.columns, state.mapping, strict=True):
        out.print(f"  {column} → {TARGETS[field] if field else 'left out'}", markup=False)
    out.print(
        f"{counts['added']} added, {counts['changed']} changed, {counts['same']} unchanged, "
        f"{counts['failed']} row(s) with errors."
    )
    for problem in state.problems[:SHOWN_PROBLEMS]:
        place = f"row {problem.row}, {problem.column}" if problem.column else f"row {problem.row}"
        warn(f"{place}: {problem.message} {problem.fix}")
    if problems is not None:
        problems.write_text(problems_csv(state), encoding="utf-8-sig", newline="")
    elif len(state.problems) > SHOWN_PROBLEMS:
        warn(f"{len(state.problems) - SHOWN_PROBLEMS} more. Write all to a file with --problems FILE.")
