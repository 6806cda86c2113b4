"""Headlines that name an event to say that it did not happen, or does not come: "has not been hacked", "avoids strike".

Looks at the headline alone, and only at words before those that tell the event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from schemas.mentions import Direction, EventKind, Impact
from services.matcher.lexicon import read_yaml
from services.matcher.text.phrases import fold

__all__ = ["averted", "is_negated", "turned"]


class _Turns:
    """The words of ``lexicon/negated_events.yaml`` as expressions."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        parting = "|".join(lexicon["parting"])
        # so many words at most, none of them one that parts, and no mark between them
        self._word = rf"(?:\s+(?!(?:{parting})\b)[\w'$€£%-]+)"
        self._negated = self._before(lexicon["negated"])
        self._averted = self._before(lexicon["averted"])
        self._excepted = re.compile(rf"\b{lexicon['negated']['except']}")
        near = lexicon["given_up"]["within_chars"]
        self._given_up = re.compile(
            "|".join(
                rf"\b(?:{pair['verbs']})\b(?:(?!\b(?:{parting})\b)[^.,;:?!]){{0,{near}}}?\b(?:{pair['nouns']})\b"
                for pair in lexicon["given_up"]["pairs"]
            )
        )
        self.directions: dict[EventKind, Direction] = lexicon["kinds"]
        self.deniable: frozenset[EventKind] = frozenset((*lexicon["kinds"], *lexicon["negated"]["kinds"]))

    def _before(self, entry: dict[str, Any]) -> re.Pattern[str]:
        words = "|".join(entry["words"])
        return re.compile(rf"\b(?:{words}){self._word}{{0,{entry['within']}}}?\s+$")

    def negated(self, title: str, cues: Iterable[str]) -> bool:
        before = list(_before_cues(title, cues))
        return any(self._negated.search(part) and not self._excepted.search(part) for part in before)

    def averted(self, title: str, cues: Iterable[str]) -> bool:
        if any(self._averted.search(part) for part in _before_cues(title, cues)):
            return True
        return self._given_up.search(title) is not None


def _before_cues(title: str, cues: Iterable[str]) -> Iterator[str]:
    """What stands before each cue that stands in the title."""
    for cue in cues:
        place = title.find(fold(cue))
        if place > 0:
            yield title[:place]


@cache
def _turns() -> _Turns:
    return _Turns(read_yaml("negated_events.yaml"))


def is_negated(title: str, impact: Impact) -> bool:
    """Whether the headline says of the event that it is not so."""
    return impact.kind in _turns().deniable and _turns().negated(fold(title), impact.cues)


def averted(title: str, impact: Impact) -> bool:
    """Whether the headline says that the event was feared or planned, and does not come."""
    return impact.kind in _turns().directions and _turns().averted(fold(title), impact.cues)


def turned(impact: Impact) -> Impact:
    """The event as one that does not come: what would have been bad is good."""
    return impact.model_copy(update={"kind": "averted", "direction": _turns().directions[impact.kind]})
