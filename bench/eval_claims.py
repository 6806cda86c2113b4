"""How well claims are told apart: hedged or denied against asserted, on labelled sentences.

    .venv/bin/python bench/eval_claims.py ../shared/data/hedges/sentences.jsonl [--half dev|last] [--errors]

The sentences are split in halves by content. Rules are worked on with ``dev`` only; ``last`` is for the last look.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from schemas.items import Item
from schemas.mentions import Claim
from services.matcher.claims import judge_claim

HALVES = {"dev": 0, "last": 1}


class Labelled(NamedTuple):
    """A sentence, and whether people found it uncertain."""

    item: Item
    uncertain: bool


def labelled(path: Path, half: str) -> list[Labelled]:
    """The sentences of one half of ``path``."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        Labelled(Item(id="eval", title=row["text"]), bool(row["uncertain"]))
        for row in rows
        if zlib.crc32(row["text"].encode()) % 2 == HALVES[half]
    ]


def show_errors(judged: list[tuple[Claim, bool]]) -> None:
    """Print the cues that mislead most: cue, right, wrong."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for claim, uncertain in judged:
        (right if uncertain else wrong).update({cue.lower() for cue in claim.cues})
    for cue, times in wrong.most_common(40):
        print(f"{cue:30} {right[cue]:5} {times:5}")


def main() -> None:
    """Print precision, recall, F1 and sentences a second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--half", choices=sorted(HALVES), default="dev")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    rows = labelled(options.path, options.half)
    judge_claim(rows[0].item)  # builds the automaton
    begun = time.perf_counter()
    judged = [(judge_claim(row.item), row.uncertain) for row in rows]
    seconds = time.perf_counter() - begun
    marked = [(claim.status != "asserted", uncertain) for claim, uncertain in judged]
    hits = sum(said and true for said, true in marked)
    precision = hits / max(1, sum(said for said, _ in marked))
    recall = hits / max(1, sum(true for _, true in marked))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    speed = f"{len(rows) / seconds:,.0f}/s"
    print(f"{options.half}: {len(rows)} sentences  P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  {speed}")
    if options.errors:
        show_errors(judged)


if __name__ == "__main__":
    main()
