"""Measure the speed (in CPU time), build time and memory of the watch list at a given number of terms, and what a
small change and 1,000 of them cost.

    python bench/bench_mentions.py 100000 [--queries 10000]

Terms are the companies of ../shared/data/mentions and made-up names of two words; items are its headlines, three to
one item (some 230 characters). With ``--queries`` so many interests besides ask for made-up names together with
common words. One process, one thread; run it once for each size, for memory is the process's peak.
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
from services.matcher.mentions.topics import shipped_topics

DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions"


def made_up(count: int) -> Iterator[Watch]:
    """``count`` watches named "<Word> <Word>", from words of the headlines and made-up syllables; seeded."""
    rng = random.Random(7)  # noqa: S311 - made-up names, no secret
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
    found: dict[str, None] = {}
    while len(found) < count:
        found[f"{rng.choice(vocabulary)} {rng.choice(vocabulary)}"] = None
    for n, name in enumerate(found):
        yield Watch(entity_id=f"e{n}", name=name, kind="holding")


def asking(count: int) -> Iterator[Watch]:
    """``count`` interests as queries, a seventh of them on shipped topics, each narrowed to a made-up name."""
    topics = list(shipped_topics())
    for n, watch in enumerate(made_up(count)):
        if n % 7 == 0:
            told: dict[str, object] = {"topic": topics[n % len(topics)], "context": (watch.name,)}
        else:
            told = {"query": Query(any_of=("price | prices", "strike"), all_of=(watch.name,), none_of=("football",))}
        yield Watch.model_validate({"entity_id": f"q{n}", "name": f"Q {n}", "kind": "topic", **told})


def peak() -> float:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed(watchlist: MentionFinder, items: list[Item]) -> tuple[float, int]:
    """Items a second of CPU time, and how many mentions were found."""
    begun = time.process_time()
    found = sum(len(watchlist.find(item)) for item in items)
    return len(items) / (time.process_time() - begun), found


def main() -> None:
    """Print the figures, one line a subject."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("terms", type=int, nargs="?", default=100_000)
    parser.add_argument("--queries", type=int, default=0)
    options = parser.parse_args()
    rows = [json.loads(line) for line in (DATA / "watchlist.jsonl").read_text(encoding="utf-8").splitlines()]
    listed = (
        Watch(entity_id=row["symbol"], name=row["aliases"][0], aliases=tuple(row["aliases"][1:]), kind="holding")
        for row in rows
    )
    names = max(options.terms - sum(len(row["aliases"]) for row in rows), 0)
    watches = itertools.chain(listed, made_up(names), asking(options.queries))
    titles = [json.loads(line)["title"] for line in (DATA / "headlines.jsonl").read_text(encoding="utf-8").splitlines()]
    items = [
        Item(id=str(n), title=titles[n], summary=f"{titles[n + 1]}. {titles[n + 2]}. {titles[n + 3]}")
        for n in range(0, len(titles) - 3, 2)
    ]
    base = peak()
    begun = time.process_time()
    watchlist = MentionFinder()
    for watch in watches:
        watchlist.update(watch.entity_id, (watch,))
    built = time.process_time() - begun
    characters = sum(len(item.text()) for item in items) / len(items)
    rate, found = speed(watchlist, items)
    print(
        f"{len(watchlist):,} terms: build {built:.2f} s, {rate:,.0f} items/s of {characters:.0f} characters, "
        f"{found} mentions, peak {peak():.0f} MB of which {peak() - base:.0f} MB the watch list"
    )
    slowest = 0.0
    begun = time.process_time()
    for n in range(1_000):
        before = time.process_time()
        watchlist.update(f"new{n}", [Watch(entity_id=f"new{n}", name=f"Novelty {n}", kind="holding")])
        slowest = max(slowest, time.process_time() - before)
    spent = time.process_time() - begun
    rate, found = speed(watchlist, items)
    print(
        f"1,000 changes one by one: {spent:.2f} s, the slowest {slowest * 1000:.0f} ms; then {rate:,.0f} items/s, "
        f"{found} mentions"
    )


if __name__ == "__main__":
    main()
