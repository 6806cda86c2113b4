"""``firstword audit``: the log of who read or changed what."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import err, print_json, table
from firstword.cli.options import AsJson, DataDir
from firstword.cli.time_options import Since, Until, parse_time
from firstword.compose import common
from services.common.db import reading
from services.common.settings import read_settings
from services.notifier.audit import AuditFilter, entries

__all__ = ["audit"]


def audit(
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
    """
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        now = store.clock.now()
        start, end = (None if text is None else parse_time(text, now) for text in (since, until))
        asked = AuditFilter(user=user, action=action, subject=subject, client=client, since=start, until=end)
        page = entries(connection, asked, number=1, size=limit)
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
