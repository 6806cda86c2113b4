"""Estimate whom an event is worth writing to: by trade, and by the client's relation to the watched thing.

The reader says whether an event matters to somebody who owns, uses or follows the thing. That a supplier's results are
no news for who looks after its customers' systems it cannot know. This is a logistic model of what was read, of the
meanings of text and name, of the trade and of the relation, trained on labels for clients of each trade
(``training/worth.py``). Pure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from schemas.clients import Stance, Trade
from schemas.mentions import ItemAnnotated
from schemas.readings import FIELD_VALUES, Reading, ReadingField
from services.matcher.stories.embedding import DIMENSIONS, decode, default_embedder

__all__ = [
    "ANY_TRADE",
    "FEATURES",
    "RELATIONS",
    "Audience",
    "AudienceModel",
    "Vector",
    "default_audience_model",
    "event_features",
    "features_of",
    "worth_writing",
]

Vector = NDArray[np.float64]
#: How probably an event is worth writing about, in percent: for each trade one number by relation, as in ``RELATIONS``.
Audience = Mapping[Trade, tuple[int, ...]]

RELATIONS: tuple[Stance, ...] = get_args(Stance)
#: Stands for the trades that a firm defines itself: what the others have in common.
ANY_TRADE: Trade = "any"
#: The fields of a reading that count, each by the probability of the value that was read.
_FIELDS: tuple[ReadingField, ...] = ("kind", "direction", "weight", "role", "status")
#: A constant, the log-odds of being worth telling, a value for each field value, and the meanings of text and name.
FEATURES = 2 + sum(len(FIELD_VALUES[field]) for field in _FIELDS) + 2 * DIMENSIONS
#: No probability is taken for nearer to 0 or 1, and log-odds are scaled to the size of the other features.
_NEAREST, _SCALE = 1e-4, 0.25
_NAMES_KEPT = 4096


class AudienceModel:
    """The weights of the features: for every client, and what each trade, each relation and both together add."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        """Read ``content``: the weights ``all``, ``trade``, ``relation`` by feature, and ``both`` as single numbers."""
        trades: Sequence[Trade] = content["trades"]
        relation, both = np.array(content["relation"]), np.array(content["both"])
        trade = np.array(content["trade"])
        self._trades = (*trades, ANY_TRADE)
        trade, both = (np.vstack([part, part.mean(0)]) for part in (trade, both))
        self._weights = np.array(content["all"]) + trade[:, None, :] + relation[None, :, :]
        self._weights[:, :, 0] += both

    def audience(self, features: Vector) -> Audience:
        """Return how far an event with these ``features`` is worth writing about, by trade and relation."""
        odds = np.round(self._weights @ features, 6)  # so that every processor gives the same numbers
        found = np.rint(100 / (1 + np.exp(-np.clip(odds, -30, 30)))).astype(int)
        return {trade: tuple(row) for trade, row in zip(self._trades, found.tolist(), strict=True)}


def worth_writing(audience: Audience, trade: Trade, stance: Stance) -> float:
    """Return how probably (0–1) a client of ``trade`` with this relation should be written to.

    A trade that the model does not know is taken for any.
    """
    return audience.get(trade, audience[ANY_TRADE])[RELATIONS.index(stance)] / 100


def event_features(reading: Reading, embedding: str, name: str) -> Vector:
    """Return what the model goes by, as numbers: what was read, and the meanings of the text and of the name in it.

    ``embedding`` is that of the item's signature; ``name`` is empty if the name does not stand in the text.
    """
    read = [1.0, _log_odds(reading.tell_score) * _SCALE]
    for field in _FIELDS:
        value, confidence = getattr(reading, field), getattr(reading.confidence, field)
        read += [confidence if value == other else 0.0 for other in FIELD_VALUES[field]]
    return np.concatenate([read, _direction(embedding), _name_meaning(name)])


def features_of(annotated: ItemAnnotated, reading: Reading) -> Vector:
    """Return the features of an item as it was read for a name."""
    spans = annotated.mention.spans
    return event_features(reading, annotated.signature.embedding, spans[0].text if spans else "")


@lru_cache(_NAMES_KEPT)
def _name_meaning(name: str) -> Vector:
    return _direction(default_embedder().embed(name, ""))


def _direction(embedding: str) -> Vector:
    """Return a vector of length 1, or zeros if there is no embedding."""
    vector = np.frombuffer(decode(embedding) or bytes(DIMENSIONS), dtype=np.int8).astype(np.float64)
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0))


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _NEAREST), 1 - _NEAREST)
    return math.log(bounded / (1 - bounded))


@cache
def default_audience_model() -> AudienceModel:
    """Return the model that ships with the package, loaded once."""
    raw = resources.files(__package__).joinpath("model/audience.json").read_text(encoding="utf-8")
    return AudienceModel(json.loads(raw))
