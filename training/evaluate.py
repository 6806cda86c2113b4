"""Measure weights on the days that are kept out of training; ``make eval`` measures the shipped model.

python -m training.evaluate --base FOLDER --news ../shared/data/news --weights reader.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.network import TELL_VALUES, Scores
from services.matcher.thresholds import default_thresholds
from training.fields import FIELDS
from training.figures import NOT_WORTH, Figures, compare, figure_lines
from training.network import Weights, field_logits, load_base, new_heads, unflatten
from training.rows import Encoder, Row, load_rows, pack

__all__ = ["main", "measure"]

BATCH = 64


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure the reader on the days kept out of training.")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--news", type=Path, required=True, help="folder with items.jsonl and labels.jsonl")
    parser.add_argument("--weights", type=Path, required=True, help="what training.train wrote (.npz)")
    given = parser.parse_args()
    like: Weights = {"encoder": load_base(given.base), "heads": new_heads(0)}
    weights = unflatten(dict(np.load(given.weights)), like)
    kept = [row for row in load_rows(given.news) if row.kept_out]
    encoder = Encoder(given.base)
    for source in ("older", "readers"):
        print(f"labels of {source}:")
        found = measure(weights, [row for row in kept if row.source == source], encoder)
        print("\n".join(figure_lines(found, whole=True)))


def measure(weights: Weights, rows: Sequence[Row], encoder: Encoder) -> Figures:
    """Compare what the model says of ``rows`` with their labels."""
    return compare(rows, _scores(weights, rows, encoder), default_thresholds().worth_telling)


def _scores(weights: Weights, rows: Sequence[Row], encoder: Encoder) -> list[Scores]:
    found = _probabilities(weights, rows, encoder)
    return [
        Scores(
            fields={
                field: dict(zip(values, map(float, found[field][at]), strict=True))
                for field, values in FIELD_VALUES.items()
            },
            tell=1 - float(found["tell"][at][TELL_VALUES.index(NOT_WORTH)]),
        )
        for at in range(len(rows))
    ]


def _probabilities(weights: Weights, rows: Sequence[Row], encoder: Encoder) -> dict[str, np.ndarray[Any, Any]]:
    """Return the probability of each value, by field, as arrays of (rows, values)."""

    @jax.jit
    def score(ids: Any, mask: Any, marks: Any) -> dict[str, Any]:
        return {field: jax.nn.softmax(logits) for field, logits in field_logits(weights, ids, mask, marks).items()}

    found = {field: np.zeros((len(rows), len(values)), np.float32) for field, values in FIELDS.items()}
    order = sorted(range(len(rows)), key=lambda at: len(encoder.encode(rows[at])[0]))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        padded = [*chosen, *([chosen[-1]] * (BATCH - len(chosen)))]
        scores = score(*pack([encoder.encode(rows[at]) for at in padded]))
        for field, values in scores.items():
            found[field][chosen] = np.asarray(values)[: len(chosen)]
    return found


if __name__ == "__main__":
    main()
