"""How fast annotate and judge are: items a second over invented headlines of which a fifth mention something watched.

    .venv/bin/python bench/bench_matcher.py [--items 20000] [--watched 2000] [--others 100000]

``--others`` are names that are watched too, but that no item mentions.

Prints items a second of processor time, for each half and for both, and the memory held at the end.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from firstword.kit.processing import AnyEvent
from schemas.alerts import AlertRaised
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from schemas.items import Item, ItemIngested, Source
from services.matcher.cases import JudgeState
from services.matcher.service import Annotate, Judge

START = datetime(2026, 3, 2, tzinfo=UTC)
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
    """``count`` invented company names."""
    every = [f"{one}{two} {three}" for three in THIRD for one in FIRST for two in SECOND]
    return random.Random(1).sample(every, count)  # noqa: S311 - made-up names, no secret


def book(watched: list[str]) -> Iterator[AnyEvent]:
    """One client for every five names; each name is watched by one or two."""
    for number in range(len(watched) // 5):
        own = watched[number * 5 : number * 5 + 6]
        watches = tuple(Watch(entity_id=name, name=name, kind="holding", weight=0.05) for name in own)
        client = Client(id=f"c{number:05}", name="x", manager_id="m", trade="wealth", assets=watches)
        data = ClientChanged(client=client, firm=Firm(name="f"), manager=Manager(id="m", name="m"))
        yield event(data, key=client.id, id=client.id, source="bench", time=START)


def others(count: int) -> list[str]:
    """``count`` names that stand in no item."""
    return [f"Vendrix {FIRST[n % len(FIRST)]}{n} {THIRD[n % len(THIRD)]}" for n in range(count)]


def items(count: int, watched: list[str]) -> list[AnyEvent]:
    """``count`` items, one in five about a watched name, 40 seconds apart."""
    dice = random.Random(2)  # noqa: S311 - made-up items, no secret
    result: list[AnyEvent] = []
    for number in range(count):
        at = START + timedelta(seconds=40 * number)
        n = dice.randrange(2, 90)
        if number % 5 == 0:
            who = dice.choice(watched)
            head, text = dice.choice(EVENTS)
            title, summary = f"{who} {head.format(n=n)}", text.format(who=who, n=n)
        else:
            title = dice.choice(OTHERS).format(n=number)
            summary = f"{title}, the city said. It was the largest turnout in {n} years, and people stayed until late."
        source = Source(host=dice.choice(HOSTS))
        item = Item(
            id=f"itm_{number}",
            title=title,
            summary=summary,
            published_at=at,
            fetched_at=at,
            source=source,
            language="en",
        )
        data = ItemIngested(item=item)
        result.append(event(data, key=item.id, id=content_id("evt", item.id), source="bench", time=at))
    return result


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--watched", type=int, default=2_000)
    parser.add_argument("--others", type=int, default=0)
    options = parser.parse_args()
    watched = names(options.watched)
    annotate, judge = Annotate(), Judge()
    for change in book(watched + others(options.others)):
        annotate.refer(change)
        judge.refer(change)
    stream = items(options.items, watched)
    annotate.process(None, stream[0], stream[0].time)  # builds the watchlist and the lexicons
    begun = time.process_time()
    annotated = [each for item in stream for each in annotate.process(None, item, item.time)[1]]
    between = time.process_time()
    states: dict[str, JudgeState] = {}
    verdicts: Counter[str] = Counter()
    for each in annotated:
        key = judge.key(each)
        states[key], out = judge.process(states.get(key) or judge.initial(key), each, each.time)
        verdicts.update(alert.data.alert.verdict for alert in out if isinstance(alert.data, AlertRaised))
    ended = time.process_time()
    count = len(stream)
    alerts = sum(verdicts.values())
    print(f"{count:,} items, {len(annotated):,} annotations, {alerts:,} alerts {dict(sorted(verdicts.items()))}")
    print(f"annotate {count / (between - begun):,.0f} items/s   judge {count / (ended - between):,.0f} items/s")
    print(f"both     {count / (ended - begun):,.0f} items/s")
    print(f"memory   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
