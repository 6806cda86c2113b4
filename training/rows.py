"""Labels and texts as rows of tokens, split by day: what the model reads, and what it should say."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Tokenizer

from training.fields import FIELDS

__all__ = ["Batch", "Encoder", "Row", "load_rows", "pack", "prepare"]

LABELS = Path(__file__).parent / "labels"
#: Of five days, one is kept out of training.
BUCKETS = 5
#: A contrast headline counts less than real news.
CONTRAST_WEIGHT = 0.7
TITLE_TOKENS, LEAD_TOKENS, PUBLISHER_TOKENS = 52, 64, 6
LEAD_CHARACTERS, SHORT_LEAD = 340, 120
_BOILERPLATE = re.compile(
    r"\s*("
    r"The post .{0,200}? (first )?appeared (first )?on .*"
    r"|\[(\.\.\.|…)\]"
    r"|\( ?\.\.\. ?Read more"
    r"|Read more\.{0,3}"
    r")\s*$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One label with the text it is about. ``kept_out``: of a day that is not trained on. ``source``: whose label."""

    title: str
    lead: str
    publisher: str
    surface: str
    type: str
    labels: dict[str, str]
    weight: float
    kept_out: bool
    source: str


class Batch(NamedTuple):
    """Rows as arrays of (rows, tokens); ``marks`` is 1 on the marked name."""

    ids: np.ndarray[Any, Any]
    mask: np.ndarray[Any, Any]
    marks: np.ndarray[Any, Any]


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


def prepare(text: str | None) -> str:
    """Return text on one line without what a publishing system appends to it."""
    return _BOILERPLATE.sub("", " ".join((text or "").split()))


class Encoder:
    """Turns rows into tokens with the name and its type marked: ``@ * company * Ford @``."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls, self._sep, self._at = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "@"))
        self._cache: dict[tuple[str, ...], tuple[list[int], list[int]]] = {}

    def encode(self, row: Row, type: str | None = None) -> tuple[list[int], list[int]]:
        """Return token ids and marks of ``row``; ``type`` takes the place of its own."""
        key = (row.title, row.lead, row.publisher, row.surface, type or row.type)
        if key not in self._cache:
            title, title_marks = self._marked(row.title, row.surface, key[-1], TITLE_TOKENS)
            lead, lead_marks = self._marked(row.lead, row.surface, key[-1], LEAD_TOKENS)
            publisher = self._pieces(row.publisher)[:PUBLISHER_TOKENS]
            ids = [self._cls, *title, self._sep, *lead, self._sep, *publisher, self._sep]
            marks = [0, *title_marks, 0, *lead_marks, 0, *([0] * (len(publisher) + 1))]
            self._cache[key] = ids, marks
        return self._cache[key]

    def _pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _marked(self, text: str, surface: str, type: str, limit: int) -> tuple[list[int], list[int]]:
        found = re.search(rf"(?<!\w){re.escape(surface)}(?!\w)", text)
        if found is None:
            ids = self._pieces(text)[:limit]
            return ids, [0] * len(ids)
        before, after = self._pieces(text[: found.start()]), self._pieces(text[found.end() :])
        name = [self._at, *self._pieces(f"* {type} * {found[0]}"), self._at]
        surplus = max(0, len(before) + len(name) + min(8, len(after)) - limit)  # keep the name and some of what follows
        before = before[surplus:]
        ids = [*before, *name, *after][:limit]
        marks = [*([0] * len(before)), *([1] * len(name)), *([0] * len(after))][:limit]
        return ids, marks


def pack(encoded: Sequence[tuple[list[int], list[int]]]) -> Batch:
    """Return rows padded to a multiple of 16 tokens, so that few shapes are compiled."""
    width = -(-max(len(ids) for ids, _ in encoded) // 16) * 16
    shape = len(encoded), width
    batch = Batch(np.zeros(shape, np.int32), np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    for at, (ids, marks) in enumerate(encoded):
        batch.ids[at, : len(ids)] = ids
        batch.mask[at, : len(ids)] = 1
        batch.marks[at, : len(marks)] = marks
    return batch


def _row(item: dict[str, Any], label: dict[str, str], weight: float, source: str) -> Row:
    day = item["published_at"][:10]
    kept_out = int(hashlib.sha256(day.encode()).hexdigest(), 16) % BUCKETS == 0
    return Row(
        title=prepare(item["title"]),
        lead=_lead(item),
        publisher=item["source"]["publisher"] or "",
        surface=label["surface"],
        type=label["type"],
        labels={field: label[field] for field in FIELDS},
        weight=weight,
        kept_out=kept_out,
        source=source,
    )


def _lead(item: dict[str, Any]) -> str:
    """Return the summary, with the body's beginning where the summary says little."""
    summary, body = prepare(item["summary"]), prepare(item["body"])
    if body and len(summary) < SHORT_LEAD:
        summary = body if body.startswith(summary[:60]) else f"{summary} {body}"
    return summary[:LEAD_CHARACTERS].strip()


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
