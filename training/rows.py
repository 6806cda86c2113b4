"""Labels and texts as rows of tokens, split by day: what the model reads, and what it should say."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tokenizers import Tokenizer

from services.matcher.reading.model.encoding import Encoded, NameType, PairEncoder, PairText, pack
from services.matcher.text.preparation import prepare_lead, prepare_title
from training.fields import FIELDS

__all__ = [
    "PROPOSED",
    "Encoder",
    "Label",
    "Pair",
    "Row",
    "day_is_kept",
    "day_is_tuning",
    "load_contrast_rows",
    "load_firm_rows",
    "load_rows",
    "older_labels",
    "pack",
    "read_labels",
]

#: An item id and a watched name.
Pair = tuple[str, str]
#: A row of a label file, by column.
Label = dict[str, str]

#: The reader of labels that training/propose.py wrote and nobody has checked.
PROPOSED = "model"
LABELS = Path(__file__).parent / "labels"
#: Of five days, one is kept out of training.
BUCKETS = 5
#: A contrast headline counts less than real news.
CONTRAST_WEIGHT = 0.7


@dataclass(frozen=True, slots=True)
class Row:
    """The labels of one name in one text.

    ``targets`` holds, for each field, the share of readers who chose each value. ``kept_out``: of a day that is not
    trained on; ``tuning``: of those days, one on which temperatures and thresholds are chosen, so that the others stay
    untouched. ``source``: whose labels. Contrast headlines have no item.
    """

    item_id: str
    entity: str
    title: str
    lead: str
    publisher: str
    surface: str
    type: NameType
    targets: Mapping[str, Mapping[str, float]]
    weight: float
    kept_out: bool
    tuning: bool
    source: str

    @property
    def labels(self) -> Label:
        """The value that most readers chose, of equals the first reader's, by each field that has labels."""
        return {field: max(shares, key=shares.__getitem__) for field, shares in self.targets.items() if shares}

    @property
    def text(self) -> PairText:
        """What the model reads."""
        return PairText(self.title, self.lead, self.publisher, self.surface, self.type)


def load_rows(news: Path) -> list[Row]:
    """Read all labels: the older ones beside the items in ``news``, ours, and the contrast headlines."""
    items = _items(news / "items.jsonl")
    known = older_labels(news)
    rows = [_row(items[item_id], [label], "older") for (item_id, _), label in known.items() if item_id in items]
    ours = {pair: labels for pair, labels in read_labels(LABELS / "readers.csv").items() if pair not in known}
    rows += [_row(items[item_id], labels, "readers") for (item_id, _), labels in ours.items()]
    return rows + load_contrast_rows()


def load_contrast_rows() -> list[Row]:
    """Read the contrast headlines."""
    return [_contrast(label) for label in _lines(LABELS / "contrast.jsonl")]


def load_firm_rows(labels: Path, items: Path) -> list[Row]:
    """Read a firm's own labels, a file like ``labels/readers.csv``, and its items, one JSON object a line.

    Proposals that nobody has checked are left out.
    """
    known = _items(items)
    checked = {
        pair: [label for label in found if label.get("reader") != PROPOSED]
        for pair, found in read_labels(labels).items()
    }
    by_pair = {pair: found for pair, found in checked.items() if found}
    missing = sorted({item_id for item_id, _ in by_pair} - set(known))
    if missing:
        raise ValueError(f"{len(missing)} labeled items are not in {items}, for example {missing[0]}.")
    return [_row(known[item_id], found, "firm") for (item_id, _), found in by_pair.items()]


def read_labels(path: Path) -> dict[Pair, list[Label]]:
    """Return the labels of each pair in ``path``; a field may be empty. Raise ValueError if it holds another value."""
    found: dict[Pair, list[Label]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            label = dict.fromkeys(FIELDS, "") | {column: value or "" for column, value in row.items()}
            for field, values in FIELDS.items():
                if label[field] and label[field] not in values:
                    place = f"{path.name}, line {reader.line_num}"
                    raise ValueError(f"{place}: {field} is {label[field]!r}, not one of {', '.join(values)}.")
            found.setdefault((label["item_id"], label["entity"]), []).append(label)
    return found


def older_labels(news: Path) -> dict[Pair, Label]:
    """Return the older labels, one of each pair."""
    return {(label["item_id"], label["entity"]): label for label in _lines(news / "labels.jsonl")}


class Encoder:
    """Encodes rows as the product does, and remembers them."""

    def __init__(self, folder: Path) -> None:
        self._encoder = PairEncoder(Tokenizer.from_file(str(folder / "tokenizer.json")))
        self._known: dict[PairText, Encoded] = {}

    def encode(self, row: Row, type: NameType | None = None) -> Encoded:
        """Return token ids and marks of ``row``; ``type`` takes the place of its own."""
        pair = row.text._replace(type=type or row.type)
        if pair not in self._known:
            self._known[pair] = self._encoder.encode(pair)
        return self._known[pair]


def _items(path: Path) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in _lines(path)}


def _row(item: dict[str, Any], labels: Sequence[Label], source: str) -> Row:
    publisher, host = (item["source"].get(name) for name in ("publisher", "host"))
    day = (item.get("published_at") or item.get("fetched_at") or "")[:10]
    return Row(
        item_id=item["id"],
        entity=labels[0]["entity"],
        title=prepare_title(item["title"], publisher, host),
        lead=prepare_lead(item.get("summary"), item.get("body"), publisher),
        publisher=publisher or "",
        surface=labels[0]["surface"],
        type=cast("NameType", labels[0]["type"]),
        targets=_targets(labels),
        weight=1.0,
        kept_out=day_is_kept(day),
        tuning=day_is_tuning(day),
        source=source,
    )


def day_is_kept(day: str) -> bool:
    """Return whether the items of ``day`` (YYYY-MM-DD) are kept out of training."""
    return _day_number(day) % BUCKETS == 0


def day_is_tuning(day: str) -> bool:
    """Return whether the items of ``day``, one kept out, serve to choose temperatures and thresholds."""
    return _day_number(day) % (2 * BUCKETS) == 0


def _day_number(day: str) -> int:
    return int(hashlib.sha256(day.encode()).hexdigest(), 16)


def _contrast(label: dict[str, Any]) -> Row:
    return Row(
        item_id="",
        entity=label["entity"],
        title=label["title"],
        lead=label["summary"] or "",
        publisher=label["publisher"],
        surface=label["surface"],
        type=label["type"],
        targets=_targets([label]),
        weight=CONTRAST_WEIGHT,
        kept_out=False,
        tuning=False,
        source="contrast",
    )


def _targets(labels: Sequence[dict[str, str]]) -> dict[str, dict[str, float]]:
    """Return the share of each value by field; a reader who left a field empty does not count in it."""
    targets: dict[str, dict[str, float]] = {}
    for field in FIELDS:
        values = [label[field] for label in labels if label[field]]
        targets[field] = {value: values.count(value) / len(values) for value in values}
    return targets


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
