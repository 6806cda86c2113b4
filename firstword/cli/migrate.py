"""``firstword migrate``: brings the stack's database to this version, before its services start."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import out
from firstword.storage.engine import open_database
from firstword.storage.migrate import migrate as bring_up
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
    """Bring the stack's database to what this version needs. Several at once, and again, do no harm.

    `firstword up` needs no such thing: it does so by itself, with its own file.

    [b]Example[/b]  FIRSTWORD_DATABASE=postgresql://firstword:…@localhost/firstword firstword migrate
    """
    settings = read_settings(database=database)
    if (url := settings.database_url) is None:
        raise BadInput("No database is named.", fix="Give --database, or set FIRSTWORD_DATABASE.")
    engine = open_database(url)
    revision = bring_up(engine)
    engine.dispose()
    out.print(
        "the tables are those of this version already" if revision is None else f"the tables are at {revision} now"
    )
