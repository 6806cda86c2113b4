"""Measure how well hedged, denied and retracted claims are distinguished from asserted ones.

    python bench/eval_claims.py [--set sentences|headlines] [--half dev|kept] [--errors]

``sentences`` are in ../shared/data/hedges, ``headlines`` are our own in tests/corpus/claims. Both are split into
halves by content. Rules are developed with ``dev`` only; ``kept`` is for the final check.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.items import Item
from schemas.mentions import Claim
from services.matcher.annotate import read_item
from services.matcher.sources.publishers import default_sources

ROOT = Path(__file__).parents[1]
SENTENCES = ROOT.parent / "shared" / "data" / "hedges" / "sentences.jsonl"
HEADLINES = ROOT / "tests" / "corpus" / "claims" / "headlines.jsonl"
HALVES = {"dev": 0, "kept": 1}


class LabeledText(NamedTuple):
    """A text and its labels. ``basis`` and the reason ``why`` are empty for sentences."""

    item: Item
    status: str
    basis: str = ""
    why: str = ""


class Confusion(NamedTuple):
    """Precision, recall and F1 of claims that are not asserted, and the share of correct statuses and bases."""

    rows: int
    precision: float
    recall: float
    f1: float
    accuracy: float
    basis: float
    pairs: dict[tuple[str, str], int]


def _in_half(text: str, half: str) -> bool:
    return half == "both" or zlib.crc32(text.encode()) % 2 == HALVES[half]


def sentences(half: str, path: Path = SENTENCES) -> list[LabeledText]:
    """Return the sentences of one half; those labeled as uncertain count as hedged."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        LabeledText(Item(id="eval", title=row["text"], language="en"), "hedged" if row["uncertain"] else "asserted")
        for row in rows
        if _in_half(row["text"], half)
    ]


def headlines(half: str, path: Path = HEADLINES) -> list[LabeledText]:
    """Return our own headlines of one half."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        LabeledText(Item(id="eval", title=row["title"]), row["status"], row["basis"], row["why"])
        for row in rows
        if _in_half(row["title"], half)
    ]


def classify(item: Item) -> Claim:
    """Return the claim of ``item`` as the product reads it."""
    return read_item(item, default_sources()).claim


def confusion(rows: Sequence[LabeledText]) -> Confusion:
    """Classify ``rows`` and compare the results with the labels."""
    pairs: Counter[tuple[str, str]] = Counter()
    basis = 0
    for row in rows:
        claim = classify(row.item)
        pairs[row.status, claim.status] += 1
        basis += claim.basis == row.basis
    hits = sum(count for pair, count in pairs.items() if "asserted" not in pair)
    labeled = sum(count for (status, _), count in pairs.items() if status != "asserted")
    classified = sum(count for (_, status), count in pairs.items() if status != "asserted")
    precision, recall = hits / max(1, classified), hits / max(1, labeled)
    return Confusion(
        rows=len(rows),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(1e-9, precision + recall),
        accuracy=sum(count for (label, status), count in pairs.items() if label == status) / max(1, len(rows)),
        basis=basis / max(1, len(rows)),
        pairs=dict(pairs),
    )


def show_errors(rows: Sequence[LabeledText]) -> None:
    """Print each misclassified headline and the most misleading cues, with their right and wrong uses."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for row in rows:
        claim = classify(row.item)
        (wrong if row.status == "asserted" else right).update({cue.lower() for cue in claim.cues})
        if row.why and claim.status != row.status:
            print(f"{row.status:9} read as {claim.status:9} {row.item.title}  ({row.why})")
    for cue, times in wrong.most_common(40):
        print(f"{cue:30} {right[cue]:5} {times:5}")


def main() -> None:
    """Print the figures and the number of texts per second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("sentences", "headlines"), default="sentences")
    parser.add_argument("--half", choices=(*sorted(HALVES), "both"), default="dev")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    rows = (sentences if options.set == "sentences" else headlines)(options.half)
    classify(rows[0].item)  # builds the phrase matcher
    started = time.perf_counter()
    result = confusion(rows)
    speed = f"{len(rows) / (time.perf_counter() - started):,.0f}/s"
    print(
        f"{options.half}: {result.rows} {options.set}  P {result.precision:.3f}  R {result.recall:.3f}  "
        f"F1 {result.f1:.3f}  status right {result.accuracy:.3f}  basis right {result.basis:.3f}  {speed}"
    )
    if options.errors:
        show_errors(rows)


if __name__ == "__main__":
    main()
