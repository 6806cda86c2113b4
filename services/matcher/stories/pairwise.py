"""Estimate how probably two items report the same event, from their words, names, figures, meaning, reading and time.

A logistic model with one weight for each feature, trained on labeled pairs (``training/events.py``). Pure.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from schemas.mentions import FAMILY_OF, Direction, EventKind, ItemAnnotated, Signature
from schemas.readings import EventFamily, Firmness, Genre, Role
from services.matcher.stories.embedding import decode
from services.matcher.stories.evidence import said_at
from services.matcher.stories.signature import stem
from services.matcher.text.normalize import words

__all__ = [
    "FEATURES",
    "HALF_DAY_HOURS",
    "RESULTS",
    "UNSPECIFIC",
    "EventModel",
    "Facts",
    "Report",
    "default_model",
    "features",
    "report_of",
    "text_report",
]

#: The features of each model: for pairs that lack vectors, for those that lack a reading, and for all others.
WORD_FEATURES = (
    "cosine", "contained", "name_conflict", "figure_shared", "figure_conflict", "hours", "half_day"
)  # fmt: skip
TEXT_FEATURES = (*WORD_FEATURES, "meaning", "close_meaning")
READ_FEATURES = (
    *TEXT_FEATURES, "publisher_same", "family_same", "results", "one_moves", "moves_on_results", "opposite",
    "one_denies", "denied_family", "denied_meaning", "denied_contained", "both_news", "genre_same", "one_previews",
    "one_plans", "role_same", "worth",
)  # fmt: skip
FEATURES: Mapping[str, tuple[str, ...]] = {"words": WORD_FEATURES, "text": TEXT_FEATURES, "read": READ_FEATURES}
#: The weight of a word in the lead, relative to one in the title.
_LEAD_WEIGHT = 0.5
#: So many shared figures count as many.
_MANY_FIGURES = 2
#: Reports within so many hours are of one news cycle.
HALF_DAY_HOURS = 18.0
#: Labeled pairs are no further apart; longer makes no difference.
_MOST_HOURS = 96.0
#: From this cosine on, meanings are close: then more of it says less.
_CLOSE = 0.5
_PLANS: frozenset[Firmness] = frozenset(("plan", "forecast"))
#: What a company announces together, once in a quarter.
RESULTS: frozenset[EventFamily] = frozenset(("earnings", "guidance", "dividend", "buyback"))
#: Families of kinds that name no event.
UNSPECIFIC = frozenset(("other", "none"))
_RELIABLE = frozenset(("A", "B"))


@dataclass(frozen=True, slots=True)
class Facts:
    """An item's statements about the watched thing, as far as items are compared by it."""

    publisher: str
    kind: EventKind
    direction: Direction
    denies: bool
    firmness: Firmness
    genre: Genre
    role: Role
    worth: float


@dataclass(frozen=True, slots=True)
class Report:
    """One item as it is compared with others: stems of the title and the lead, names, figures, vector, facts.

    In a report about a watched thing, its name is among neither the words nor the names, because all have it.
    ``reliable``: it comes through a channel graded A or B.
    """

    item_id: str
    at: datetime
    words: frozenset[str]
    lead: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    embedding: bytes = b""
    facts: Facts | None = None
    reliable: bool = False

    @property
    def informative(self) -> tuple[bool, float, str]:
        """A key by which reports are ranked: those of good sources first, then those that say more.

        So no number of items of poor sources changes what a good source's story is compared by.
        """
        return (self.reliable, len(self.words) + _LEAD_WEIGHT * len(self.lead), self.item_id)


def text_report(item_id: str, signature: Signature, at: datetime, own: frozenset[str] = frozenset()) -> Report:
    """Return the report of an item without a reading. ``own`` are stems of the watched name."""
    title = frozenset(signature.words) - own
    return Report(
        item_id=item_id,
        at=at,
        words=title,
        lead=frozenset(signature.lead) - own - title,
        names=frozenset(word for name in signature.names for word in name.split()) - own,
        numbers=frozenset(signature.numbers),
        embedding=decode(signature.embedding),
    )


def report_of(annotated: ItemAnnotated) -> Report:
    """Return the report of an item about the watched thing."""
    own = frozenset(stem(word) for span in annotated.mention.spans for word in words(span.text))
    report = text_report(annotated.item.id, annotated.signature, said_at(annotated), own)
    report = replace(report, reliable=annotated.source.grade in _RELIABLE)
    reading = annotated.reading
    if reading is None or not annotated.claim.judged:
        return report
    others = (stem(word) for name in reading.participants for word in words(name))
    return replace(
        report,
        names=report.names | (frozenset(others) - own),
        facts=Facts(
            publisher=annotated.source.domain or annotated.source.publisher,
            kind=annotated.impact.kind,
            direction=annotated.impact.direction,
            denies=annotated.claim.status in ("denied", "retracted"),
            firmness=reading.status,
            genre=reading.genre,
            role=reading.role,
            worth=round(reading.tell_score, 3),
        ),
    )


class Weights(NamedTuple):
    """The weights of one model, in the order of its features, and what is added."""

    bias: float
    weights: tuple[float, ...]


