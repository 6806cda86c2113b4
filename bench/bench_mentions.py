"""Measure the mention finder at a given number of terms: speed in CPU time, build time, memory, and cost of updates.

    python bench/bench_mentions.py 100000 [--queries 10000]

The terms are the companies in ../shared/data/mentions and made-up names of two words. The items are headlines from
there, about 230 characters each. ``--queries`` adds that many interests that combine made-up names with common words.
It uses one process and one thread. Run it once for each size, because it reports the peak memory of the process.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from schemas.clients import Query, Watch
from schemas.items import Item
from services.matcher.mentions.finder import MentionFinder
from services.matcher.mentions.topics import all_topics

DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions"


def made_up(count: int) -> Iterator[Watch]:
    """Yield ``count`` watches named "<Word> <Word>", from words of the headlines and made-up syllables."""
    rng = random.Random(7)  # noqa: S311 - not a secret
    syllables = [
        "ba",
        "cor",
        "dex",
        "fin",
        "gra",
        "hol",
        "ix",
        "jun",
        "kel",
        "lum",
        "mar",
        "nov",
        "or",
        "pra",
        "qui",
        "ros",
    ]
    vocabulary = ["".join(rng.choices(syllables, k=rng.randint(2, 4))).title() for _ in range(20_000)]
    titles = [json.loads(line)["title"] for line in (DATA / "headlines.jsonl").read_text(encoding="utf-8").splitlines()]
    vocabulary += sorted(
        {word.title() for title in titles for word in title.split() if word.isalpha() and len(word) > 3}
    )
    names: dict[str, None] = {}
    while len(names) < count:
        names[f"{rng.choice(vocabulary)} {rng.choice(vocabulary)}"] = None
    for n, name in enumerate(names):
        yield Watch(entity_id=f"e{n}", name=name, kind="holding")


def query_watches(count: int) -> Iterator[Watch]:
    """Yield ``count`` watches with a query, each narrowed to a made-up name; every seventh names a topic."""
    topics = list(all_topics())
    for n, watch in enumerate(made_up(count)):
        if n % 7 == 0:
            fields: dict[str, object] = {"topic": topics[n % len(topics)], "context": (watch.name,)}
        else:
            fields = {"query": Query(any_of=("price | prices", "strike"), all_of=(watch.name,), none_of=("football",))}
        yield Watch.model_validate({"entity_id": f"q{n}", "name": f"Q {n}", "kind": "topic", **fields})


def peak_memory() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_speed(finder: MentionFinder, items: list[Item]) -> tuple[float, int]:
    """Return the items per second of CPU time and the number of mentions."""
    started = time.process_time()
    mentions = sum(len(finder.find(item)) for item in items)
    return len(items) / (time.process_time() - started), mentions


def main() -> None:
    """Print one line for the full table and one for the updates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("terms", type=int, nargs="?", default=100_000)
    parser.add_argument("--queries", type=int, default=0)
    options = parser.parse_args()
    rows = [json.loads(line) for line in (DATA / "watchlist.jsonl").read_text(encoding="utf-8").splitlines()]
    companies = (
        Watch(entity_id=row["symbol"], name=row["aliases"][0], aliases=tuple(row["aliases"][1:]), kind="holding")
        for row in rows
    )
    made_up_count = max(options.terms - sum(len(row["aliases"]) for row in rows), 0)
    watches = itertools.chain(companies, made_up(made_up_count), query_watches(options.queries))
    titles = [json.loads(line)["title"] for line in (DATA / "headlines.jsonl").read_text(encoding="utf-8").splitlines()]
    items = [
        Item(id=str(n), title=titles[n], summary=f"{titles[n + 1]}. {titles[n + 2]}. {titles[n + 3]}")
        for n in range(0, len(titles) - 3, 2)
    ]
    memory_before = peak_memory()
    started = time.process_time()
    finder = MentionFinder()
    for watch in watches:
        finder.update(watch.entity_id, (watch,))
    build_seconds = time.process_time() - started
    characters = sum(len(item.text()) for item in items) / len(items)
    rate, mentions = measure_speed(finder, items)
    finder_memory = peak_memory() - memory_before
    print(
        f"{len(finder):,} terms: build {build_seconds:.2f} s, {rate:,.0f} items/s of {characters:.0f} characters, "
        f"{mentions} mentions, peak {peak_memory():.0f} MB of which {finder_memory:.0f} MB for the finder"
    )
    slowest = 0.0
    started = time.process_time()
    for n in range(1_000):
        before = time.process_time()
        finder.update(f"new{n}", [Watch(entity_id=f"new{n}", name=f"Novelty {n}", kind="holding")])
        slowest = max(slowest, time.process_time() - before)
    spent = time.process_time() - started
    rate, mentions = measure_speed(finder, items)
    print(
        f"1,000 updates one by one: {spent:.2f} s, the slowest {slowest * 1000:.0f} ms; then {rate:,.0f} items/s, "
        f"{mentions} mentions"
    )


if __name__ == "__main__":
    main()
