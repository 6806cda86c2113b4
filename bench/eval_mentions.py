"""Measure mentions on the labelled headlines in ../shared/data: precision, recall, F1, false alarms, and the errors.

    python bench/eval_mentions.py [--half dev|kept|both] [--errors]

Even rows are for development, odd rows are kept for the last look. Watched are the entities that are companies (some
alias carries a legal form); a headline's gold are those of them whose alias equals an annotated entity.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from schemas.clients import Watch
from schemas.items import Item
from services.matcher.mentions.finder import MentionFinder

#: One line of a file of JSON lines.
Row = dict[str, Any]
DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions"
LEGAL = re.compile(r"\b(Ltd|Limited|Corp|Inc|Co)\b")


def load(name: str) -> list[Row]:
    """The rows of one file of JSON lines."""
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


class Figures(NamedTuple):
    """What a measurement gives; ``alarms`` is the share of the ``empty`` headlines in which something was found."""

    rows: int
    precision: float
    recall: float
    f1: float
    alarms: float
    empty: int

    def __str__(self) -> str:
        return (
            f"{self.rows} rows: P {self.precision:.3f} R {self.recall:.3f} F1 {self.f1:.3f}, "
            f"false alarms {self.alarms:.1%} of {self.empty}"
        )


def companies() -> list[Row]:
    """Those of the watchlist that are companies."""
    return [row for row in load("watchlist.jsonl") if any(LEGAL.search(alias) for alias in row["aliases"])]


def measure(rows: list[Row], watched: list[Row], errors: bool = False) -> Figures:
    """The figures over ``rows``; prints the errors if asked to."""
    aliases: dict[str, set[str]] = defaultdict(set)
    watches = []
    for row in watched:
        first, *rest = row["aliases"]
        watches.append(Watch(entity_id=row["symbol"], name=first, aliases=tuple(rest), kind="holding"))
        for alias in row["aliases"]:
            aliases[alias.lower()].add(row["symbol"])
    watchlist = MentionFinder.build(watches)
    hit = extra = missed = empty = alarms = 0
    for row in rows:
        gold = {symbol for name in row["entities"] for symbol in aliases.get(name.lower(), ())}
        found = {mention.entity_id for mention in watchlist.find(Item(id="i", title=row["title"]))}
        hit, extra, missed = hit + len(found & gold), extra + len(found - gold), missed + len(gold - found)
        empty, alarms = empty + (not gold), alarms + (not gold and bool(found))
        if errors and found != gold:
            print(f"+{sorted(found - gold)} -{sorted(gold - found)} {row['title']}  {row['entities']}")
    precision, recall = hit / (hit + extra), hit / (hit + missed)
    f1 = 2 * precision * recall / (precision + recall)
    return Figures(len(rows), precision, recall, f1, alarms / empty, empty)


def main() -> None:
    """Print the figures of the half that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    rows, everything = load("headlines.jsonl"), load("watchlist.jsonl")
    for half, start in (("dev", 0), ("kept", 1)):
        if options.half in (half, "both"):
            print(half, "companies:", measure(rows[start::2], companies(), options.errors))
            print(half, "with sectors:", measure(rows[start::2], everything, errors=False))


if __name__ == "__main__":
    main()
