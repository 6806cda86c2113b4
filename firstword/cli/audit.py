"""``firstword audit``: the log of who read or changed what, and its seals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from firstword.cli.console import err, error, out, print_json, table
from firstword.cli.operator import log_action, log_read
from firstword.cli.options import AsJson, DataDir
from firstword.cli.time_options import Since, Until, parse_time
from firstword.compose import common
from services.common.db import reading
from services.common.errors import BadInput
from services.common.private_files import new_private_file
from services.common.safe_csv import csv_parts
from services.common.settings import read_settings
from services.notifier.audit import EXPORTED, AuditFilter, entries, export
from services.notifier.audit_seals import Head, verify
from services.notifier.tables import audit_log

__all__ = ["app"]

app = typer.Typer(invoke_without_command=True, help="Show who read or changed what, and verify the log.")


@app.callback()
def audit(
    context: typer.Context,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only this user: owner, ops, manager-mara …")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only actions that begin with this: draft, draft.approved, client, webhook …")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Only this client.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="ID", help="Only this draft, delivery, endpoint …")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of entries.")] = 100,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show who read or changed what and when, the newest entries first.

    **Examples:**

    - `firstword audit --client claire-arnaud --since 30d`
    - `firstword audit --action draft.approved --json`
    - `firstword audit verify`
    """
    if context.invoked_subcommand is not None:
        return
    with common.open_store(read_settings(data=data)) as store:
        now = store.clock.now()
        start, end = (None if text is None else parse_time(text, now) for text in (since, until))
        asked = AuditFilter(user=user, action=action, subject=subject, client=client, since=start, until=end)
        with reading(store.engine) as connection:
            page = entries(connection, asked, number=1, size=limit)
        log_read(store, "audit.read", "audit", client)
    if as_json:
        print_json([dict(row) for row in page.items])
        return
    table(
        ("time (UTC)", "user", "action", "subject", "client", "detail"),
        (
            (
                f"{row['at']:%Y-%m-%d %H:%M:%S}",
                row["user_id"],
                row["action"],
                row["subject"],
                row["client_id"] or "",
                row["detail"] or "",
            )
            for row in page.items
        ),
        empty="No entry matches.",
    )
    older = page.total - len(page.items)
    if older:
        err.print(f"{older:,} older entries are not shown; use --limit, --since or --until to see them.")


@app.command("export")
def export_log(
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV file to write. It must not exist.")],
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only this user.")] = None,
    action: Annotated[str | None, typer.Option(help="Only actions that begin with this.")] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Only this client.")] = None,
    since: Since = None,
    until: Until = None,
    data: DataDir = None,
) -> None:
    """Write the log to a CSV file that only you can read, the oldest entries first, with the number of each seal.

    **Example:** `firstword audit export -o audit.csv --since 30d`
    """
    with common.open_store(read_settings(data=data)) as store:
        now, count = store.clock.now(), 0
        start, end = (None if text is None else parse_time(text, now) for text in (since, until))
        asked = AuditFilter(user=user, action=action, client=client, since=start, until=end)
        with new_private_file(output) as file, reading(store.engine) as connection:
            for part in csv_parts(EXPORTED, export(connection, asked)):
                file.write(part.encode())
            count = connection.scalar(select(func.count()).select_from(audit_log).where(*asked.conditions())) or 0
        with store.engine.begin() as connection:
            log_action(connection, store, "audit.exported", "audit", f"{count} entries")
    out.print(f"Wrote {count:,} entries to {output}.", markup=False)


@app.command("verify")
def verify_seals(
    head: Annotated[
        str | None, typer.Option(metavar="NUMBER:HASH", help="A seal that you noted earlier, to find a lost end too.")
    ] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check that no entry of the audit log was changed, added or lost since it was sealed. Exit code 1 if one was.

    Entries are sealed within seconds, each seal with the hash of the one before it. The last seal is printed here and
    written to the log of the process that seals: keep it elsewhere, and give it with --head, to find out as well if
    the end of the log was cut off and sealed anew.

    **Examples:**

    - `firstword audit verify`
    - `firstword audit verify --head 17:9f86d081884c7d65…`
    """
    kept = None if head is None else _parse_head(head)
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        found = verify(connection, kept)
    if as_json:
        print_json(
            {
                "intact": not found.problems,
                "problems": list(found.problems),
                "entries": found.entries,
                "unsealed": found.unsealed,
                "seals_without_entries": found.removed,
                "head": None if found.head is None else str(found.head),
            }
        )
    else:
        for problem in found.problems:
            error(problem)
        waiting = f"; {found.unsealed:,} wait for the next seal" if found.unsealed else ""
        state = "NOT intact" if found.problems else "intact"
        out.print(f"The audit log is {state}: {found.entries:,} sealed entries{waiting}.")
        if found.removed:
            out.print(
                f"The entries of the first {found.removed:,} seals were removed because of their age; the log says so."
            )
        if found.head is not None:
            out.print(f"Last seal: {found.head}", markup=False, soft_wrap=True)
    if found.problems:
        raise typer.Exit(1)


def _parse_head(text: str) -> Head:
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit() and len(digest) == 64):
        raise BadInput(f"{text!r} is not a seal.", fix="Copy it whole, as NUMBER:HASH, from 'firstword audit verify'.")
    return Head(int(number), digest)
