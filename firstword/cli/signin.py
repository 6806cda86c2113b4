"""``firstword signin``: create a one-time link to the desk."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import out
from firstword.cli.options import DataDir
from firstword.compose import common
from services.common.settings import read_settings

__all__ = ["signin"]


def signin(
    manager: Annotated[
        str | None,
        typer.Option(
            "--manager", metavar="ID", help="Sign in as this account manager, who sees only their own clients."
        ),
    ] = None,
    api_token: Annotated[
        bool,
        typer.Option(
            "--api-token",
            help="Print a token for the HTTP API instead: for everything, for a year. 'firstword tokens' does more.",
        ),
    ] = False,
    data: DataDir = None,
    port: Annotated[int | None, typer.Option("--port", help="The port of the desk [default: 8080].")] = None,
) -> None:
    """Print a link that signs in once, within an hour: as the owner, who sees everything, or as an account manager.

    **Example:** `firstword signin --manager mara`
    """
    with common.open_store(read_settings(data=data, port=port)) as store:
        out.print(store.create_api_token(manager) if api_token else store.create_signin_link(manager), markup=False)
