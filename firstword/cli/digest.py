"""``firstword digest``: an account manager's day."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from firstword.cli.console import out
from firstword.cli.options import DataDir
from firstword.compose import common
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.digest.gather import all_managers, manager_digest
from services.notifier.digest.render import as_html, as_markdown, as_text

__all__ = ["digest"]


class DigestFormat(StrEnum):
    """How a digest is written."""

    TEXT = "text"
    MD = "md"
    HTML = "html"


_VIEWS = {DigestFormat.TEXT: as_text, DigestFormat.MD: as_markdown, DigestFormat.HTML: as_html}


def digest(
    manager: Annotated[str, typer.Argument(metavar="MANAGER", help="The account manager's id, as the book has it.")],
    format: Annotated[DigestFormat, typer.Option("--format", "-f", help="text, md or html (as it is mailed)")] = (
        DigestFormat.TEXT
    ),
    data: DataDir = None,
) -> None:
    """Print what an account manager has to send, answer and know today; nothing is sent.

    [b]Example[/b]  firstword digest mara --format md
    """
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        managers = {one.id: one for one in all_managers(connection)}
        if manager not in managers:
            known = ", ".join(managers) or "none; take a book in first"
            raise BadInput(f"There is no account manager {manager!r}.", fix=f"Known here: {known}.")
        made = manager_digest(connection, managers[manager], store.clock.now())
        text = _VIEWS[format](made, store.settings.address)
    out.print(text, markup=False, highlight=False, soft_wrap=True, end="")
