"""``firstword tokens``: create, list and revoke tokens for the HTTP API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer

from firstword.cli.console import out, print_json, table
from firstword.cli.operator import log_action
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.desk import tokens
from services.notifier.desk.tokens import LIFETIME, SCOPES, ApiToken

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke tokens for the HTTP API.")

#: More days than any token may have; larger numbers don't fit into a duration.
MOST_DAYS = 100_000


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program that will use it.")],
    manager: Annotated[
        str | None, typer.Option("--manager", metavar="ID", help="For this account manager, not for the owner.")
    ] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help=f"What it may do; may be repeated. One of {', '.join(SCOPES)} [default: read]."),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="Days until it expires.")] = LIFETIME.days,
    data: DataDir = None,
) -> None:
    """Print a new token. It is shown only once, because Firstword stores no more than a hash of it.

    **Example:** `firstword tokens create "CRM sync" --scope read --scope write --days 90`
    """
    lifetime = timedelta(days=min(days, MOST_DAYS))
    with common.open_store(read_settings(data=data)) as store:
        token = store.create_api_token(manager, name=name, scopes=tuple(scopes or ("read",)), valid_for=lifetime)
        with store.engine.begin() as connection:
            log_action(connection, store, "token.created", " ".join(name.split()), ", ".join(scopes or ("read",)))
    out.print(token, markup=False)


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List all tokens: what they may do, when they expire and when they were last used."""
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        found, now = tokens.list_tokens(connection), store.clock.now()
    if as_json:
        print_json([{**_public(token), "state": token.state(now)} for token in found])
        return
    table(
        ("id", "name", "user", "scopes", "state", "expires", "last used"),
        (
            (
                token.id,
                token.name,
                token.user_id,
                ", ".join(token.scopes),
                token.state(now),
                _day(token.expires_at),
                _day(token.last_used_at),
            )
            for token in found
        ),
        empty="No tokens yet. Create one with 'firstword tokens create NAME'.",
    )


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as 'list' shows it.")],
    data: DataDir = None,
) -> None:
    """Revoke a token: from now on it is refused."""
    with common.open_store(read_settings(data=data)) as store, store.engine.begin() as connection:
        found = tokens.revoke_token(connection, token_id, store.clock.now())
        if found is None:
            raise BadInput(f"There is no token {token_id!r}.", fix="List them with 'firstword tokens list'.")
        log_action(connection, store, "token.revoked", found.id, found.name)
    out.print(f"Revoked: {found.name}", markup=False)


def _public(token: ApiToken) -> dict[str, object]:
    return {name: getattr(token, name) for name in ApiToken.__slots__}


def _day(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d}"
