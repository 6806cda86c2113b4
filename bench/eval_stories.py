"""Measure stories on the headlines in ../shared/data, titles only, in time order: B-cubed precision, recall and F.

    python bench/eval_stories.py [--half dev|kept|both]

All headlines pass through one index; the figures count the headlines of every second story (dev) or of the others
(kept, for the last look).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

from schemas.items import Item
from services.matcher.stories import StoryIndex

DATA = Path(__file__).parents[2] / "shared" / "data" / "stories" / "headlines.jsonl"


def b_cubed(found: list[str], gold: list[str], counted: set[str]) -> tuple[float, float, float]:
    """Precision, recall and F over the items whose gold story is ``counted``."""
    sizes, gold_sizes, both = Counter(found), Counter(gold), Counter(zip(found, gold, strict=True))
    pairs = [(f, g) for f, g in zip(found, gold, strict=True) if g in counted]
    precision = sum(both[f, g] / sizes[f] for f, g in pairs) / len(pairs)
    recall = sum(both[f, g] / gold_sizes[g] for f, g in pairs) / len(pairs)
    return precision, recall, 2 * precision * recall / (precision + recall)


def main() -> None:
    """Print the figures of the half that was asked for, the relations and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    half = parser.parse_args().half
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: row["published_ms"])
    items = [
        (Item(id=str(n), title=row["title"]), datetime.fromtimestamp(row["published_ms"] / 1000, UTC))
        for n, row in enumerate(rows)
    ]
    index = StoryIndex()
    begun = time.process_time()
    records = [index.add(item, at) for item, at in items]
    seconds = time.process_time() - begun
    found, gold = [record.story_id for record in records], [row["story"] for row in rows]
    order = list(dict.fromkeys(gold))
    halves = {"dev": set(order[::2]), "kept": set(order[1::2]), "both": set(order)}
    precision, recall, f1 = b_cubed(found, gold, halves[half])
    relations: dict[str, int] = defaultdict(int)
    for record in records:
        relations[record.relation] += 1
    print(f"{half}: B3 P {precision:.3f} R {recall:.3f} F {f1:.3f}; {len(set(found))} stories for {len(order)}")
    print(f"{dict(relations)}; {len(items) / seconds:,.0f} items/s")


if __name__ == "__main__":
    main()
