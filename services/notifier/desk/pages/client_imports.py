"""Import clients from a table of another program, and export them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile

from services.common.errors import BadInput, FirstwordError
from services.common.logs import get_logger
from services.notifier.client_book.duplicate_store import duplicates
from services.notifier.client_book.store import book_frame
from services.notifier.client_import.formats import FORMATS, TARGETS
from services.notifier.client_import.plan import ImportOptions
from services.notifier.client_import.store import StoredImport
from services.notifier.client_import.table import MAX_BYTES
from services.notifier.desk.actions.client_exports import clients_book, clients_csv
from services.notifier.desk.actions.client_imports import (
    Acting,
    apply_import,
    check_import,
    list_imports,
    problems_csv,
    show_import,
    stage_import,
    start_import,
    start_undo,
    undo_import,
)
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.context import RequestContext
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

log = get_logger(__name__)
router = APIRouter(prefix="/clients")
#: Problems on the page; the file has all.
SHOWN_PROBLEMS = 100


@router.get("/export.csv")
def export_csv(context: PageRequest) -> Response:
    """Return the clients in scope as CSV."""
    with context.acting() as action:
        text = clients_csv(action)
    return _download(text, "clients.csv", "text/csv")


@router.get("/export.yaml")
def export_book(context: PageRequest) -> Response:
    """Return the clients in scope as a file of the client book."""
    with context.acting() as action:
        text = clients_book(action)
    return _download(text, "book.yaml", "application/yaml")


@router.get("/imports")
def imports(context: PageRequest) -> HTMLResponse:
    """Show the latest imports, and a form for a file."""
    with context.acting() as action:
        listed = list_imports(action)
    limit = MAX_BYTES // 1024 // 1024
    return render(context, "client_imports.html", imports=listed, formats=FORMATS, limit=limit)


@router.post("/imports")
async def upload(context: PageForm) -> Response:
    """Read a file, and go to its dry run."""
    form = await context.request.form()
    file = form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise BadInput("There is no file.", fix="Choose a CSV or .xlsx file.")
        content = await file.read(MAX_BYTES + 1)
    finally:
        await form.close()
    state = await run_in_threadpool(stage_import, context.acting, file.filename, content)
    return redirect(f"/clients/imports/{state.id}")


@router.get("/imports/{import_id}")
def show(context: PageRequest, import_id: str) -> HTMLResponse:
    """Show an import: what its columns mean, what it would do, its problems, and how far it is."""
    with context.acting() as action:
        state = show_import(action, import_id)
        frame = book_frame(action.connection)
        twins = len(duplicates(action.connection, context.scope)) if state.status == "applied" else 0
    context.audit_read("import.read", import_id)
    return render(
        context,
        "client_import.html",
        state=state,
        targets=TARGETS,
        formats=FORMATS,
        managers=frame.managers if context.viewer.may("clients.assign") else {},
        problems=state.problems[:SHOWN_PROBLEMS],
        duplicates=twins,
    )


@router.post("/imports/{import_id}/mapping")
async def post_mapping(context: PageForm, import_id: str) -> Response:
    """Change what the columns mean, and make a dry run."""
    form = await context.request.form()

    def check() -> None:
        with context.acting() as action:
            count = len(show_import(action, import_id).columns)
        mapping = [str(form.get(f"column.{at}", "")) for at in range(count)]
        options = ImportOptions(str(form.get("manager", "")), complete=bool(form.get("complete")))
        check_import(context.acting, import_id, mapping, options)

    await run_in_threadpool(check)
    return redirect(f"/clients/imports/{import_id}", "import-checked")


@router.post("/imports/{import_id}/apply")
def post_apply(context: PageForm, import_id: str) -> Response:
    """Apply an import; the page shows how far it is."""
    return _in_background(context, import_id, start_import, apply_import)


@router.post("/imports/{import_id}/undo")
def post_undo(context: PageForm, import_id: str) -> Response:
    """Undo an import; the page shows how far it is."""
    return _in_background(context, import_id, start_undo, undo_import)


@router.get("/imports/{import_id}/problems.csv")
def problems(context: PageRequest, import_id: str) -> Response:
    """Return the problems of an import as CSV."""
    with context.acting() as action:
        text = problems_csv(show_import(action, import_id))
    context.audit_read("import.read", import_id)
    return _download(text, "problems.csv", "text/csv")


def _in_background(
    context: RequestContext,
    import_id: str,
    start: Callable[[ActionContext, str], StoredImport],
    act: Callable[[Acting, str], StoredImport],
) -> Response:
    with context.acting() as action:
        start(action, import_id)

    def work() -> None:
        try:
            act(context.acting, import_id)
        except FirstwordError as error:
            log.warning("An import stopped.", action="import.stopped", import_id=import_id, error=str(error))

    answer = redirect(f"/clients/imports/{import_id}")
    answer.background = BackgroundTask(work)
    return answer


def _download(text: str, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # The mark makes spreadsheets read CSV as UTF-8.
    content = f"\ufeff{text}" if name.endswith(".csv") else text
    return Response(content.encode(), media_type=f"{kind}; charset=utf-8", headers=headers)
