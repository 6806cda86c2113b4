"""``firstword advice``: the outcomes of the opinions that were sent."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from firstword.cli.console import out, print_json, table
from firstword.cli.operator import log_read
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.advice.export import group_summary, opinions_csv, period_start
from services.notifier.advice.outcomes import GROUPINGS, MIN_CASES, group_opinions
from services.notifier.advice.queries import sent_opinions
from services.notifier.digest.gather import all_managers
from services.notifier.scope import EVERYTHING, OwnClients

__all__ = ["advice"]


def advice(
    by: Annotated[str, typer.Option(help=f"Group by one of: {', '.join(GROUPINGS)}.")] = "rule",
    manager: Annotated[str | None, typer.Option(help="Only the clients of this account manager (id).")] = None,
    days: Annotated[int, typer.Option(min=0, help="The number of days to look back; 0 means all.")] = 365,
    as_table: Annotated[
        bool, typer.Option("--csv", help="Print one line per opinion as CSV, for a spreadsheet.")
    ] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the outcomes of the advice that was sent: how clients reacted, and whether the stories held up.

    Each share has a 95% confidence interval; there are no shares for fewer than ten opinions.

    **Examples:**

    - `firstword advice --by kind --days 90`
    - `firstword advice --csv > advice.csv`
    """
    if by not in GROUPINGS:
        raise BadInput(f"Advice can't be grouped by {by!r}.", fix=f"Choose from {', '.join(GROUPINGS)}.")
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        known = [known.id for known in all_managers(connection)]
        if manager is not None and manager not in known:
            fix = f"Choose from {', '.join(known)}." if known else "Import a client book first."
            raise BadInput(f"There is no account manager {manager!r}.", fix=fix)
        scope = EVERYTHING if manager is None else OwnClients(manager)
        given = sent_opinions(connection, scope, period_start(days, store.clock.now()))
        log_read(store, "advice.read", "advice", shown=(opinion.client_id for opinion in given))
    groups = group_opinions(given, by)
    if as_table:
        sys.stdout.write(opinions_csv(given))
        return
    if as_json:
        print_json([group_summary(group) for group in groups])
        return
    table(
        (by, "sent", "acted on", "disagreed", "useful", "story false", "later news agreed"),
        (
            (
                group.name,
                str(group.sent),
                *(
                    share.text
                    for share in (group.acted, group.disagreed, group.useful, group.corrected, group.same_way)
                ),
            )
            for group in groups
        ),
        empty="No opinion was sent in this period. Once messages are sent, their outcomes are shown here.",
    )
    if groups and any(group.too_few for group in groups):
        out.print(
            f"Groups with fewer than {MIN_CASES} opinions show counts only; a percentage would not be meaningful."
        )
