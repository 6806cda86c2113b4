"""Measure stories on the headlines in ../shared/data, titles only, in time order: B-cubed precision, recall and F.

    python bench/eval_stories.py [--half dev|kept|both]

All headlines pass through one index; the figures count the headlines of every second story (dev) or of the others
(kept, for the last look).
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
from services.matcher.stories.index import StoryIndex

DATA = Path(__file__).parents[2] / "shared" / "data" / "stories" / "headlines.jsonl"


def b_cubed(found: list[str], gold: list[str], counted: set[str]) -> tuple[float, float, float]:
    """Precision, recall and F over the items whose gold story is ``counted``."""
    sizes, gold_sizes, both = Counter(found), Counter(gold), Counter(zip(found, gold, strict=True))
    pairs = [(f, g) for f, g in zip(found, gold, strict=True) if g in counted]
    precision = sum(both[f, g] / sizes[f] for f, g in pairs) / len(pairs)
    recall = sum(both[f, g] / gold_sizes[g] for f, g in pairs) / len(pairs)
    return precision, recall, 2 * precision * recall / (precision + recall)


def rows() -> list[dict[str, Any]]:
    """All headlines, in time order."""
    found = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    return sorted(found, key=lambda row: row["published_ms"])


def counted(stories: Iterable[str], half: str) -> set[str]:
    """Of the true stories of all headlines in time order, those of one half: every second one, or the others."""
    order = list(dict.fromkeys(stories))
    return set({"dev": order[::2], "kept": order[1::2], "both": order}[half])


class Run(NamedTuple):
    """All headlines put into stories: the record of each, its true story, and the time it took."""

    records: list[StoryRecord]
    gold: list[str]
    seconds: float

    def score(self, half: str) -> tuple[float, float, float]:
        """B-cubed precision, recall and F of one half."""
        return b_cubed([record.story_id for record in self.records], self.gold, counted(self.gold, half))


def run() -> Run:
    """Put every headline into its story, in time order."""
    headlines = rows()
    items = [
        (Item(id=str(n), title=row["title"]), datetime.fromtimestamp(row["published_ms"] / 1000, UTC))
        for n, row in enumerate(headlines)
    ]
    index = StoryIndex()
    begun = time.process_time()
    records = [index.add(item, at) for item, at in items]
    return Run(records, [row["story"] for row in headlines], time.process_time() - begun)


def main() -> None:
    """Print the figures of the half that was asked for, the relations and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    half = parser.parse_args().half
    done = run()
    precision, recall, f1 = done.score(half)
    relations = Counter(record.relation for record in done.records)
    found = len({record.story_id for record in done.records})
    print(f"{half}: B3 P {precision:.3f} R {recall:.3f} F {f1:.3f}; {found} stories for {len(set(done.gold))}")
    print(f"{dict(relations)}; {len(done.records) / done.seconds:,.0f} items/s")


if __name__ == "__main__":
    main()
