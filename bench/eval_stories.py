"""Measure how well headlines are grouped into stories: B-cubed precision, recall and F.

    python bench/eval_stories.py [--half dev|kept|both]

The headlines in ../shared/data/stories, titles only, go through one index in order of time. The figures cover every
second story (dev) or the others (kept, for the final check only).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from schemas.items import Item
from schemas.mentions import StoryRecord
from services.matcher.stories.all_items_index import AllItemsIndex

DATA = Path(__file__).parents[2] / "shared" / "data" / "stories" / "headlines.jsonl"


def b_cubed(assigned: list[str], gold: list[str], counted: set[str]) -> tuple[float, float, float]:
    """Return precision, recall and F over the items whose gold story is ``counted``."""
    sizes, gold_sizes, both = Counter(assigned), Counter(gold), Counter(zip(assigned, gold, strict=True))
    pairs = [(f, g) for f, g in zip(assigned, gold, strict=True) if g in counted]
    precision = sum(both[f, g] / sizes[f] for f, g in pairs) / len(pairs)
    recall = sum(both[f, g] / gold_sizes[g] for f, g in pairs) / len(pairs)
    return precision, recall, 2 * precision * recall / (precision + recall)


def rows() -> list[dict[str, Any]]:
    """Return all headlines, in order of time."""
    headlines = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    return sorted(headlines, key=lambda row: row["published_ms"])


def counted(stories: Iterable[str], half: str) -> set[str]:
    """Return the gold stories of one half: every second one in order of time, or the others."""
    order = list(dict.fromkeys(stories))
    return set({"dev": order[::2], "kept": order[1::2], "both": order}[half])


class Run(NamedTuple):
    """A run over all headlines: their assignments, gold stories, and the CPU time."""

    records: list[StoryRecord]
    gold: list[str]
    seconds: float

    def score(self, half: str) -> tuple[float, float, float]:
        """Return B-cubed precision, recall and F of one half."""
        return b_cubed([record.story_id for record in self.records], self.gold, counted(self.gold, half))


def run() -> Run:
    """Assign every headline to a story, in order of time."""
    headlines = rows()
    items = [
        (Item(id=str(n), title=row["title"]), datetime.fromtimestamp(row["published_ms"] / 1000, UTC))
        for n, row in enumerate(headlines)
    ]
    index = AllItemsIndex()
    started = time.process_time()
    for item, at in items:
        index.add(item, at)
    records = {record.item_id: record for record in index.close()}
    seconds = time.process_time() - started
    return Run([records[item.id] for item, _ in items], [row["story"] for row in headlines], seconds)


def main() -> None:
    """Print the figures of one half, the relations and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    half = parser.parse_args().half
    result = run()
    precision, recall, f1 = result.score(half)
    relations = Counter(record.relation for record in result.records)
    stories = len({record.story_id for record in result.records})
    print(f"{half}: B3 P {precision:.3f} R {recall:.3f} F {f1:.3f}; {stories} stories for {len(set(result.gold))}")
    print(f"{dict(relations)}; {len(result.records) / result.seconds:,.0f} items/s")


if __name__ == "__main__":
    main()
