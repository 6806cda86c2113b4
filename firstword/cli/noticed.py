"""``firstword noticed``: news that was left out of the clients' messages."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import out, print_json, table
from firstword.cli.operator import OPERATOR, log_read
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier import queries
from services.notifier.desk.actions.alerts import tell_anyway
from services.notifier.desk.actions.context import ActionContext
from services.notifier.digest.gather import NOTICED_WITHIN
from services.notifier.scope import EVERYTHING

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="List news that was left out of the clients' messages, and tell it anyway."
)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of entries.")] = 100,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the last week's news that was left out, the newest first, each with the reason.

    **Example:** `firstword noticed list --json`
    """
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        since = store.clock.now() - NOTICED_WITHIN
        page = queries.noticed(connection, EVERYTHING, since, number=1, size=limit)
        log_read(store, "noticed.listed", "noticed", shown=(line.alert.client_id for line in page.items))
    if as_json:
        print_json(
            [
                {"alert": line.alert.model_dump(mode="json", exclude_none=True), "why": line.why, "at": line.at}
                for line in page.items
            ]
        )
        return
    table(
        ("alert", "client", "news", "why"),
        ((line.alert.id, line.client_name, line.alert.headline, line.why) for line in page.items),
        empty="Nothing was left out in the last seven days.",
    )


@app.command("tell")
def tell(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id, as 'list' shows it.")],
    data: DataDir = None,
) -> None:
    """Ask for a draft on news that was left out. It appears in the inbox when Firstword runs.

    **Example:** `firstword noticed tell alr_5b1f…`
    """
    with common.open_store(read_settings(data=data)) as store, store.engine.begin() as connection:
        if queries.alert(connection, EVERYTHING, alert) is None:
            raise BadInput(f"No alert has the id {alert!r}.", fix="Run 'firstword noticed list' to see the ids.")
        tell_anyway(ActionContext(connection, store.events, OPERATOR, store.clock.now()), alert)
    out.print("The draft will appear in the inbox.", markup=False)
