"""``firstword signin``: create a one-time link to the desk."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import out
from firstword.cli.operator import log_action
from firstword.cli.options import DataDir
from firstword.compose import common
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.desk.auth import manager_user_id

__all__ = ["signin"]


def signin(
    manager: Annotated[
        str | None,
        typer.Option(
            "--manager", metavar="ID", help="Sign in as this account manager, who sees only their own clients."
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="ID", help="Sign in as this user, as 'people list' shows them.")
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
    """Print a link that signs in once, within an hour: as the owner, as an account manager, or as another user.

    **Example:** `firstword signin --manager mara`
    """
    if manager is not None and user is not None:
        raise BadInput("A link is for an account manager or for a user, not for both.", fix="Leave out one of the two.")
    with common.open_store(read_settings(data=data, port=port)) as store:
        made = store.create_api_token(manager, user_id=user) if api_token else store.create_signin_link(manager, user)
        holder = user or (manager_user_id(manager) if manager else "owner")
        with store.engine.begin() as connection:
            log_action(connection, store, "token.created" if api_token else "user.link_created", holder)
    out.print(made, markup=False)
