"""Learn from ``labels/worth.csv`` what is worth writing about to a client of a trade, who has a relation to a name.

    python -m training.worth --news ../shared/data/news --out services/matcher/stories/model/audience.json

Each labeled item is read as the product reads it. On the days that the reader was trained on, a logistic model is
fitted (``services/matcher/stories/audience.py``); for the clients of the days kept out, it prints how well the model
ranks them, beside the reader alone. The same inputs give the same file.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from bench.eval_readings import annotated_pairs
from schemas.clients import Stance
from schemas.mentions import ItemAnnotated
from services.matcher.stories.audience import FEATURES, RELATIONS, AudienceModel, Vector, features_of, worth_writing
from training.rows import LABELS, Pair, Row, load_rows

__all__ = [
    "TRADES",
    "Worth",
    "area_under_curve",
    "average_precision",
    "content_of",
    "fit_weights",
    "load_worth",
    "main",
]

#: The trades whose clients were judged, by the names that ship (services/notifier/trades).
TRADES = ("it", "agency", "legal", "accounting", "insurance", "healthcare", "wealth")
#: What the readers answered to "Would you write to this client about it?": no, could, yes.
LEVELS = (0, 1, 2)
#: From this mean of its readers' answers on, a row counts as one that they could, and that they would, write about.
COULD, WOULD = 0.75, 1.5
#: Weights are kept this small; a constant is not.
_SHRINKAGE, _FREE = 4.0, 1e-6
_STEPS, _DECIMALS = 8, 4

Flags = NDArray[np.bool_]


class Worth(NamedTuple):
    """How far a client of ``trade`` who has the relation ``stance`` to ``entity`` should be written to about an item.

    ``level`` is the mean of its readers' answers, 0 to 2.
    """

    item_id: str
    entity: str
    type: str
    trade: str
    stance: Stance
    level: float

    @property
    def pair(self) -> Pair:
        """The item and the name."""
        return self.item_id, self.entity

    @property
    def could(self) -> bool:
        """Whether one could write about it."""
        return self.level >= COULD

    @property
    def would(self) -> bool:
        """Whether the readers would write about it."""
        return self.level >= WOULD


def load_worth(path: Path = LABELS / "worth.csv") -> list[Worth]:
    """Return one row for each item, name, trade and relation. Raise ValueError if the file holds another value."""
    found: dict[tuple[str, str, str, str, Stance], list[int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        for line in lines:
            place = f"{path.name}, line {lines.line_num}"
            if line["trade"] not in TRADES or line["stance"] not in RELATIONS:
                raise ValueError(f"{place}: {line['trade']!r} or {line['stance']!r} is no trade or no relation.")
            if line["worth"] not in map(str, LEVELS):
                raise ValueError(f"{place}: worth is {line['worth']!r}, not 0, 1 or 2.")
            key = (line["item_id"], line["entity"], line["type"], line["trade"], cast("Stance", line["stance"]))
            found.setdefault(key, []).append(int(line["worth"]))
    return [Worth(*key, level=sum(answers) / len(answers)) for key, answers in found.items()]


def fit_weights(rows: Sequence[Worth], features: Mapping[Pair, Vector]) -> Vector:
    """Return the weights of a logistic model of the rows' levels, by Newton's method: those of :func:`content_of`."""
    table = _table(rows, features)
    levels = np.array([row.level / max(LEVELS) for row in rows], dtype=np.float32)
    shrinkage = np.full(table.shape[1], _SHRINKAGE)
    shrinkage[0] = _FREE
    weights = np.zeros(table.shape[1])
    for _ in range(_STEPS):
        found = 1 / (1 + np.exp(-np.clip(table @ weights.astype(np.float32), -30, 30)))
        slope = table.T @ (found - levels) + shrinkage * weights
        curved = table * np.sqrt(found * (1 - found))[:, None]
        weights = weights - np.linalg.solve((curved.T @ curved).astype(np.float64) + np.diag(shrinkage), slope)
    return weights


def content_of(weights: Vector) -> dict[str, Any]:
    """Return ``weights`` as the product reads them."""
    sizes = FEATURES * np.cumsum([1, len(TRADES), len(RELATIONS)])
    everybody, trade, relation, both = np.split(np.round(weights, _DECIMALS), sizes)
    return {
        "trades": list(TRADES),
        "all": everybody.tolist(),
        "trade": trade.reshape(len(TRADES), -1).tolist(),
        "relation": relation.reshape(len(RELATIONS), -1).tolist(),
        "both": both.reshape(len(TRADES), -1).tolist(),
    }


def _table(rows: Sequence[Worth], features: Mapping[Pair, Vector]) -> NDArray[np.float32]:
    """Return a line for each row: its features alone, by trade and by relation, and which trade has which relation."""
    both = len(TRADES) * len(RELATIONS)
    table = np.zeros((len(rows), FEATURES * (1 + len(TRADES) + len(RELATIONS)) + both), np.float32)
    for line, row in zip(table, rows, strict=True):
        trade, relation = TRADES.index(row.trade), RELATIONS.index(row.stance)
        for part in (0, 1 + trade, 1 + len(TRADES) + relation):
            line[part * FEATURES : (part + 1) * FEATURES] = features[row.pair]
        line[trade * len(RELATIONS) + relation - both] = 1
    return table


def area_under_curve(scores: Vector, positive: Flags) -> float:
    """Return the probability that a positive row scores higher than another one; NaN if one of the two is missing."""
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return math.nan
    ranks = np.empty(len(scores))
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    first, last = np.searchsorted(ordered, ordered, "left"), np.searchsorted(ordered, ordered, "right")
    ranks[order] = (first + last - 1) / 2  # equal scores share their ranks
    return float((ranks[positive].sum() - ones * (ones - 1) / 2) / (ones * zeros))


def average_precision(scores: Vector, positive: Flags) -> float:
    """Return the mean share of positive rows among those that score as high as each positive one; NaN without any."""
    if not positive.any():
        return math.nan
    ordered = positive[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(ordered) / np.arange(1, len(ordered) + 1))[ordered].mean())


def report(rows: Sequence[Worth], scores: Vector, alone: Vector) -> Iterator[str]:
    """Yield a line for all rows and one for each trade: how well ``scores`` ranks them, and the reader ``alone``."""
    trades = np.array([row.trade for row in rows])
    could, would = np.array([row.could for row in rows]), np.array([row.would for row in rows])
    yield "trade         rows  could  would  AUC could  reader  AUC would  reader    AP"
    for trade in ("all", *TRADES):
        own = np.full(len(rows), True) if trade == "all" else trades == trade
        if not own.any():
            continue
        curves = [area_under_curve(by[own], of[own]) for of in (could, would) for by in (scores, alone)]
        yield (
            f"{trade:<12}{own.sum():>6}{could[own].mean():>7.2f}{would[own].mean():>7.2f}"
            f"{curves[0]:>11.3f}{curves[1]:>8.3f}{curves[2]:>11.3f}{curves[3]:>8.3f}"
            f"{average_precision(scores[own], would[own]):>6.2f}"
        )


def _features(rows: Sequence[Row]) -> dict[Pair, tuple[Vector, float]]:
    """Return each pair's features and its probability of being worth telling; none of names that are not found."""
    found = {}
    for row, event in annotated_pairs(rows):
        annotated = None if event is None else event.data
        if isinstance(annotated, ItemAnnotated) and annotated.reading is not None:
            features = features_of(annotated, annotated.reading)
            found[row.item_id, row.entity] = features, annotated.reading.tell_score
    return found


