from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from training.fields import FIELDS

LABELS = Path(__file__).parents[3] / "training" / "labels"
CONTRAST_FIELDS = {"set", "title", "summary", "publisher", "entity", "surface", "type", *FIELDS}


def illegal(row: Mapping[str, str]) -> dict[str, str]:
    return {field: row[field] for field, values in FIELDS.items() if row[field] not in values}


def test_every_label_is_legal_or_left_empty_and_each_reader_labels_a_pair_once() -> None:
    with (LABELS / "readers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row for row in rows if any(illegal(row).values())] == []
    assert [row for row in rows if not any(row[field] for field in FIELDS)] == []
    keys = [(row["item_id"], row["entity"], row["reader"]) for row in rows]
    assert len(keys) == len(set(keys)) > 90_000


def test_labels_of_real_news_hold_no_text_of_it() -> None:
    with (LABELS / "readers.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == ["item_id", "entity", "surface", "type", "reader", *FIELDS]


def test_every_contrast_headline_is_legal_and_contains_its_name() -> None:
    rows = [json.loads(line) for line in (LABELS / "contrast.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row for row in rows if illegal(row) or set(row) != CONTRAST_FIELDS] == []
    assert [row for row in rows if row["surface"] not in f"{row['title']} {row['summary'] or ''}"] == []


def test_every_pair_of_items_is_labeled_legally_and_once_by_each_reader() -> None:
    with (LABELS / "events.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows} == {"same", "follow", "other"}
    assert [row for row in rows if row["item_a"] == row["item_b"]] == []
    keys = [(row["item_a"], row["item_b"], row["reader"]) for row in rows]
    assert len(keys) == len(set(keys)) > 5_000
