"""Measure the mentions found in the labeled headlines in ../shared/data: precision, recall, F1 and false alarms.

    python bench/eval_mentions.py [--half dev|kept|both] [--errors]

Even rows are for development; odd rows are kept for the final check. The watched entities are companies: at least one
alias has a legal form. A headline should mention those whose alias equals a labeled entity.
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

#: A row of a JSON Lines file.
Row = dict[str, Any]
DATA = Path(__file__).parents[2] / "shared" / "data" / "mentions"
LEGAL = re.compile(r"\b(Ltd|Limited|Corp|Inc|Co)\b")


def load(name: str) -> list[Row]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


class Figures(NamedTuple):
    """The result of a measurement. ``alarms`` is the share of false alarms among the ``empty`` headlines."""

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
    """Return the companies of the watch list."""
    return [row for row in load("watchlist.jsonl") if any(LEGAL.search(alias) for alias in row["aliases"])]


def measure(rows: list[Row], watched: list[Row], errors: bool = False) -> Figures:
    """Return the figures for ``rows``; print the errors if ``errors``."""
    aliases: dict[str, set[str]] = defaultdict(set)
    watches = []
    for row in watched:
        first, *rest = row["aliases"]
        watches.append(Watch(entity_id=row["symbol"], name=first, aliases=tuple(rest), kind="holding"))
        for alias in row["aliases"]:
            aliases[alias.lower()].add(row["symbol"])
    finder = MentionFinder.build(watches)
    hit = extra = missed = empty = alarms = 0
    for row in rows:
        gold = {symbol for name in row["entities"] for symbol in aliases.get(name.lower(), ())}
        found = {mention.entity_id for mention in finder.find(Item(id="i", title=row["title"]))}
        hit, extra, missed = hit + len(found & gold), extra + len(found - gold), missed + len(gold - found)
        empty, alarms = empty + (not gold), alarms + (not gold and bool(found))
        if errors and found != gold:
            print(f"+{sorted(found - gold)} -{sorted(gold - found)} {row['title']}  {row['entities']}")
    precision, recall = hit / (hit + extra), hit / (hit + missed)
    f1 = 2 * precision * recall / (precision + recall)
    return Figures(len(rows), precision, recall, f1, alarms / empty, empty)


def main() -> None:
    """Print the figures for the chosen half."""
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
