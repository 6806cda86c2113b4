"""``firstword clients``: the client book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firstword.book import dump_book
from firstword.book_events import BookDiff
from firstword.cli.books import format_problem, read_book, require_book
from firstword.cli.client_tables import TABLE_SUFFIXES, export_clients, import_table, undo_table
from firstword.cli.console import out, print_json, table, warn
from firstword.cli.operator import log_action, log_read
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.firm_files import trades_in_force
from schemas.clients import Book
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.matcher.mentions.medicines import medicine_names
from services.matcher.mentions.topics import all_topics
from services.notifier.contact.unknown import unknown_traits

__all__ = ["app"]

#: Other names of a medicine that are shown at most.
SHOWN_NAMES = 5

app = typer.Typer(no_args_is_help=True, help="Check and import the client book; list, show and remove clients.")
BookFile = Annotated[Path, typer.Argument(metavar="BOOK", help="A client book in YAML, such as examples/book.yaml.")]


@app.command("check")
def check(book: BookFile, data: DataDir = None, as_json: AsJson = False) -> None:
    """Check a client book and print its problems with line, field and fix. The exit code is 1 if it has errors.

    Medicines are watched under their generic and brand names too, which are listed.
    Clients of whom it names no goal or no risk tolerance are listed as advice: their drafts can't name any either.
    The book may name the trades that are in force with this data folder; 'firstword trades list' shows them.

    **Example:** `firstword clients check my-book.yaml`
    """
    checked, problems = read_book(book, data)
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json([problem.__dict__ if hasattr(problem, "__dict__") else str(problem) for problem in problems])
    else:
        for problem in problems:
            out.print(format_problem(problem), style="red" if problem.severity == "error" else "yellow", markup=False)
        if checked is not None and not errors:
            watched = {watch.entity_id for client in checked.clients for watch in client.watches}
            out.print(
                f"{book}: {len(checked.clients)} clients, {len(checked.managers)} managers, {len(watched)} watched "
                f"names; no errors, {len(problems)} warning(s)."
            )
            _show_medicines(checked)
            _advise(checked)
    if errors or checked is None:
        raise typer.Exit(1)


TakeFile = Annotated[
    bool, typer.Option("--take-file", help="Let the book win where it differs from what was changed at the desk.")
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="Of a table: the field that a column fills; repeatable."),
]
ForManager = Annotated[str, typer.Option("--manager", help="Of a table: the account manager of new clients.")]
Complete = Annotated[
    bool, typer.Option("--complete", help="Of a table: it lists all holdings of its clients; remove the others.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Of a table: say what the import would do, and stop.")]
ProblemFile = Annotated[
    Path | None, typer.Option("--problems", metavar="FILE", help="Of a table: write all problems to this CSV file.")
]
ImportFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A client book in YAML, or a table (.csv, .tsv, .txt, .xlsx).")
]


@app.command("import")
def import_(
    book: ImportFile,
    data: DataDir = None,
    take_file: TakeFile = False,
    mapped: Mapped = None,
    manager: ForManager = "",
    complete: Complete = False,
    dry_run: DryRun = False,
    problems: ProblemFile = None,
) -> None:
    """Import a client book, or a table that another program exported. A running system uses it within a second.

    Clients that are not in the file stay; importing the same file again changes nothing. What was changed at the desk
    stays too, and is listed where the book differs; with --take-file, the book wins. A table's format is recognized
    (Salesforce, HubSpot, Zoho, Pipedrive, holdings of a custodian, plain), and its import can be undone.

    **Example:** `firstword clients import my-book.yaml`
    """
    if book.suffix.lower() in TABLE_SUFFIXES:
        import_table(
            book, data, mapped=mapped or (), manager=manager, complete=complete, dry_run=dry_run, problems=problems
        )
        return
    wanted = require_book(book, data)
    with common.open_store(read_settings(data=data)) as store:
        change = store.import_book(wanted, take_file=take_file)
        with store.engine.begin() as connection:
            log_action(connection, store, "book.imported", book.name[:120], change.summary)
    out.print(f"Client book: {change.summary}.")
    _show_kept(book, change)
    if change.not_in_book:
        ids = f"{', '.join(change.not_in_book[:5])}{' …' if len(change.not_in_book) > 5 else ''}"
        warn(
            f"{len(change.not_in_book)} existing client(s) are not in {book} and stay: {ids}. Remove one with "
            "'firstword clients remove ID'."
        )


@app.command("undo")
def undo(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="The import's id, as 'clients import' shows it.")],
    data: DataDir = None,
) -> None:
    """Undo the import of a table. Clients that were changed since then stay as they are."""
    undo_table(import_id, data)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: a client book in YAML, or a .csv.")],
    data: DataDir = None,
) -> None:
    """Write all clients to a client book, as they are now, or to a table that is safe for spreadsheets.

    **Example:** `firstword clients export my-book.yaml`
    """
    export_clients(file, data)


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the clients."""
    with common.open_store(read_settings(data=data)) as store:
        book = store.book()
        clients = () if book is None else book.clients
        log_read(store, "clients.listed", "clients", shown=(client.id for client in clients))
    if as_json:
        print_json([client.model_dump(mode="json") for client in clients])
        return
    table(
        ("id", "name", "organization", "manager", "trade", "assets", "interests"),
        (
            (c.id, c.name, c.organisation or "", c.manager_id, c.trade, str(len(c.assets)), str(len(c.interests)))
            for c in clients
        ),
        empty="No clients yet. Import a book with 'firstword clients import BOOK'.",
    )


