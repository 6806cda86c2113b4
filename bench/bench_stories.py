"""Measure the speed of story assignment: over all items with thousands of open stories, and for single entities.

    python bench/bench_stories.py

Each item combines three headlines of ../shared/data/mentions (some 230 characters). One item a minute, in four rounds
with different combinations. CPU time, one thread.
"""

from __future__ import annotations

import json
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.items import Item
from services.matcher.stories.all_items_index import AllItemsIndex
from services.matcher.stories.pairwise import text_report
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.window import EMPTY_WINDOW, StoryWindow, assign_report

DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions" / "headlines.jsonl"
START = datetime(2026, 1, 5, tzinfo=UTC)
ROUNDS = 4
ENTITIES = 400


def main() -> None:
    """Print one line for each measurement."""
    titles = [json.loads(line)["title"] for line in DATA.read_text(encoding="utf-8").splitlines()]
    items = [
        Item(id=f"{turn}-{n}", title=titles[n], summary=f"{titles[(n + 7 * turn + 1) % len(titles)]}. {titles[n + 1]}.")
        for turn in range(ROUNDS)
        for n in range(len(titles) - 1)
    ]
    index = AllItemsIndex()
    started = time.process_time()
    for minute, item in enumerate(items):
        index.add(item, START + timedelta(minutes=minute))
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"AllItemsIndex.add: {len(items) / seconds:,.0f} items/s, {len(index):,} stories open, peak {peak:.0f} MB")

    started = time.process_time()
    signatures = [compute_signature(item) for item in items]
    seconds = time.process_time() - started
    print(f"compute_signature: {len(items) / seconds:,.0f} items/s")

    windows: list[StoryWindow] = [EMPTY_WINDOW] * ENTITIES
    started = time.process_time()
    for minute, (item, signature) in enumerate(zip(items, signatures, strict=True)):
        entity = minute % ENTITIES
        at = START + timedelta(minutes=minute)
        report = text_report(item.id, signature, at)
        windows[entity] = assign_report(windows[entity], report, signature, title=item.title).window
    seconds = time.process_time() - started
    stories = sum(len(window.stories) for window in windows) / ENTITIES
    print(f"assign_report: {len(items) / seconds:,.0f} items/s in windows of {stories:.1f} stories")


if __name__ == "__main__":
    main()
