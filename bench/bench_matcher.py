"""Measure the speed of annotate and judge on invented headlines, a fifth of which mention a watched entity.

    .venv/bin/python bench/bench_matcher.py [--items 20000] [--watched 2000] [--others 100000]

``--others`` names are watched as well, but no item mentions them.

Prints the time to load the book, items per second of CPU time for each processor and for both, the time until a change
of one client takes effect (the change and the next item), and current and peak memory.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from schemas.alerts import AlertRaised  # noqa: E402
from schemas.base import content_id, event  # noqa: E402
from schemas.items import Item, ItemIngested, Source  # noqa: E402
from services.common.processing import AnyEvent  # noqa: E402
from services.matcher.annotate import Annotate  # noqa: E402
from services.matcher.judge import Judge  # noqa: E402
from services.matcher.stories.threads import JudgeState  # noqa: E402
from tests.invented_news import (  # noqa: E402
    BEGIN,
    EVENTS,
    FIRST,
    HOSTS,
    OTHERS,
    SECOND,
    THIRD,
    book,
    client_changed,
    names,
)


def others(count: int) -> Iterator[str]:
    """Yield ``count`` names that no item mentions."""
    parts = (FIRST, SECOND, FIRST, SECOND, FIRST, THIRD)
    for number in range(count):
        rest, chosen = number, []
        for part in parts:
            rest, place = divmod(rest, len(part))
            chosen.append(part[place])
        one, two, three, four, five, trade = chosen
        yield f"{one}{two}{three.lower()} {five}{four} {trade}"


def items(count: int, watched: list[str]) -> list[AnyEvent]:
    """Return ``count`` items, 40 seconds apart, one in five about a watched name."""
    dice = random.Random(2)  # noqa: S311 - made-up items, no secret
    result: list[AnyEvent] = []
    for number in range(count):
        at = BEGIN + timedelta(seconds=40 * number)
        n = dice.randrange(2, 90)
        if number % 5 == 0:
            who = dice.choice(watched)
            head, text = dice.choice(EVENTS)
            title, summary = f"{who} {head.format(n=n)}", text.format(who=who, n=n)
        else:
            title = dice.choice(OTHERS).format(n=number)
            summary = f"{title}, the city said. It was the largest turnout in {n} years, and people stayed until late."
        host = dice.choice(HOSTS)
        source = Source(feed_url=f"https://{host}/feed", host=host)
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
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--watched", type=int, default=2_000)
    parser.add_argument("--others", type=int, default=0)
    options = parser.parse_args()
    watched = names(options.watched)
    annotate, judge = Annotate(), Judge()
    stream = items(options.items, watched)
    before = resident()
    started = time.perf_counter()
    for change in book(itertools.chain(watched, others(options.others))):
        annotate.update_reference(change)
        judge.update_reference(change)
    annotate.process(None, stream[0], stream[0].time)  # compiles the book and the lexicons
    print(f"book of {options.watched + options.others:,} names loaded in {time.perf_counter() - started:.1f} s")
    started = time.process_time()
    annotations = [annotated for item in stream for annotated in annotate.process(None, item, item.time)[1]]
    between = time.process_time()
    states: dict[str, JudgeState] = {}
    verdicts: Counter[str] = Counter()
    for annotated in annotations:
        key = judge.key(annotated)
        states[key], out = judge.process(states.get(key) or judge.initial(key), annotated, annotated.time)
        verdicts.update(alert.data.alert.verdict for alert in out if isinstance(alert.data, AlertRaised))
    ended = time.process_time()
    count = len(stream)
    alerts = sum(verdicts.values())
    print(f"{count:,} items, {len(annotations):,} annotations, {alerts:,} alerts {dict(sorted(verdicts.items()))}")
    print(f"annotate {count / (between - started):,.0f} items/s   judge {count / (ended - between):,.0f} items/s")
    print(f"both     {count / (ended - started):,.0f} items/s")
    live = time.perf_counter()
    for processor in (annotate, judge):
        processor.update_reference(client_changed("c00000", ["Novel Orchards"]))
    item = items(1, ["Novel Orchards"])[0]
    assert annotate.process(None, item, item.time)[1], "the change has not taken effect"
    print(f"change of a client in effect after {(time.perf_counter() - live) * 1000:.1f} ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory   {resident():,.0f} MiB, of which {before:,.0f} before the book; peak {peak:,.0f} MiB")


def resident() -> float:
    """Return the memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


if __name__ == "__main__":
    main()
