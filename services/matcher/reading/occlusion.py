"""Find the words of an item that decided its reading: those without which the model would have been less sure.

Each word of title and lead is left out in turn, wherever it stands, and the text is read again. The share of a word is
its part in the fall of the probability. Words may also work together, so the shares are a hint, not a proof.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from services.matcher.reading.model.encoding import PairText
from services.matcher.reading.model.network import Scores
from services.matcher.text.normalize import fold_case

__all__ = ["MAX_WORDS", "DecisiveWord", "Part", "Place", "ScoresPairs", "find_decisive_words"]

#: Different words that are left out in turn, from the beginning of the text; each costs one run of the model.
MAX_WORDS = 80
#: Words named for one field.
MAX_DECISIVE = 3
#: A word counts if the probability falls at least so much without it, and if it has this share of the fall of all.
LEAST_DROP, LEAST_SHARE = 0.05, 0.1
#: A word, a number or an amount. Parts of a hyphenated word count separately, since a name can be one of them.
_WORD = re.compile(r"[$€£¥]?\w+(?:[.,'’&/]\w+)*%?")
#: Without these a sentence is broken but says the same. Words such as "to", "by", "will" and "not" are not among them.
_SAY_NOTHING = frozenset(
    (
        *("a", "an", "the", "and", "of", "that", "this", "it", "its"),
        *("is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "do", "does", "did"),
    )
)

Part = Literal["title", "lead"]


class ScoresPairs(Protocol):
    """The model: a function from pairs of text and name to the probability of each value."""

    def scores(self, pairs: Sequence[PairText]) -> list[Scores]:
        """Return the scores of each pair."""
        ...


class Place(NamedTuple):
    """The characters ``start`` (inclusive) to ``end`` (exclusive) of a part of the text."""

    part: Part
    start: int
    end: int


class DecisiveWord(NamedTuple):
    """A word as it is written first, its share (0–1) in the decision, and the places where it stands."""

    text: str
    share: float
    places: tuple[Place, ...]


def find_decisive_words(
    network: ScoresPairs, pair: PairText, values: Mapping[str, str]
) -> dict[str, tuple[DecisiveWord, ...]]:
    """Return for each field the words that speak most for its value in ``values``, the strongest first.

    Fields are those of a reading, and ``tell`` with the value ``yes`` or ``no``. The name itself is never left out. A
    field has no words if no single word matters: several say the same, or it shows in the text as a whole.
    """
    words = _words(pair)
    whole, *without = network.scores([pair, *(_without(pair, places) for places in words.values())])
    found: dict[str, tuple[DecisiveWord, ...]] = {}
    for field, value in values.items():
        before = _probability(whole, field, value)
        drops = [before - _probability(scores, field, value) for scores in without]
        found[field] = _most_decisive(pair, list(words.values()), drops)
    return found


def _words(pair: PairText) -> dict[str, tuple[Place, ...]]:
    """Return the places of each different word outside the name, in the order of the text."""
    name = re.compile(rf"(?<!\w){re.escape(pair.surface)}(?!\w)") if pair.surface else None
    words: dict[str, tuple[Place, ...]] = {}
    parts: tuple[tuple[Part, str], ...] = (("title", pair.title), ("lead", pair.lead))
    for part, text in parts:
        names = [found.span() for found in name.finditer(text)] if name else []
        for match in _WORD.finditer(text):
            word = fold_case(match[0])
            of_name = any(match.start() < end and start < match.end() for start, end in names)
            if of_name or word in _SAY_NOTHING or (word not in words and len(words) >= MAX_WORDS):
                continue
            words[word] = (*words.get(word, ()), Place(part, *match.span()))
    return words


def _without(pair: PairText, places: Sequence[Place]) -> PairText:
    texts = {"title": pair.title, "lead": pair.lead}
    for place in reversed(places):
        text = texts[place.part]
        texts[place.part] = text[: place.start] + text[place.end :]
    return pair._replace(title=texts["title"], lead=texts["lead"])


def _probability(scores: Scores, field: str, value: str) -> float:
    if field != "tell":
        return scores.fields[field][value]
    return scores.tell_score if value == "yes" else 1 - scores.tell_score


def _most_decisive(
    pair: PairText, words: Sequence[tuple[Place, ...]], drops: Sequence[float]
) -> tuple[DecisiveWord, ...]:
    total = sum(drop for drop in drops if drop > 0)
    decisive = [
        DecisiveWord(_text(pair, places[0]), round(drop / total, 3), places)
        for drop, places in zip(drops, words, strict=True)
        if drop >= LEAST_DROP and drop / total >= LEAST_SHARE
    ]
    decisive.sort(key=lambda word: -word.share)
    return tuple(decisive[:MAX_DECISIVE])


def _text(pair: PairText, place: Place) -> str:
    return (pair.title if place.part == "title" else pair.lead)[place.start : place.end]
