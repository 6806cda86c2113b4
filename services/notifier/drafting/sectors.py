"""Tells what an authority decides in another field of the economy from what may concern a client. Pure.

A court or an agency of many fields decides on fish, cigarettes and banks. Whoever follows it for their own field has
nothing to do with the others. Which words show a field is data (sectors.yaml).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from schemas.alerts import Alert
from schemas.clients import Client, Watch
from schemas.mentions import FAMILY_OF
from schemas.readings import EventFamily
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import names_any

__all__ = ["is_of_another_sector"]

#: What an authority does to others, or makes a rule.
_ACTS: frozenset[EventFamily] = frozenset(("regulation", "legal", "politics", "recall", "deal", "product", "other"))


def is_of_another_sector(alert: Alert, client: Client) -> bool:
    """Return whether the headlines of ``alert`` are about a field that the client, whom an authority rules, is not in.

    The client's fields are those that their names, notes and watches show. Where these show none, only news of fields
    that concern nobody else is another's.
    """
    raw = _data()
    if alert.stance != "regulated_by" or client.trade not in raw["trades"] or FAMILY_OF[alert.kind] not in _ACTS:
        return False
    titles = " ; ".join(dict.fromkeys((alert.headline, *(item.title for item in alert.evidence))))
    text = titles.casefold().replace("’", "'")
    if names_any(text, tuple(raw["everyone"])):
        return False
    told = _told(text)
    if not told and names_any(text, tuple(raw["of_trade"])):
        return False
    followed = tuple(watch for watch in client.interests if watch.entity_id != alert.entity_id)
    limits = tuple(watch for watch in client.interests if watch.entity_id == alert.entity_id)
    own = _sectors(_words_of(client, followed, limits))
    dealt = tuple(watch for watch in client.assets if watch.kind not in ("product", "supplier"))
    bought = Counter(
        sector
        for watch in client.assets
        for sector in _sectors(_words_of(None, (watch,), ()))
        if watch.kind in ("product", "supplier") and sector not in raw["common"]
    )
    own_too = _sectors(_words_of(None, dealt, ())) | {sector for sector, times in bought.items() if times > 1}
    if not told or not told.isdisjoint(own | own_too):
        return False
    of_many = alert.entity_name.casefold() in raw["of_many"] and told.isdisjoint(raw["common"])
    return bool(own) or of_many or told <= frozenset(raw["narrow"])


def _words_of(client: Client | None, watches: tuple[Watch, ...], limited: tuple[Watch, ...]) -> str:
    """Return the client's names and notes, the names of ``watches``, and what these and ``limited`` are limited to.

    What a company buys shows less of its field than what it follows: nearly all of them have a bank and a phone.
    """
    texts = []
    if client is not None:
        texts += [client.name, client.organisation or "", client.end_vision or ""]
        texts += [note.text for note in (*client.views, *client.history)]
    for watch in watches:
        texts += [watch.name, *watch.aliases]
    for watch in (*watches, *limited):
        texts += [*watch.context, watch.note or ""]
        if watch.scope is not None:
            texts += [*watch.scope.industries, *watch.scope.parties]
    return " ; ".join(texts).casefold().replace("’", "'")


@cache
def _sectors(text: str) -> frozenset[str]:
    return frozenset(name for name, words in _data()["sectors"].items() if names_any(text, tuple(words)))


def _told(text: str) -> frozenset[str]:
    """Return the fields that a headline is on: there, ordinary words show none."""
    ordinary = frozenset(_data()["ordinary"])
    return frozenset(
        name
        for name in _sectors(text)
        if names_any(text, tuple(word for word in _data()["sectors"][name] if word not in ordinary))
    )


@cache
def _data() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("sectors.yaml")
    return raw
