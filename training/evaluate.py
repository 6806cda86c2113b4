"""Measure the reader on the days that are kept out of training.

python -m training.evaluate --base FOLDER --news ../shared/data/news --weights reader.npz
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from training.fields import FIELDS
from training.network import Weights, field_logits, load_base, new_heads, unflatten
from training.rows import Encoder, Row, load_rows, pack

__all__ = ["Figures", "figures", "main", "print_figures", "probabilities"]

BATCH = 64
THRESHOLDS = np.arange(0.1, 0.8, 0.025)


class Figures(NamedTuple):
    """The share that is right, by field, overall and for each value; and worth telling at the best threshold."""

    rows: int
    accuracy: dict[str, float]
    by_value: dict[str, dict[str, tuple[int, float, float]]]  # value → (count, precision, recall)
    calibration: dict[str, list[tuple[float, float, int]]]  # field → (mean confidence, share right, count) by decile
    threshold: float
    precision: float
    recall: float
    f1: float


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
        print_figures(figures(weights, [row for row in kept if row.source == source], encoder), whole=True)


def probabilities(weights: Weights, rows: Sequence[Row], encoder: Encoder) -> dict[str, np.ndarray[Any, Any]]:
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


def figures(weights: Weights, rows: Sequence[Row], encoder: Encoder) -> Figures:
    """Compare what the model says of ``rows`` with their labels."""
    scores = probabilities(weights, rows, encoder)
    right = {field: np.array([values.index(row.labels[field]) for row in rows]) for field, values in FIELDS.items()}
    said = {field: scores[field].argmax(1) for field in FIELDS}
    worth = np.array([row.labels["tell"] != "no" for row in rows])
    score = 1 - scores["tell"][:, FIELDS["tell"].index("no")]
    f1, threshold = max((_f1(worth, score >= limit), float(limit)) for limit in THRESHOLDS)
    told = score >= threshold
    return Figures(
        rows=len(rows),
        accuracy={field: float((said[field] == right[field]).mean()) for field in FIELDS},
        by_value={field: _by_value(field, said[field], right[field]) for field in FIELDS},
        calibration={field: _calibration(scores[field], right[field]) for field in FIELDS},
        threshold=threshold,
        precision=float((worth & told).sum() / max(1, told.sum())),
        recall=float((worth & told).sum() / max(1, worth.sum())),
        f1=f1,
    )


def print_figures(found: Figures, *, whole: bool = False) -> None:
    """Print figures; ``whole``: by value and calibration as well."""
    fields = ", ".join(f"{field} {share:.3f}" for field, share in found.accuracy.items())
    print(f"  {found.rows} rows: {fields}")
    print(
        f"  worth telling at {found.threshold:.2f}: P {found.precision:.2f}, R {found.recall:.2f}, F {found.f1:.3f}",
        flush=True,
    )
    if not whole:
        return
    for field, values in found.by_value.items():
        print(f"  {field}: " + ", ".join(f"{name} {n}: P {p:.2f} R {r:.2f}" for name, (n, p, r) in values.items()))
    for field, deciles in found.calibration.items():
        print(f"  {field}, confidence and share right: " + ", ".join(f"{c:.2f}/{s:.2f} ({n})" for c, s, n in deciles))


def _f1(worth: np.ndarray[Any, Any], told: np.ndarray[Any, Any]) -> float:
    return float(2 * (worth & told).sum() / max(1, worth.sum() + told.sum()))


def _by_value(
    field: str, said: np.ndarray[Any, Any], right: np.ndarray[Any, Any]
) -> dict[str, tuple[int, float, float]]:
    found = {}
    counts = Counter(right.tolist())
    for at, value in enumerate(FIELDS[field]):
        hits = int(((said == at) & (right == at)).sum())
        found[value] = counts[at], hits / max(1, int((said == at).sum())), hits / max(1, counts[at])
    return found


def _calibration(scores: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> list[tuple[float, float, int]]:
    confidence, correct = scores.max(1), scores.argmax(1) == right
    deciles = np.minimum((confidence * 10).astype(int), 9)
    return [
        (float(confidence[deciles == at].mean()), float(correct[deciles == at].mean()), int((deciles == at).sum()))
        for at in range(10)
        if (deciles == at).any()
    ]


if __name__ == "__main__":
    main()
