"""Tells news on a line of business that a client has nothing to do with from news on what they have. Pure.

Who buys software from a group is not told about its games. Which groups have lines for private people beside what
companies buy from them is data (other_lines.yaml).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from schemas.alerts import Alert
from schemas.clients import Client
from schemas.mentions import FAMILY_OF
from schemas.readings import EventFamily
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import BOUGHT, names_any

__all__ = ["is_of_another_line"]

#: What a group does in one line. A takeover or a case concerns the whole of it.
_OF_A_LINE: frozenset[EventFamily] = frozenset(("product", "contract", "expansion", "event"))


def is_of_another_line(alert: Alert, client: Client) -> bool:
    """Return whether the headline of ``alert`` is about a line of a group that companies do not buy from it.

    What the client's own entry for the name says, such as "games", is theirs.
    """
    lines = _lines()
    name = alert.entity_name.casefold()
    if FAMILY_OF[alert.kind] not in _OF_A_LINE:
        return False
    if alert.stance not in BOUGHT or client.trade not in lines["trades"] or name not in lines["groups"]:
        return False
    headline = alert.headline.casefold().replace("’", "'")
    if not names_any(headline, tuple(lines["private"])) or names_any(headline, tuple(lines["companies"])):
        return False
    book = " ; ".join(name for watch in client.watches for name in (watch.name, *watch.aliases, *watch.context))
    return not names_any(book.casefold(), tuple(lines["private"]))


@cache
def _lines() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("other_lines.yaml")
    return raw
