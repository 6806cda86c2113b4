"""Propose labels for a firm's own items: what the shipped reader says of each watched name in them, unsure ones first.

    python -m training.propose --book book.yaml --items items.jsonl --out firm.csv

Of the client book only the watched names are used. People correct the rows and write their own name into the column
``reader``; rows that still say ``model`` there are not trained on.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from firstword.book import load_book
from firstword.book_events import diff_book
from firstword.runtimes.replay import BEGINNING, item_events
from schemas.clients import Book
from schemas.items import Item
from schemas.readings import FIELD_VALUES, Reading
from services.matcher.annotate import Annotate
from services.matcher.reading.reader import NamedMention, Reader, default_reader
from services.matcher.sources.channels import trust_source
from services.matcher.sources.publishers import default_sources
from services.matcher.thresholds import default_thresholds
from training.fields import FIELDS
from training.rows import PROPOSED, Label, Pair

__all__ = ["COLUMNS", "main", "propose"]

COLUMNS = ("item_id", "entity", "surface", "type", "reader", *FIELDS)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Propose labels for a firm's own items.")
    parser.add_argument("--book", type=Path, required=True, help="client book with the watched names")
    parser.add_argument("--items", type=Path, required=True, help="items, one JSON object a line")
    parser.add_argument("--out", type=Path, required=True, help="label file to write (.csv)")
    given = parser.parse_args()
    book, problems = load_book(given.book.read_text(encoding="utf-8"), given.book.name)
    if book is None:
        sys.exit("\n".join(f"{problem.file}:{problem.line}: {problem.message} {problem.fix}" for problem in problems))
    with given.items.open(encoding="utf-8") as file:
        labels = propose(
            book, [trust_source(Item.model_validate_json(line), default_sources()) for line in file], default_reader()
        )
    with given.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(labels)
    print(f"{given.out}: {len(labels)} rows to check")


def propose(book: Book, items: Iterable[Item], reader: Reader) -> list[Label]:
    """Return a label of each pair as ``reader`` reads it, those nearest to the threshold of telling first."""
    recorder = _Recorder(reader)
    annotate = Annotate(reader=recorder)
    for changed in diff_book(book, {}, BEGINNING).events:
        annotate.update_reference(changed)
    for ingested in item_events(items):
        annotate.process(None, ingested, ingested.time)
    threshold = default_thresholds().worth_telling
    read = sorted(recorder.latest.values(), key=lambda pair: abs(pair[1].tell_score - threshold))
    return [_label(named, reading, threshold) for named, reading in read]


class _Recorder:
    """A reader that remembers its latest reading of each pair."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.latest: dict[Pair, tuple[NamedMention, Reading]] = {}

    def read(self, item: Item, publisher: str, named: Sequence[NamedMention]) -> list[Reading]:
        readings = self._reader.read(item, publisher, named)
        self.latest |= {
            (item.id, mention.name): (mention, reading) for mention, reading in zip(named, readings, strict=True)
        }
        return readings


def _label(named: NamedMention, reading: Reading, threshold: float) -> Label:
    spans = named.mention.spans
    return {
        "item_id": reading.item_id,
        "entity": named.name,
        "surface": spans[0].text if spans else "",
        "type": named.type,
        "reader": PROPOSED,
        **{field: getattr(reading, field) for field in FIELD_VALUES},
        "tell": "tell" if reading.tell_score >= threshold else "no",
    }


if __name__ == "__main__":
    main()
