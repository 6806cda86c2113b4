"""Choose the temperature of each field that makes the model's confidence the share that is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.network import Scores
from training.rows import Row

__all__ = ["choose_temperatures"]

#: Temperatures that are tried: below 1 the model becomes surer, above 1 less sure.
TEMPERATURES = tuple(step / 20 for step in range(10, 61))
_LEAST = 1e-9


def choose_temperatures(rows: Sequence[Row], scores: Sequence[Scores]) -> dict[str, float]:
    """Return the temperature with the least log loss for each field; ``scores`` are those of ``rows``, without any."""
    chosen = {}
    for field in FIELD_VALUES:
        answers = [
            (score.fields[field], row.labels[field])
            for row, score in zip(rows, scores, strict=True)
            if row.targets[field]
        ]
        chosen[field] = min(TEMPERATURES, key=lambda temperature: _loss(answers, temperature))
    return chosen


def _loss(answers: Sequence[tuple[Mapping[str, float], str]], temperature: float) -> float:
    total = 0.0
    for probabilities, label in answers:
        powers = {value: max(share, _LEAST) ** (1 / temperature) for value, share in probabilities.items()}
        total -= log(powers[label] / sum(powers.values()))
    return total
