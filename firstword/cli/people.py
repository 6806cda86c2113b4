"""``firstword people``: what is stored on one client, and its erasure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from firstword.cli.console import out, table, warn
from firstword.cli.operator import OPERATOR, log_action
from firstword.cli.options import DataDir
from firstword.compose import common
from firstword.store import Store
from services.common.db import reading
from services.common.errors import BadInput
from services.common.private_files import new_private_file
from services.common.settings import read_settings
from services.notifier.people.catalog import ABOUT_CLIENTS, KEPT
from services.notifier.people.copy_of_data import data_on_client
from services.notifier.people.erasure import erase_client
from services.notifier.tables import clients

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Copy or erase everything that is stored on one client.")
ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id, as 'clients list' shows it.")]


@app.command("tables")
def tables() -> None:
    """List where data on clients is stored, and what remains after an erasure, with the reason."""
    rows = [(part.table.name, part.meaning, "deleted") for part in reversed(ABOUT_CLIENTS)]
    rows += [(name, reason, "kept") for name, reason in KEPT.items()]
    table(("table", "content", "after an erasure"), rows, empty="")
    out.print(
        "On Kafka, events on a client remain until the retention of their topics ends; in backups, until you delete "
        "them. The matcher remembers for some days which client ids were told of a story."
    )


@app.command("export")
def export(
    client_id: ClientId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The JSON file to write. It must not exist.")],
    data: DataDir = None,
) -> None:
    """Write everything that is stored on one client to a file that only you can read.

    **Example:** `firstword people export claire-arnaud -o claire-arnaud.json`
    """
    with common.open_store(read_settings(data=data)) as store:
        with reading(store.engine) as connection:
            found = data_on_client(connection, client_id)
        count = sum(len(part["rows"]) for part in found.values())
        if not count:
            raise BadInput(f"Nothing is stored on {client_id!r}.", fix="'firstword clients list' shows the ids.")
        text = json.dumps({"client": client_id, "data": found}, ensure_ascii=False, indent=1) + "\n"
        with new_private_file(output) as file:
            file.write(text.encode())
        with store.engine.begin() as connection:
            log_action(connection, store, "client.exported", client_id)
    out.print(f"Wrote {count:,} rows of {len(found)} tables to {output}.", markup=False)


@app.command("erase")
def erase(
    client_id: ClientId,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataDir = None,
) -> None:
    """Erase everything that is stored on one client, and stop their service. This can't be undone.

    It deletes their entry, drafts, messages, conversations, alerts, webhook events and search entries, empties the
    messages to account managers that name them, and makes the draft writer forget them. What is kept, and why, is
    listed by 'firstword people tables'. Delete them from your book's file as well, or its next import adds them again.

    **Example:** `firstword people erase claire-arnaud`
    """
    with common.open_store(read_settings(data=data)) as store:
        name = _name(store, client_id)
        if not yes:
            typer.confirm(f"Erase everything on {name} ({client_id})?", abort=True)
        if _is_served(store, client_id):
            store.remove_client(client_id)
        with store.engine.begin() as connection:
            deleted = erase_client(connection, store.events, client_id, OPERATOR.user_id, store.clock.now())
    out.print(f"Erased {client_id}: {deleted.total():,} rows of {len(deleted)} tables.", markup=False)
    warn("Delete them from your client book's file too, and from backups and exports when these are no longer needed.")


def _name(store: Store, client_id: str) -> str:
    with reading(store.engine) as connection:
        name = connection.execute(select(clients.c.name).where(clients.c.id == client_id)).scalar()
    if name is None:
        raise BadInput(f"No client has the id {client_id!r}.", fix="'firstword clients list' shows the ids.")
    return str(name)


def _is_served(store: Store, client_id: str) -> bool:
    with reading(store.engine) as connection:
        return connection.execute(select(clients.c.removed).where(clients.c.id == client_id)).scalar() is False
