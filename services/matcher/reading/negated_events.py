"""Recognizes headlines which say that an event did not happen, or will not: "has not been hacked", "avoids strike".

Only the headline is read, and in it only the words before those that name the event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from schemas.mentions import Direction, EventKind, Impact
from services.matcher.lexicon import read_yaml
from services.matcher.text.normalize import fold_case

__all__ = ["as_averted", "confirms_denied", "is_averted", "is_negated"]

# "Halden confirms breach it had denied", "Halden admits breach after initial denial", but not "declines to confirm".
_CONFIRMS = re.compile(
    r"(?<!not )(?<!n't )(?<!n’t )(?<!neither )(?<!to )(?<!nor )(?<!or )\b"
    r"(?:confirms?|confirmed|admits?|admitted|acknowledges?|acknowledged|concedes?|conceded|owns up)\b"
)
# "Halden confirms that its chairman is out, rejects talk of a row": what it rejects is something else.
_REJECTS_ELSE = re.compile(
    r"(?:[,;–—]| but| and| while)\s+(?:but |and |it |he |she )?"
    r"(?:rejects?|rejected|denies|denied|dismiss(?:es|ed)|disput(?:es|ed)|rul(?:es|ed) out|plays? down|played down)\b"
)
_CONFIRMS_NOTHING = re.compile(r"\b(?:no|not|never|nothing|\w+n['’]t|denial|unchanged|remains?|stays?|maintain\w*)\b")
_DENIED_BEFORE = re.compile(
    r"\b(?:after|despite|following|had|once|first|previously|initially|earlier|long)\b(?:\s[\w’'-]+){0,3}?"
    r"\s(?:denied|denying|denials?)\b"
)


class _NegationRules:
    """The words of ``lexicon/negated_events.yaml`` as regular expressions."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        separators = "|".join(lexicon["separators"])
        # One further word, which is not a separator and follows without a punctuation mark.
        self._word = rf"(?:\s+(?!(?:{separators})\b)[\w'$€£%-]+)"
        self._negated = self._before(lexicon["negated"])
        self._averted = self._before(lexicon["averted"])
        self._excepted = re.compile(rf"\b{lexicon['negated']['except']}")
        near = lexicon["given_up"]["within_chars"]
        self._given_up = re.compile(
            "|".join(
                rf"\b(?:{pair['verbs']})\b(?:(?!\b(?:{separators})\b)[^.,;:?!]){{0,{near}}}?\b(?:{pair['nouns']})\b"
                for pair in lexicon["given_up"]["pairs"]
            )
        )
        self.directions: dict[EventKind, Direction] = lexicon["kinds"]
        self.deniable: frozenset[EventKind] = frozenset((*lexicon["kinds"], *lexicon["negated"]["kinds"]))

    def _before(self, entry: dict[str, Any]) -> re.Pattern[str]:
        words = "|".join(entry["words"])
        return re.compile(rf"\b(?:{words}){self._word}{{0,{entry['within']}}}?\s+$")

    def negated(self, title: str, cues: Iterable[str]) -> bool:
        """Return whether a folded title negates the event that has these cues."""
        return any(
            self._negated.search(before) and not self._excepted.search(before)
            for before in _texts_before_cues(title, cues)
        )

    def averted(self, title: str, cues: Iterable[str]) -> bool:
        """Return whether a folded title says that the event with these cues was avoided or given up."""
        if any(self._averted.search(before) for before in _texts_before_cues(title, cues)):
            return True
        return self._given_up.search(title) is not None


def _texts_before_cues(title: str, cues: Iterable[str]) -> Iterator[str]:
    """Yield the text before each cue that occurs in the title."""
    for cue in cues:
        start = title.find(fold_case(cue))
        if start > 0:
            yield title[:start]


@cache
def _rules() -> _NegationRules:
    return _NegationRules(read_yaml("negated_events.yaml"))


def is_negated(title: str, impact: Impact) -> bool:
    """Return whether the headline denies the event."""
    return impact.kind in _rules().deniable and _rules().negated(fold_case(title), impact.cues)


def is_averted(title: str, impact: Impact) -> bool:
    """Return whether the headline says that the event was feared or planned and will not happen."""
    return impact.kind in _rules().directions and _rules().averted(fold_case(title), impact.cues)


def confirms_denied(title: str) -> bool:
    """Return whether the headline confirms something that was denied before, or denies only something else."""
    folded = fold_case(title)
    confirms = _CONFIRMS.search(folded)
    if confirms is None:
        return False
    if _DENIED_BEFORE.search(folded, confirms.end()) is not None:
        return True
    rejects = _REJECTS_ELSE.search(folded, confirms.end())
    return rejects is not None and _CONFIRMS_NOTHING.search(folded[confirms.end() : rejects.start()]) is None


def as_averted(impact: Impact) -> Impact:
    """Return the event as one that will not happen: if it would have been bad, that is good."""
    return impact.model_copy(update={"kind": "averted", "direction": _rules().directions[impact.kind]})