class EventModel:
    """The trained model: weights by sort of pair, and how rare each word is in the news."""

    def __init__(self, data: Mapping[str, Mapping[str, float]]) -> None:
        """Take weights by feature for ``words``, ``text`` and ``read``, and ``rarity`` by stem.

        Raises:
            ValueError: if a weight is missing.
        """
        self._rarity = data["rarity"]
        self._rarest = max(self._rarity.values(), default=1.0)
        self._weights = {}
        for sort, names in FEATURES.items():
            missing = [name for name in ("bias", *names) if name not in data[sort]]
            if missing:
                raise ValueError(f"The model for {sort} lacks weights of {', '.join(missing)}; train it again.")
            self._weights[sort] = Weights(data[sort]["bias"], tuple(data[sort][name] for name in names))
        self.whole = lru_cache(maxsize=1 << 14)(self.mass)

    def mass(self, stems: frozenset[str]) -> tuple[float, float]:
        """Return the sums of the rarities of ``stems`` and of their squares."""
        total = squares = 0.0
        for word in stems:
            value = self._rarity.get(word, self._rarest)
            total += value
            squares += value * value
        return total, squares

    def probability(self, left: Report, right: Report) -> float:
        """Return the probability that both report the same event; the order of the two makes no difference."""
        return 1 / (1 + math.exp(-self.log_odds(left, right)))

    def log_odds(self, left: Report, right: Report) -> float:
        """Return the logarithm of the odds that both report the same event."""
        sort = "words"
        if left.embedding and right.embedding:
            sort = "read" if left.facts is not None and right.facts is not None else "text"
        bias, weights = self._weights[sort]
        return bias + float(sum(map(operator.mul, weights, features(self, left, right, sort))))


def features(model: EventModel, left: Report, right: Report, sort: str) -> list[float]:
    """Return the features of a pair, in the order of ``FEATURES[sort]``."""
    found = _word_features(model, left, right)
    if sort == "words":
        return found
    meaning = cosine(left.embedding, right.embedding)
    found += (meaning, max(0.0, meaning - _CLOSE))
    if sort == "read" and left.facts is not None and right.facts is not None:
        found += _fact_features(left.facts, right.facts, found[WORD_FEATURES.index("contained")], meaning)
    return found


def cosine(left: bytes, right: bytes) -> float:
    """Return the cosine of two vectors of signed bytes."""
    return float(_unit(left) @ _unit(right))


@lru_cache(maxsize=1 << 14)
def _unit(embedding: bytes) -> np.ndarray[Any, Any]:
    vector = np.frombuffer(embedding, np.int8).astype(np.float32)
    unit: np.ndarray[Any, Any] = vector / (math.sqrt(float(vector @ vector)) or 1.0)
    return unit


def _word_features(model: EventModel, left: Report, right: Report) -> list[float]:
    left_sum, left_squares = model.whole(left.words)
    right_sum, right_squares = model.whole(right.words)
    both_sum, both_squares = model.mass(left.words & right.words)
    led_sum, led_squares = model.mass(left.words & right.lead)
    leading_sum, leading_squares = model.mass(left.lead & right.words)
    leads = _LEAD_WEIGHT**2
    shared = both_squares + _LEAD_WEIGHT * (led_squares + leading_squares)
    shared += leads * model.mass(left.lead & right.lead)[1]
    left_whole = left_squares + leads * model.whole(left.lead)[1]
    right_whole = right_squares + leads * model.whole(right.lead)[1]
    contained = max((both_sum + led_sum) / (left_sum or 1.0), (both_sum + leading_sum) / (right_sum or 1.0))
    hours = min(_MOST_HOURS, abs((left.at - right.at).total_seconds()) / 3600)
    return [
        shared / (math.sqrt(left_whole * right_whole) or 1.0),
        contained,
        float(bool(left.names) and bool(right.names) and left.names.isdisjoint(right.names)),
        min(1.0, len(left.numbers & right.numbers) / _MANY_FIGURES),
        float(bool(left.numbers) and bool(right.numbers) and left.numbers.isdisjoint(right.numbers)),
        math.log1p(hours),
        float(hours < HALF_DAY_HOURS),
    ]


def _fact_features(left: Facts, right: Facts, contained: float, meaning: float) -> list[float]:
    families = FAMILY_OF[left.kind], FAMILY_OF[right.kind]
    same_family = float(UNSPECIFIC.isdisjoint(families) and families[0] == families[1])
    one_moves = float("share_move" in families and families[0] != families[1])
    one_denies = float(left.denies != right.denies)
    return [
        float(left.publisher == right.publisher),
        same_family,
        same_family * float(families[0] in RESULTS),
        one_moves,
        one_moves * float(not RESULTS.isdisjoint(families)),
        float({left.direction, right.direction} == {"positive", "negative"}),
        one_denies,
        one_denies * same_family,
        one_denies * meaning,
        one_denies * contained,
        float(left.genre == right.genre == "news"),
        float(left.genre == right.genre),
        float((left.genre == "preview") != (right.genre == "preview")),
        float((left.firmness in _PLANS) != (right.firmness in _PLANS)),
        float(left.role == right.role),
        min(left.worth, right.worth),
    ]


@cache
def default_model() -> EventModel:
    """Return the model that ships with the package, loaded once."""
    raw = resources.files(__package__).joinpath("model/events.json").read_text(encoding="utf-8")
    return EventModel(json.loads(raw))
