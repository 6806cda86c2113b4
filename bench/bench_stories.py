"""Measure the speed of stories: over all items with thousands of open stories, and in windows of single entities.

    python bench/bench_stories.py

Items are the headlines of ../shared/data/mentions, three to one item (some 230 characters), one a minute, four times
over with other figures. CPU time, one thread.
"""

from __future__ import annotations

import json
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.items import Item
from services.matcher.stories.index import StoryIndex
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.window import EMPTY_WINDOW, StoryWindow, assign_by_text

DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions" / "headlines.jsonl"
START = datetime(2026, 1, 5, tzinfo=UTC)
ROUNDS = 4
ENTITIES = 400


def main() -> None:
    """Print one line for each."""
    titles = [json.loads(line)["title"] for line in DATA.read_text(encoding="utf-8").splitlines()]
    items = [
        Item(id=f"{turn}-{n}", title=titles[n], summary=f"{titles[(n + 7 * turn + 1) % len(titles)]}. {titles[n + 1]}.")
        for turn in range(ROUNDS)
        for n in range(len(titles) - 1)
    ]
    index = StoryIndex()
    begun = time.process_time()
    for minute, item in enumerate(items):
        index.add(item, START + timedelta(minutes=minute))
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"StoryIndex.add: {len(items) / seconds:,.0f} items/s, {len(index):,} stories open, peak {peak:.0f} MB")

    begun = time.process_time()
    seen = [compute_signature(item) for item in items]
    seconds = time.process_time() - begun
    print(f"signature: {len(items) / seconds:,.0f} items/s")

    windows: list[StoryWindow] = [EMPTY_WINDOW] * ENTITIES
    begun = time.process_time()
    for minute, (item, found) in enumerate(zip(items, seen, strict=True)):
        which = minute % ENTITIES
        at = START + timedelta(minutes=minute)
        windows[which], _ = assign_by_text(windows[which], item.id, found, at, title=item.title)
    seconds = time.process_time() - begun
    stories = sum(len(window.stories) for window in windows) / ENTITIES
    print(f"assign: {len(items) / seconds:,.0f} items/s in windows of {stories:.1f} stories")


if __name__ == "__main__":
    main()
