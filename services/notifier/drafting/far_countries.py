"""Tells news on another country's economy from news on the client's own. Pure.

"Inflation in Argentina" says nothing about what a client in Ohio pays. Which country is the client's own is known by
the time zone; what they have or follow in another country makes that one theirs as well. The United States move every
market, so they are foreign to nobody who owns shares; but what a company's loans, wages and rebuilding cost is decided
at home.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from schemas.alerts import Alert
from schemas.clients import Client
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import names_any

__all__ = ["hosts_of", "is_of_far_country"]

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
#: The same by itself, with letter case: "us" is also a word.
_OF_AMERICA = re.compile(
    r"\bU\.?S\.?(?=[\s’',:]|$)|\bAmericans?\b|\bFed\b|\bFederal Reserve\b|\b(?:White House|Wall Street)\b"
)
#: What is bought, earned and paid within a country.
_DOMESTIC = (
    "mortgage*",
    "homebuyer*",
    "house price*",
    "home price*",
    "home sale*",
    "housing",
    "rent",
    "rents",
    "grocer*",
    "retail sales",
    "minimum wage",
    "wholesale",
    "jobless",
    "payroll*",
)
#: What has one price for the whole world.
_OF_THE_WORLD = (
    "oil",
    "crude",
    "brent",
    "opec",
    "gold",
    "silver",
    "copper",
    "gas",
    "commodit*",
    "global*",
    "world*",
    "dollar",
    "euro",
    "yen",
    "pound",
    "bitcoin",
    "crypto*",
    "stocks",
    "markets",
)
#: The trades whose clients feel prices, wages and rates at home only.
_AT_HOME = frozenset(("accounting", "agency", "insurance"))
_AMERICAN_ZONES = ("America/", "Pacific/Honolulu", "US/")
#: Their outlets, which leave out that the figures are of the United States.
_AMERICAN_OUTLETS = (
    "cnbc.com",
    "marketwatch.com",
    "cbsnews.com",
    "nbcnews.com",
    "abcnews.go.com",
    "cnn.com",
    "usatoday.com",
    "nypost.com",
    "npr.org",
    "foxbusiness.com",
    "foxnews.com",
    "wsj.com",
    "nytimes.com",
    "washingtonpost.com",
    "latimes.com",
    "finance.yahoo.com",
    "thehill.com",
    "politico.com",
    "axios.com",
    "pbs.org",
)
#: Those whose duties reach every company that trades.
_TRADING_WITH_ALL = ("china", "chinese", "beijing", "europe*", "eu", "european union", "brussels", "canad*", "mexic*")
#: What is decided between countries reaches whoever trades with them.
_BETWEEN = ("tariff*", "sanction*", "embargo*", "export*", "import*", "trade deal*", "trade war*")


@dataclass(frozen=True, slots=True)
class _Country:
    names: tuple[str, ...]
    zones: tuple[str, ...]
    outlets: tuple[str, ...] = ()


def is_of_far_country(headline: str, client: Client, hosts: tuple[str, ...] = ()) -> bool:
    """Return whether ``headline`` names a country, and none that is the client's own or that their book names.

    What is decided between countries is of none of them alone, but tariffs on others are nothing to a company that
    feels what it pays at home. The United States count as a country for such companies, and in what is bought within
    them. A headline that names no country is about that of those who publish it, by their ``hosts``.
    """
    zone, text = client.time_zone, headline.casefold().replace("’", "'")
    named = [country for country in _countries() if names_any(text, country.names)]
    local = client.trade in _AT_HOME and not zone.startswith(_AMERICAN_ZONES)
    of_america = _OF_AMERICA.search(headline) is not None
    of_others = client.trade in _AT_HOME and not (of_america or names_any(text, (*_AMERICAN, *_TRADING_WITH_ALL)))
    if zone == "UTC" or (names_any(text, _BETWEEN) and not ((local or of_others) and named)):
        return False
    book = " ; ".join(name for watch in client.watches for name in (watch.name, *watch.aliases)).casefold()
    if not (named or of_america or names_any(text, (*_AMERICAN, *_OF_THE_WORLD))):
        named = _published_in(hosts)
        of_america = bool(hosts) and all(_is_host(host, _AMERICAN_OUTLETS) for host in hosts)
    if any(zone.startswith(country.zones) or names_any(book, country.names) for country in named):
        return False
    if of_america and not zone.startswith(_AMERICAN_ZONES) and not names_any(book, _AMERICAN):
        return local or names_any(text, _DOMESTIC)
    return bool(named) and (local or not names_any(text, _AMERICAN))


def hosts_of(alert: Alert) -> tuple[str, ...]:
    """Return the hosts of those who report the event of ``alert``."""
    return tuple(item.host for item in alert.evidence if item.host and item.supports in ("claim", "copy", None))


def _published_in(hosts: tuple[str, ...]) -> list[_Country]:
    """Return the one country that all ``hosts`` publish in; none if they are of several, or of none that is known."""
    found = [next((land for land in _countries() if _is_host(host, land.outlets)), None) for host in hosts]
    return [found[0]] if found and found[0] is not None and all(land is found[0] for land in found) else []


def _is_host(host: str, outlets: tuple[str, ...]) -> bool:
    return any(f".{host}".endswith(outlet if outlet.startswith(".") else f".{outlet}") for outlet in outlets)


@cache
def _countries() -> tuple[_Country, ...]:
    return tuple(
        _Country(tuple(entry["names"]), tuple(entry["zones"]), tuple(entry.get("outlets", ())))
        for entry in read_yaml("words", "countries.yaml")
    )
