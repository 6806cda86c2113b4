"""``firstword signin``: a new one-time link to the desk."""

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
        typer.Option("--manager", metavar="ID", help="For this account manager, who sees their own clients only."),
    ] = None,
    api_token: Annotated[
        bool, typer.Option("--api-token", help="Print a token for the HTTP API instead; the former one ends.")
    ] = False,
    data: DataDir = None,
    port: Annotated[int | None, typer.Option("--port", help="The port that the desk listens on.")] = None,
) -> None:
    """Print a link that signs in once, within an hour. Without --manager it is the owner's, who sees everything.

    [b]Example[/b]  firstword signin --manager mara
    """
    with common.open_store(read_settings(data=data, port=port)) as store:
        out.print(store.create_api_token(manager) if api_token else store.create_signin_link(manager), markup=False)
