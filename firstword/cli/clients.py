"""``firstword clients``: the client book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firstword.book import dump_book
from firstword.cli.books import problem_line, read_book, require_book
from firstword.cli.console import out, print_json, table, warn
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from schemas.clients import Client
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.matcher.mentions.topics import all_topics

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The client book: check a file, take it in, look at it, remove a client.")
BookFile = Annotated[Path, typer.Argument(metavar="BOOK", help="A client book in YAML; examples/book.yaml is one.")]


@app.command("check")
def check(book: BookFile, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a book, with line, field and fix. Exit code 1 when there are errors.

    [b]Example[/b]  firstword clients check my-book.yaml
    """
    found, problems = read_book(book)
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json([problem.__dict__ if hasattr(problem, "__dict__") else str(problem) for problem in problems])
    else:
        for problem in problems:
            out.print(problem_line(problem), style="red" if problem.severity == "error" else "yellow", markup=False)
        if found is not None and not errors:
            watched = {watch.entity_id for client in found.clients for watch in client.watches}
            out.print(
                f"{book}: {len(found.clients)} clients, {len(found.managers)} managers, {len(watched)} watched things; "
                f"{len(problems)} warning(s), no errors."
            )
    if errors or found is None:
        raise typer.Exit(1)


@app.command("import")
def import_(book: BookFile, data: DataDir = None) -> None:
    """Take a book in. Clients that it doesn't name stay; the same book twice changes nothing. Live within a second.

    [b]Example[/b]  firstword clients import my-book.yaml
    """
    wanted = require_book(book)
    with common.open_store(read_settings(data=data)) as store:
        change = store.import_book(wanted)
    out.print(f"{len(change.added)} added, {len(change.changed)} changed, {len(change.unchanged)} as before.")
    if change.not_in_book:
        warn(
            f"{len(change.not_in_book)} known client(s) are not in {book} and stay: {', '.join(change.not_in_book[:5])}"
            f"{' …' if len(change.not_in_book) > 5 else ''}. Remove one with 'firstword clients remove ID'."
        )


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the clients that are served."""
    clients = _clients(data)
    if as_json:
        print_json([client.model_dump(mode="json") for client in clients])
        return
    table(
        ("id", "name", "organisation", "manager", "trade", "assets", "interests"),
        (
            (c.id, c.name, c.organisation or "", c.manager_id, c.trade, str(len(c.assets)), str(len(c.interests)))
            for c in clients
        ),
        empty="No clients yet. Take a book in with 'firstword clients import BOOK'.",
    )


@app.command("show")
def show(
    client_id: Annotated[str, typer.Argument(help="The client's id, as 'clients list' shows it.")],
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one client as the book has them."""
    for client in _clients(data):
        if client.id == client_id:
            if as_json:
                print_json(client.model_dump(mode="json"))
            else:
                with common.open_store(read_settings(data=data)) as store:
                    book = store.book()
                if book is not None:
                    out.print(dump_book(book.model_copy(update={"clients": (client,)})), markup=False)
            return
    raise BadInput(f"no client has the id {client_id!r}.", fix="'firstword clients list' shows the ids.")


@app.command("remove")
def remove(client_id: Annotated[str, typer.Argument(help="The client's id.")], data: DataDir = None) -> None:
    """Stop serving a client: nothing is matched or drafted for them any more; what was sent stays on record."""
    with common.open_store(read_settings(data=data)) as store:
        store.remove_client(client_id)
    out.print(f"{client_id} is no longer served.")


@app.command("topics")
def topics(as_json: AsJson = False) -> None:
    """List the topics that an interest can name, as in [b]interests: [ransomware][/b]."""
    shipped = all_topics().values()
    if as_json:
        print_json([{"id": topic.id, "title": topic.title, "about": topic.about} for topic in shipped])
        return
    table(("id", "title", "about"), ((topic.id, topic.title, topic.about) for topic in shipped), empty="")


def _clients(data: Path | None) -> tuple[Client, ...]:
    with common.open_store(read_settings(data=data)) as store:
        book = store.book()
    return () if book is None else book.clients
