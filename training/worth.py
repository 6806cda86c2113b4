"""Learn from ``labels/worth.csv`` what is worth writing about to a client of a trade, who has a relation to a name.

    python -m training.worth --news ../shared/data/news

The reader says whether an event matters to somebody who owns, uses or follows the name. That a supplier's results are
no news for who looks after its customers' systems it cannot know. This fits a logistic model of what the shipped reader
says of an event, of the trade, of the relation, and of what the text and the name mean, on the days that the reader was
trained on, and prints how well it ranks the clients of the days kept out, beside the reader alone. The same inputs give
the same figures.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from schemas.clients import Stance
from services.matcher.reading.model.network import Scores, default_network
from services.matcher.stories.embedding import DIMENSIONS, decode, default_embedder
from training.fields import FIELDS
from training.rows import LABELS, Pair, load_rows

__all__ = [
    "TRADES",
    "Worth",
    "area_under_curve",
    "average_precision",
    "features",
    "fit_weights",
    "load_worth",
    "main",
    "meaning",
    "probabilities",
]

#: The trades whose clients were judged, by the names that ship (services/notifier/trades).
TRADES = ("it", "agency", "legal", "accounting", "insurance", "healthcare", "wealth")
STANCES: tuple[str, ...] = get_args(Stance)
#: What the readers answered to "Would you write to this client about it?": no, could, yes.
LEVELS = (0, 1, 2)
#: From this mean of its readers' answers on, a row counts as one that they could, and that they would, write about.
COULD, WOULD = 0.75, 1.5
#: Weights are kept this small, and no probability is taken for nearer to 0 or 1.
_SHRINKAGE, _NEAREST = 2.0, 1e-4
_STEPS = 12
_PARTS = ("kind", "direction", "weight", "role", "status")

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Worth(NamedTuple):
    """How far a client of ``trade`` who has the relation ``stance`` to ``entity`` should be written to about an item.

    ``level`` is the mean of its readers' answers, 0 to 2.
    """

    item_id: str
    entity: str
    type: str
    trade: str
    stance: str
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
    found: dict[tuple[str, str, str, str, str], list[int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        for line in lines:
            place = f"{path.name}, line {lines.line_num}"
            if line["trade"] not in TRADES or line["stance"] not in STANCES:
                raise ValueError(f"{place}: {line['trade']!r} or {line['stance']!r} is no trade or no relation.")
            if line["worth"] not in map(str, LEVELS):
                raise ValueError(f"{place}: worth is {line['worth']!r}, not 0, 1 or 2.")
            key = (line["item_id"], line["entity"], line["type"], line["trade"], line["stance"])
            found.setdefault(key, []).append(int(line["worth"]))
    return [Worth(*key, level=sum(answers) / len(answers)) for key, answers in found.items()]


def meaning(title: str, lead: str = "") -> Vector:
    """Return the direction of a text's vector, of length 1; zeros for a text without a word."""
    raw = decode(default_embedder().embed(title, lead)) or bytes(DIMENSIONS)
    vector = np.frombuffer(raw, dtype=np.int8).astype(np.float64)
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0))


def features(row: Worth, scores: Scores, text: Vector, name: Vector) -> Vector:
    """Return what the model goes by: what the reader says of the event, by itself, by trade and by relation.

    ``text`` and ``name`` are the meanings of the item and of the name, which count by trade.
    """
    odds = _log_odds(scores.tell_score)
    trade, stance = _one_of(row.trade, TRADES), _one_of(row.stance, STANCES)
    kind, direction, *others = (np.array([scores.fields[part][value] for value in FIELDS[part]]) for part in _PARTS)
    both = np.outer(trade, stance).ravel()
    crossed = [np.outer(who, what).ravel() for who in (trade, stance) for what in (kind, direction)]
    meanings = [np.outer(trade, what).ravel() for what in (text, name)]
    return np.concatenate(
        [[1.0, odds], trade, stance, both, kind, direction, *others, *crossed, odds * trade, odds * stance, *meanings]
    )


def fit_weights(rows: Vector, levels: Vector) -> Vector:
    """Return the weights of a logistic model of ``levels`` (0 to 1), by Newton's method."""
    shrinkage = np.full(rows.shape[1], _SHRINKAGE)
    shrinkage[0] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        found = probabilities(rows, weights)
        slope = rows.T @ (found - levels) + shrinkage * weights
        bend = (rows * (found * (1 - found))[:, None]).T @ rows + np.diag(shrinkage)
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def probabilities(rows: Vector, weights: Vector) -> Vector:
    """Return how far each row is worth writing about, 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30))))


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


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _NEAREST), 1 - _NEAREST)
    return math.log(bounded / (1 - bounded))


def _one_of(value: str, values: Sequence[str]) -> Vector:
    return np.array([float(value == other) for other in values])


def main() -> None:
    """Fit on the days that the reader was trained on, and print the figures of the days kept out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--news", type=Path, required=True, help="folder of items.jsonl and the older labels")
    rows = load_worth()
    wanted = {row.pair for row in rows}
    texts = {(row.item_id, row.entity): row for row in load_rows(parser.parse_args().news)}
    found = {pair: default_network().scores([texts[pair].text])[0] for pair in sorted(wanted & set(texts))}
    rows = [row for row in rows if row.pair in found]
    kept = np.array([texts[row.pair].kept_out for row in rows])
    texts_of = {pair: meaning(texts[pair].title, texts[pair].lead) for pair in found}
    names = {row.entity: meaning(row.entity) for row in rows}
    table = np.array([features(row, found[row.pair], texts_of[row.pair], names[row.entity]) for row in rows])
    weights = fit_weights(table[~kept], np.array([row.level / max(LEVELS) for row in rows])[~kept])
    print(f"{len(rows):,} rows of {len(found):,} pairs, {kept.sum():,} of them on days kept out. Figures of these:")
    alone = np.array([found[row.pair].tell_score for row in rows])
    kept_rows = [row for row, out in zip(rows, kept, strict=True) if out]
    print("\n".join(report(kept_rows, probabilities(table[kept], weights), alone[kept])))


if __name__ == "__main__":
    main()