def main() -> None:
    """Fit on the days that the reader was trained on, write the weights, and print the figures of the days kept out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--news", type=Path, required=True, help="folder of items.jsonl and the older labels")
    parser.add_argument("--out", type=Path, help="file of the weights; without it, only figures are printed")
    options = parser.parse_args()
    labeled = load_worth()
    wanted = {row.pair for row in labeled}
    texts = {(row.item_id, row.entity): row for row in load_rows(options.news)}
    found = _features([texts[pair] for pair in sorted(wanted & set(texts))])
    features = {pair: vector for pair, (vector, _) in found.items()}
    rows = [row for row in labeled if row.pair in found]
    kept = [row for row in rows if texts[row.pair].kept_out]
    content = content_of(fit_weights([row for row in rows if not texts[row.pair].kept_out], features))
    if options.out is not None:
        options.out.write_text(f"{json.dumps(content)}\n", encoding="utf-8")
    model = AudienceModel(content)
    by_pair = {pair: model.audience(features[pair]) for pair in {row.pair for row in kept}}
    scores = np.array([worth_writing(by_pair[row.pair], row.trade, row.stance) for row in kept])
    print(f"{len(rows):,} rows of {len(found):,} pairs, {len(kept):,} of them on days kept out. Figures of these:")
    print("\n".join(report(kept, scores, np.array([found[row.pair][1] for row in kept]))))


if __name__ == "__main__":
    main()
