"""Measure how many changed sentences the meaning check finds, and how many true ones it flags.

    python bench/eval_meaning.py [--half dev|kept|later|fresh] [--errors] [--news]

The pairs of evidence and sentence are our own (tests/corpus/meaning), split into halves by their evidence. Rules are
developed with ``dev`` only; ``kept`` is for the final check, and so are ``later``
and ``fresh``, written after it. ``--news``
measures false alarms on real news: the title of an item is a true statement about its own lead.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from services.notifier.drafting.meaning.compare import check_meaning  # noqa: E402

SENTENCES = ROOT / "tests" / "corpus" / "meaning" / "sentences.jsonl"
#: Sentences written later, by the name that they are measured under.
WRITTEN_LATER = ("later", "fresh")
NEWS = ROOT.parent / "shared" / "data" / "news" / "items.jsonl"
HALVES = {"dev": 0, "kept": 1}
#: Every so many of the news items are measured.
STEP = 16


class Pair(NamedTuple):
    """A sentence about its evidence; ``kind`` is the kind of its change, None if it is true."""

    domain: str
    evidence: str
    sentence: str
    kind: str | None

    @property
    def flagged(self) -> bool:
        """Return whether the check finds something."""
        return bool(self.finding_kinds)

    @property
    def finding_kinds(self) -> frozenset[str]:
        """Return the kinds of what the check finds."""
        return frozenset(finding.kind for finding in check_meaning(self.sentence, [self.evidence]))


class Result(NamedTuple):
    """The share of changed sentences found, the share of true ones flagged, (found, all) by kind of change, and the
    number of true ones flagged by kind of finding.
    """

    found: float
    alarms: float
    kinds: dict[str, tuple[int, int]]
    alarm_kinds: dict[str, int]


def pairs(half: str) -> list[Pair]:
    """Return the pairs of one half or of both, or those of a later file."""
    file = SENTENCES.with_name(f"{half}.jsonl") if half in WRITTEN_LATER else SENTENCES
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    every = (Pair(row["domain"], row["evidence"], row["sentence"], row["kind"]) for row in rows)
    return [
        pair
        for pair in every
        if half in ("both", *WRITTEN_LATER) or zlib.crc32(pair.evidence.encode()) % 2 == HALVES[half]
    ]


def measure(half: str) -> Result:
    """Measure one half."""
    found: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    alarm_kinds: Counter[str] = Counter()
    alarms = true = 0
    for pair in pairs(half):
        if pair.kind is None:
            true += 1
            alarms += pair.flagged
            alarm_kinds.update(pair.finding_kinds)
        else:
            totals[pair.kind] += 1
            found[pair.kind] += pair.flagged
    kinds = {kind: (found[kind], total) for kind, total in sorted(totals.items())}
    return Result(sum(found.values()) / sum(totals.values()), alarms / true, kinds, dict(sorted(alarm_kinds.items())))


def news_pairs() -> Iterator[Pair]:
    """Yield the titles of a part of the news with their leads, as true statements."""
    with NEWS.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            item = json.loads(line) if number % STEP == 0 else {}
            title, lead = item.get("title") or "", item.get("summary") or ""
            if len(title.split()) >= 5 and len(lead.split()) >= 12:
                yield Pair("news", lead, title, None)


def news_alarms(real: Sequence[Pair]) -> float:
    """Return the share of ``real`` pairs that are flagged, although they are true."""
    return sum(pair.flagged for pair in real) / len(real)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[*HALVES, "both", *WRITTEN_LATER], default="dev")
    parser.add_argument("--errors", action="store_true", help="print each error")
    parser.add_argument("--news", action="store_true", help="measure false alarms on real news instead")
    options = parser.parse_args()
    if options.news:
        real = list(news_pairs())
        print(f"{len(real)} titles with their leads: {news_alarms(real):.3f} flagged")
        if options.errors:
            for pair in real:
                for finding in check_meaning(pair.sentence, [pair.evidence]):
                    print(f"{finding.kind}: {finding.message}\n    {pair.sentence}\n    {pair.evidence[:300]}")
        return
    result = measure(options.half)
    print(f"{options.half}: found {result.found:.3f}, false alarms {result.alarms:.3f}")
    for kind, (found, total) in result.kinds.items():
        print(f"  {kind:10} {found:4} of {total:4}  {found / total:.2f}")
    for kind, alarms in result.alarm_kinds.items():
        print(f"  true sentences flagged as {kind}: {alarms}")
    if options.errors:
        for pair in pairs(options.half):
            findings = check_meaning(pair.sentence, [pair.evidence])
            if bool(findings) != (pair.kind is not None):
                shown = "; ".join(f"{finding.kind}: {finding.message}" for finding in findings)
                print(f"{pair.kind or 'TRUE'} | {pair.sentence} | {pair.evidence} | {shown}")


if __name__ == "__main__":
    main()
