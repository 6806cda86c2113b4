"""How well claims are told apart: hedged, denied or retracted against asserted.

    python bench/eval_claims.py [--set sentences|headlines] [--half dev|kept] [--errors]

``sentences`` are those of ../shared/data/hedges, ``headlines`` our own in tests/corpus/claims. Both are split in halves
by content. Rules are worked on with ``dev`` only; ``kept`` is for the last look.
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
from services.matcher.sources.publishers import shipped_sources

ROOT = Path(__file__).parents[1]
SENTENCES = ROOT.parent / "shared" / "data" / "hedges" / "sentences.jsonl"
HEADLINES = ROOT / "tests" / "corpus" / "claims" / "headlines.jsonl"
HALVES = {"dev": 0, "kept": 1}


class Labelled(NamedTuple):
    """A text and what people found: its status, on whose word, and why they think so (both empty for sentences)."""

    item: Item
    status: str
    basis: str = ""
    why: str = ""


class Confusion(NamedTuple):
    """How often what is not asserted was found (precision, recall), and how often the status, the basis were right."""

    rows: int
    precision: float
    recall: float
    f1: float
    accuracy: float
    basis: float
    pairs: dict[tuple[str, str], int]


def _in_half(text: str, half: str) -> bool:
    return half == "both" or zlib.crc32(text.encode()) % 2 == HALVES[half]


def sentences(half: str, path: Path = SENTENCES) -> list[Labelled]:
    """The sentences of one half; what is uncertain there is called hedged here."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        Labelled(Item(id="eval", title=row["text"], language="en"), "hedged" if row["uncertain"] else "asserted")
        for row in rows
        if _in_half(row["text"], half)
    ]


def headlines(half: str, path: Path = HEADLINES) -> list[Labelled]:
    """Our own headlines of one half."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        Labelled(Item(id="eval", title=row["title"]), row["status"], row["basis"], row["why"])
        for row in rows
        if _in_half(row["title"], half)
    ]


def claim_of(item: Item) -> Claim:
    """What the product takes ``item`` to claim."""
    return read_item(item, shipped_sources()).claim


def confusion(rows: Sequence[Labelled]) -> Confusion:
    """Judge ``rows`` and compare."""
    pairs: Counter[tuple[str, str]] = Counter()
    basis = 0
    for row in rows:
        claim = claim_of(row.item)
        pairs[row.status, claim.status] += 1
        basis += claim.basis == row.basis
    hits = sum(n for (said, found), n in pairs.items() if "asserted" not in (said, found))
    found = sum(n for (_, status), n in pairs.items() if status != "asserted")
    there = sum(n for (status, _), n in pairs.items() if status != "asserted")
    precision, recall = hits / max(1, found), hits / max(1, there)
    return Confusion(
        rows=len(rows),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(1e-9, precision + recall),
        accuracy=sum(n for (said, found_), n in pairs.items() if said == found_) / max(1, len(rows)),
        basis=basis / max(1, len(rows)),
        pairs=dict(pairs),
    )


def show_errors(rows: Sequence[Labelled]) -> None:
    """Print each headline that was misjudged, and the cues that mislead most: cue, right, wrong."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for row in rows:
        claim = claim_of(row.item)
        (wrong if row.status == "asserted" else right).update({cue.lower() for cue in claim.cues})
        if row.why and claim.status != row.status:
            print(f"{row.status:9} read as {claim.status:9} {row.item.title}  ({row.why})")
    for cue, times in wrong.most_common(40):
        print(f"{cue:30} {right[cue]:5} {times:5}")


def main() -> None:
    """Print the figures, and texts a second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("sentences", "headlines"), default="sentences")
    parser.add_argument("--half", choices=(*sorted(HALVES), "both"), default="dev")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    rows = (sentences if options.set == "sentences" else headlines)(options.half)
    claim_of(rows[0].item)  # builds the automaton
    begun = time.perf_counter()
    found = confusion(rows)
    speed = f"{len(rows) / (time.perf_counter() - begun):,.0f}/s"
    print(
        f"{options.half}: {found.rows} {options.set}  P {found.precision:.3f}  R {found.recall:.3f}  "
        f"F1 {found.f1:.3f}  status right {found.accuracy:.3f}  basis right {found.basis:.3f}  {speed}"
    )
    if options.errors:
        show_errors(rows)


if __name__ == "__main__":
    main()
