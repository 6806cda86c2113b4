"""Labels and texts as rows of tokens, split by day: what the model reads, and what it should say."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from services.matcher.reading.model.encoding import Encoded, NameType, PairEncoder, PairText, pack
from services.matcher.text.preparation import prepare_lead, prepare_title
from training.fields import FIELDS

__all__ = ["Encoder", "Row", "load_rows", "pack"]

LABELS = Path(__file__).parent / "labels"
#: Of five days, one is kept out of training.
BUCKETS = 5
#: A contrast headline counts less than real news.
CONTRAST_WEIGHT = 0.7


@dataclass(frozen=True, slots=True)
class Row:
    """One label with the text it is about. ``kept_out``: of a day that is not trained on. ``source``: whose label."""

    title: str
    lead: str
    publisher: str
    surface: str
    type: NameType
    labels: dict[str, str]
    weight: float
    kept_out: bool
    source: str


def load_rows(news: Path) -> list[Row]:
    """Read all labels: the older ones beside the items in ``news``, ours, and the contrast headlines."""
    items = {item["id"]: item for item in _lines(news / "items.jsonl")}
    older = [label for label in _lines(news / "labels.jsonl") if label["item_id"] in items]
    known = {(label["item_id"], label["entity"]) for label in older}
    rows = [_row(items[label["item_id"]], label, 1.0, "older") for label in older]
    with (LABELS / "readers.csv").open(encoding="utf-8", newline="") as file:
        ours = [label for label in csv.DictReader(file) if (label["item_id"], label["entity"]) not in known]
    readers: dict[tuple[str, str], int] = {}
    for label in ours:
        pair = label["item_id"], label["entity"]
        readers[pair] = readers.get(pair, 0) + 1
    rows += [
        _row(items[label["item_id"]], label, 1.0 / readers[label["item_id"], label["entity"]], "readers")
        for label in ours
    ]
    return rows + [_contrast(label) for label in _lines(LABELS / "contrast.jsonl")]


class Encoder:
    """Encodes rows as the product does, and remembers them."""

    def __init__(self, folder: Path) -> None:
        self._encoder = PairEncoder(Tokenizer.from_file(str(folder / "tokenizer.json")))
        self._known: dict[PairText, Encoded] = {}

    def encode(self, row: Row, type: NameType | None = None) -> Encoded:
        """Return token ids and marks of ``row``; ``type`` takes the place of its own."""
        pair = PairText(row.title, row.lead, row.publisher, row.surface, type or row.type)
        if pair not in self._known:
            self._known[pair] = self._encoder.encode(pair)
        return self._known[pair]


def _row(item: dict[str, Any], label: dict[str, str], weight: float, source: str) -> Row:
    day, publisher = item["published_at"][:10], item["source"]["publisher"]
    kept_out = int(hashlib.sha256(day.encode()).hexdigest(), 16) % BUCKETS == 0
    return Row(
        title=prepare_title(item["title"], publisher, item["source"]["host"]),
        lead=prepare_lead(item["summary"], item["body"], publisher),
        publisher=publisher or "",
        surface=label["surface"],
        type=label["type"],
        labels={field: label[field] for field in FIELDS},
        weight=weight,
        kept_out=kept_out,
        source=source,
    )


def _contrast(label: dict[str, Any]) -> Row:
    return Row(
        title=label["title"],
        lead=label["summary"] or "",
        publisher=label["publisher"],
        surface=label["surface"],
        type=label["type"],
        labels={field: label[field] for field in FIELDS},
        weight=CONTRAST_WEIGHT,
        kept_out=False,
        source="contrast",
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
