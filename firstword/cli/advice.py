"""``firstword advice``: how the opinions that went out fared."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from firstword.cli.console import out, print_json, table
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
    by: Annotated[str, typer.Option(help=f"Put together by one of: {', '.join(GROUPINGS)}.")] = "rule",
    manager: Annotated[str | None, typer.Option(help="Only the clients of this account manager (id).")] = None,
    days: Annotated[int, typer.Option(min=0, help="Look back so many days; 0 for all there is.")] = 365,
    as_table: Annotated[bool, typer.Option("--csv", help="One line an opinion, for a spreadsheet.")] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how our advice fared: what clients made of it, whether the stories held, what followed.

    Shares are given with the range in which the true share lies (95 %), and not at all for fewer than ten cases.

    [b]Example[/b]  firstword advice --by kind --days 90

    [b]Example[/b]  firstword advice --csv > advice.csv
    """
    if by not in GROUPINGS:
        raise BadInput(f"Advice can't be put together by {by!r}.", fix=f"There are: {', '.join(GROUPINGS)}.")
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        known = [one.id for one in all_managers(connection)]
        if manager is not None and manager not in known:
            fix = f"Known here: {', '.join(known) or 'none; take a book in first'}."
            raise BadInput(f"There is no account manager {manager!r}.", fix=fix)
        scope = EVERYTHING if manager is None else OwnClients(manager)
        given = sent_opinions(connection, scope, period_start(days, store.clock.now()))
    groups = group_opinions(given, by)
    if as_table:
        sys.stdout.write(opinions_csv(given))
        return
    if as_json:
        print_json([group_summary(group) for group in groups])
        return
    table(
        (by, "sent", "acted on", "seen differently", "useful", "story false", "next news the same way"),
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
        empty="No opinion went out in this time. Once messages are sent, they are kept with what became of them.",
    )
    if groups and any(group.too_few for group in groups):
        out.print(f"Of fewer than {MIN_CASES} cases no share is reckoned: it would be chance.")
