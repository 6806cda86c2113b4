"""``firstword audit``: who read or changed what, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import err, print_json, table
from firstword.cli.moments import Moment, moment
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from services.common.db import reading
from services.common.settings import read_settings
from services.notifier.audit import AuditFilter, entries

__all__ = ["audit"]


def audit(
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only by this one: owner, ops, manager-mara …")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only what begins so: draft, draft.approved, client, webhook …")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Only what concerns this client.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="ID", help="Only this draft, delivery, endpoint …")] = None,
    since: Moment = None,
    until: Moment = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 100,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the audit log, the newest entries first: who read or changed what, and when.

    [b]Examples[/b]

      firstword audit --client claire-arnaud --since 30d

      firstword audit --action draft.approved --json
    """
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        now = store.clock.now()
        start, end = (None if text is None else moment(text, now) for text in (since, until))
        asked = AuditFilter(user=user, action=action, subject=subject, client=client, since=start, until=end)
        rows, total = entries(connection, asked, limit=limit)
    if as_json:
        print_json([dict(row) for row in rows])
        return
    table(
        ("at (UTC)", "user", "action", "subject", "client", "detail"),
        (
            (
                f"{row['at']:%Y-%m-%d %H:%M:%S}",
                row["user_id"],
                row["action"],
                row["subject"],
                row["client_id"] or "",
                row["detail"] or "",
            )
            for row in rows
        ),
        empty="Nothing was done that fits.",
    )
    if total > len(rows):
        err.print(f"{total - len(rows):,} older entries are not shown; see --limit, --since and --until.")
