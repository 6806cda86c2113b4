"""Measure the speed (in CPU time), build time and memory of the watch list at a given number of terms.

    python bench/bench_mentions.py 100000

Terms are the companies of ../shared/data/mentions and made-up names of two words; items are its headlines, three to
one item (some 230 characters). One process, one thread; run it once for each size, for memory is the process's peak.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from pathlib import Path

from schemas.clients import Watch
from schemas.items import Item
from services.matcher.mentions import Watchlist

DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions"


def made_up(count: int) -> list[Watch]:
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
    return [Watch(entity_id=f"e{n}", name=name, kind="holding") for n, name in enumerate(found)]


def main() -> None:
    """Print one line: terms, build seconds, items a second, mentions, peak memory."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = [json.loads(line) for line in (DATA / "watchlist.jsonl").read_text(encoding="utf-8").splitlines()]
    watches = [
        Watch(entity_id=row["symbol"], name=row["aliases"][0], aliases=tuple(row["aliases"][1:]), kind="holding")
        for row in rows
    ]
    watches += made_up(max(count - sum(len(row["aliases"]) for row in rows), 0))
    titles = [json.loads(line)["title"] for line in (DATA / "headlines.jsonl").read_text(encoding="utf-8").splitlines()]
    items = [
        Item(id=str(n), title=titles[n], summary=f"{titles[n + 1]}. {titles[n + 2]}. {titles[n + 3]}")
        for n in range(0, len(titles) - 3, 2)
    ]
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.process_time()
    watchlist = Watchlist.build(watches)
    built = time.process_time()
    found = sum(len(watchlist.find(item)) for item in items)
    done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    terms = len(watchlist)
    del watchlist
    emptied = time.process_time()
    Watchlist.build(watches)
    rebuilt = time.process_time()
    characters = sum(len(item.text()) for item in items) / len(items)
    print(
        f"{terms:,} terms: build {built - begun:.2f} s, again {rebuilt - emptied:.2f} s, "
        f"{len(items) / (done - built):,.0f} items/s of {characters:.0f} characters, {found} mentions, "
        f"peak {peak:.0f} MB (before the build {base:.0f} MB)"
    )


if __name__ == "__main__":
    main()
