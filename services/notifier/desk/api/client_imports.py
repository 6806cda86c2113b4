"""Imports of clients from tables: upload, mapping with a dry run, apply, undo."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import Field, StrictBool

from schemas.base import Model
from services.common.errors import BadInput
from services.notifier.client_import.formats import FormatName
from services.notifier.client_import.plan import ImportOptions
from services.notifier.client_import.store import ImportStatus, StoredImport
from services.notifier.desk.actions import client_imports
from services.notifier.desk.api.caller import Caller

__all__ = ["router"]

router = APIRouter(prefix="/clients/imports")


class TableUpload(Model):
    """A CSV or XLSX file, in base64."""

    file_name: str = Field(max_length=200)
    content: str


class ImportMapping(Model):
    """The field that each column fills, in the order of the columns; an empty text leaves a column out.

    ``manager`` is the account manager of new clients whose rows name none. ``complete``: the file lists all holdings
    of its clients, and others are removed.
    """

    mapping: tuple[str, ...] = Field(max_length=300)
    manager: str = Field(default="", max_length=80)
    complete: StrictBool = False


class RowError(Model):
    """A problem in a row: where it is, what is wrong, and what to do."""

    row: int
    column: str
    message: str
    fix: str


class ClientImport(Model):
    """An import. ``counts`` says how many clients it adds, changes and leaves, and how many rows have errors."""

    id: str
    at: datetime
    file_name: str
    format: FormatName
    columns: tuple[str, ...]
    mapping: tuple[str, ...]
    manager: str
    complete: bool
    status: ImportStatus
    total: int
    done: int
    counts: Mapping[str, int]
    problems: Sequence[RowError]
    applied_at: datetime | None
    undone_at: datetime | None


class ImportList(Model):
    """The latest imports, without their problems."""

    items: Sequence[ClientImport]


@router.post("", status_code=201)
def upload_clients(context: Caller, file: TableUpload) -> ClientImport:
    """Read a table of clients, guess what its columns mean, and make a dry run. Nothing is changed."""
    try:
        content = base64.b64decode(file.content, validate=True)
    except ValueError:
        raise BadInput("The content is not base64.", fix="Encode the bytes of the file in base64.") from None
    return _shown(client_imports.stage_import(context.acting, file.file_name, content))


@router.get("")
def list_imports(context: Caller) -> ImportList:
    """List the latest imports of clients, newest first."""
    with context.acting() as action:
        return ImportList(items=[_shown(state, with_problems=False) for state in client_imports.list_imports(action)])


@router.get("/{import_id}")
def get_import(context: Caller, import_id: str) -> ClientImport:
    """Return an import of clients, its problems, and how far it is."""
    with context.acting() as action:
        state = client_imports.show_import(action, import_id)
    context.audit_read("import.read", import_id)
    return _shown(state)


@router.put("/{import_id}/mapping")
def change_import_mapping(context: Caller, import_id: str, mapping: ImportMapping) -> ClientImport:
    """Change what the columns of an import mean, and make a dry run."""
    options = ImportOptions(mapping.manager, mapping.complete)
    return _shown(client_imports.check_import(context.acting, import_id, mapping.mapping, options))


@router.post("/{import_id}/apply")
def apply_import(context: Caller, import_id: str) -> ClientImport:
    """Write what an import of clients changes, and answer once it is done."""
    return _shown(client_imports.apply_import(context.acting, import_id))


@router.post("/{import_id}/undo")
def undo_import(context: Caller, import_id: str) -> ClientImport:
    """Put back what an import of clients changed, except clients who were changed since then."""
    return _shown(client_imports.undo_import(context.acting, import_id))


def _shown(state: StoredImport, *, with_problems: bool = True) -> ClientImport:
    problems = [RowError(**problem._asdict()) for problem in state.problems] if with_problems else []
    return ClientImport(
        id=state.id, at=state.at, file_name=state.file_name, format=state.format, columns=state.columns,
        mapping=state.mapping, manager=state.options.manager, complete=state.options.complete, status=state.status,
        total=state.total, done=state.done, counts=state.counts, problems=problems, applied_at=state.applied_at,
        undone_at=state.undone_at,
    )  # fmt: skip
