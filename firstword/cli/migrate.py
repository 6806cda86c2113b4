"""``firstword migrate``: bring the stack's database to this version before its services start."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import out
from firstword.compose import common
from services.common.errors import BadInput
from services.common.settings import read_settings

__all__ = ["migrate"]


def migrate(
    database: Annotated[
        str | None,
        typer.Option(
            "--database", metavar="URL", help="The database [default: $FIRSTWORD_DATABASE].", show_default=False
        ),
    ] = None,
) -> None:
    """Create or upgrade the tables of the stack's database. Safe to run again, and in several processes at once.

    'firstword up' does not need this command: it upgrades its own file when it starts.

    **Example:** `FIRSTWORD_DATABASE=postgresql://firstword:…@localhost/firstword firstword migrate`
    """
    settings = read_settings(database=database)
    if (url := settings.database_url) is None:
        raise BadInput("No database is configured.", fix="Give --database, or set FIRSTWORD_DATABASE.")
    revision = common.migrate_database(url)
    out.print("The tables are already up to date." if revision is None else f"The tables are now at {revision}.")
