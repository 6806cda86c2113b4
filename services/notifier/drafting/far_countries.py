"""Tells news on another country's economy from news on the client's own. Pure.

"Inflation in Argentina" says nothing about what a client in Ohio pays. Which country is the client's own is known by
the time zone; what they have or follow in another country makes that one theirs as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from schemas.clients import Client
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import names_any

__all__ = ["is_of_far_country"]

#: Prices and rates of the United States reach every market.
_AMERICAN = (
    "u.s.",
    "us",
    "usa",
    "america*",
    "fed",
    "federal reserve",
    "trump",
    "biden",
    "white house",
    "washington",
    "congress",
)
#: What is decided between countries reaches whoever trades with them.
_BETWEEN = ("tariff*", "sanction*", "embargo*", "export*", "import*", "trade deal*", "trade war*")


@dataclass(frozen=True, slots=True)
class _Country:
    names: tuple[str, ...]
    zones: tuple[str, ...]


def is_of_far_country(headline: str, client: Client) -> bool:
    """Return whether ``headline`` names a country, and none that is the client's own or that their book names.

    What is decided between countries is of none of them alone.
    """
    zone, text = client.time_zone, headline.casefold().replace("’", "'")
    named = [country for country in _countries() if names_any(text, country.names)]
    if zone == "UTC" or not named or names_any(text, (*_AMERICAN, *_BETWEEN)):
        return False
    book = " ; ".join(name for watch in client.watches for name in (watch.name, *watch.aliases)).casefold()
    return not any(zone.startswith(country.zones) or names_any(book, country.names) for country in named)


@cache
def _countries() -> tuple[_Country, ...]:
    return tuple(
        _Country(tuple(entry["names"]), tuple(entry["zones"])) for entry in read_yaml("words", "countries.yaml")
    )
