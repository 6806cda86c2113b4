"""Invented companies, headlines and clients, for tests and benchmarks that need many of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from schemas.base import event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from services.common.processing import AnyEvent

__all__ = ["BEGIN", "EVENTS", "FIRST", "HOSTS", "OTHERS", "SECOND", "THIRD", "book", "client_changed", "names"]

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOSTS = ("reuters.com", "bbc.co.uk", "ft.com", "businesswire.com", "blog.example", "theonion.com", "marketwatch.com")
FIRST = ("Hal", "Mer", "Cor", "Tol", "Bright", "Quil", "Os", "Mar", "Sel", "Fen", "Dro", "Var", "Esk", "Lum", "Nor")
SECOND = ("den", "idia", "vane", "mark", "water", "lon", "prey", "low", "nimore", "mer", "tan", "ison", "gate", "zen")
THIRD = ("Energy", "Bank", "Pharma", "Mining", "Foods", "Freight", "Cloud", "Mills", "Botanicals", "Transport")
EVENTS = (
    ("cuts its dividend by {n}%", "{who} cut its dividend by {n}%, the company said in a statement."),
    ("shares fall {n}%", "Shares of {who} fell {n}% in morning trading."),
    ("in talks to buy rival, sources say", "{who} is in talks to buy a rival, people familiar with the matter said."),
    ("recalls {n},000 units", "{who} recalled {n},000 units over a fault in the casing."),
    ("launches new range", "{who} launched a new range of {n} products on Monday."),
    ("names new chief executive", "{who} named a new chief executive, who starts in {n} days."),
    ("opens office by the harbour", "{who} opened an office by the harbour for {n} people."),
)
OTHERS = (
    "Council repairs bridge {n}",
    "Rain delays match {n}",
    "Choir sings for {n} guests",
    "Museum buys painting {n}",
)


def names(count: int) -> list[str]:
    """Return ``count`` invented company names."""
    combinations = [f"{first}{second} {third}" for third in THIRD for first in FIRST for second in SECOND]
    return random.Random(1).sample(combinations, count)  # noqa: S311 - made-up names, no secret


def book(watched: Iterable[str]) -> Iterator[AnyEvent]:
    """Yield one client for every five names; each name is watched by one or two clients."""
    own: list[str] = []
    number = 0
    for name in watched:
        own.append(name)
        if len(own) == 6:
            yield client_changed(f"c{number:05}", own)
            number, own = number + 1, own[5:]
    yield client_changed(f"c{number:05}", own)


def client_changed(client_id: str, names: list[str]) -> AnyEvent:
    """Return the event of a client who holds these companies."""
    watches = tuple(Watch(entity_id=name, name=name, kind="holding", weight=0.05) for name in names)
    client = Client(id=client_id, name="x", manager_id="m", trade="wealth", assets=watches)
    data = ClientChanged(client=client, firm=Firm(name="f"), manager=Manager(id="m", name="m"))
    return event(data, key=client_id, id=client_id, source="test", time=BEGIN)