@app.command("show")
def show(
    client_id: Annotated[str, typer.Argument(help="The client's id, as 'clients list' shows it.")],
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one client as they stand in the client book."""
    settings = read_settings(data=data)
    with common.open_store(settings) as store:
        book = store.book()
        found = [] if book is None else [client for client in book.clients if client.id == client_id]
        if book is None or not found:
            raise BadInput(f"No client has the id {client_id!r}.", fix="Run 'firstword clients list' to see the ids.")
        log_read(store, "client.read", client_id, client_id)
    if as_json:
        print_json(found[0].model_dump(mode="json"))
    else:
        only = book.model_copy(update={"clients": tuple(found)})
        out.print(dump_book(only, trades_in_force(settings)), markup=False)


@app.command("remove")
def remove(client_id: Annotated[str, typer.Argument(help="The client's id.")], data: DataDir = None) -> None:
    """Remove a client: nothing is matched or drafted for them any longer. Messages that were sent stay on record."""
    with common.open_store(read_settings(data=data)) as store:
        store.remove_client(client_id)
        with store.engine.begin() as connection:
            log_action(connection, store, "client.removed", client_id)
    out.print(f"Removed client {client_id}.", markup=False)


@app.command("topics")
def topics(as_json: AsJson = False) -> None:
    """List the topics that a client's interests can name, as in `interests: [ransomware]`."""
    shipped = all_topics().values()
    if as_json:
        print_json([{"id": topic.id, "title": topic.title, "about": topic.about} for topic in shipped])
        return
    table(("id", "title", "about"), ((topic.id, topic.title, topic.about) for topic in shipped), empty="")


def _show_kept(book: Path, change: BookDiff) -> None:
    """Print where the desk and the book differ; the desk's values stay."""
    for kept in change.kept:
        before, after = kept.difference.before or "none", kept.difference.after
        warn(f"{kept.client_id}: {kept.difference.label} stays as changed at the desk: {before} (in {book}: {after}).")
    if change.archived:
        warn(f"{len(change.archived)} client(s) were archived at the desk and stay so: {', '.join(change.archived)}.")
    if change.kept or change.archived:
        warn("To take the book's values, import it with --take-file. To keep them, write them into the book.")


def _show_medicines(book: Book) -> None:
    """Print the other names under which the medicines of ``book`` are watched, without being written there."""
    watches = {watch.name: watch for client in book.clients for watch in client.watches}
    for name, watch in watches.items():
        added = [other for other in medicine_names(name) if other in watch.aliases]
        if added:
            more = f" and {len(added) - SHOWN_NAMES} more" if len(added) > SHOWN_NAMES else ""
            out.print(f"{name} is also watched as {', '.join(added[:SHOWN_NAMES])}{more}.", markup=False)


def _advise(book: Book) -> None:
    """Print what the book does not say about its clients and what to ask them, a client a line."""
    for client in book.clients:
        if unknown := unknown_traits(client):
            fields = " and ".join(f"`{trait.name}`" for trait in unknown)
            asks = " ".join(trait.ask for trait in unknown)
            out.print(f"{client.id}: advice: {fields} not in the book, so drafts name none. {asks}", markup=False)
