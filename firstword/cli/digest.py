"""``firstword digest``: the digest of an account manager."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from firstword.cli.console import out
from firstword.cli.operator import log_read
from firstword.cli.options import DataDir
from firstword.compose import common
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.digest.gather import all_managers, manager_digest
from services.notifier.digest.render import as_html, as_markdown, as_text

__all__ = ["digest"]


class DigestFormat(StrEnum):
    """The format of a digest."""

    TEXT = "text"
    MD = "md"
    HTML = "html"


_VIEWS = {DigestFormat.TEXT: as_text, DigestFormat.MD: as_markdown, DigestFormat.HTML: as_html}


def digest(
    manager: Annotated[str, typer.Argument(metavar="MANAGER", help="The account manager's id in the client book.")],
    format: Annotated[
        DigestFormat, typer.Option("--format", "-f", help="The format; html is the form that is mailed.")
    ] = (DigestFormat.TEXT),
    data: DataDir = None,
) -> None:
    """Print the digest that an account manager would get now, without sending it.

    **Example:** `firstword digest mara --format md`
    """
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        managers = {known.id: known for known in all_managers(connection)}
        if manager not in managers:
            fix = f"Choose from {', '.join(managers)}." if managers else "Import a client book first."
            raise BadInput(f"There is no account manager {manager!r}.", fix=fix)
        made = manager_digest(connection, managers[manager], store.clock.now())
        text = _VIEWS[format](made, store.settings.address)
        log_read(store, "digest.read", manager, shown=(client.client_id for client in made.clients))
    out.print(text, markup=False, highlight=False, soft_wrap=True, end="")
