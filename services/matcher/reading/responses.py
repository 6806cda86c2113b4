"""Find how somebody rejects what is said of them: "calls the report baseless", "pleads not guilty to bribery". Pure.

Such a response names what it rejects by the words around, or not at all: then it rejects what was reported before. By
itself it denies nothing that is known; which report it answers is decided where the reports are
(``stories/answers.py``). English only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from services.matcher.lexicon import read_yaml
from services.matcher.text.normalize import fold_case, strip_quotes

__all__ = ["Response", "find_response", "refuses_request"]

#: A longer text is no such statement. A feed's sentence may be endless, and the expressions try every part of it.
_LONGEST_CHARS = 500
#: Words between a verb and what it rejects, or between that and what is said of it.
_BETWEEN = r"(?:(?!(?:after|as|amid|despite|before|while|but|and|when|because) )[\w'’$€£%-]+ ){0,6}?"
_CLAUSE_END = re.compile(r"[,;:.]| (?:and|but|while|as|after) ")
_POSSESSIVE = re.compile(r"['’]s?(?![\w])")
_WORD = re.compile(r"[\w$€£%-]+")


class Response(NamedTuple):
    """A rejection, in lower case. ``topic``: the words that say of what, if any do.

    ``to_charges``: what is rejected is before a court, where a court or an authority that dismisses it decides.
    ``words_before``: so many words stand before it.
    """

    topic: str
    to_charges: bool
    words_before: int


class _Rules:
    """The words of ``lexicon/responses.yaml`` as regular expressions."""

    def __init__(self, lexicon: dict[str, str]) -> None:
        said, charges = lexicon["accusations"], lexicon["charges"]
        either = rf"(?:{said}|(?P<charges>{charges}))"
        worthless = rf"(?:{lexicon['worthless']}|{lexicon['distortions']})"
        verdict = rf"(?P<verdict>(?:is|are|was|were|be|being|as) (?:\w+ ){{0,2}}{worthless}|{lexicon['lacks']})"
        self.forms = tuple(
            re.compile(rf"(?<![\w-])(?:{form})(?![\w-])")
            for form in (
                lexicon["innocent"],
                rf"(?:{lexicon['rejects']}) (?P<topic>{_BETWEEN}){either}",
                rf"{lexicon['judged']} (?P<topic>{_BETWEEN}){either} "
                rf"(?P<more>{_BETWEEN})(?P<verdict>(?:as )?{worthless})",
                rf"{either} (?P<topic>{_BETWEEN}){verdict}",
            )
        )
        self.requests = re.compile(rf"(?<![\w-])(?:{lexicon['requests']})")
        self.empty = frozenset(lexicon["empty"].split())
        self.said = re.compile(rf"(?:{said}|{charges}|{lexicon['worthless']}|{lexicon['counsel']})")
        self.refuses = re.compile(
            rf"(?<![\w-])(?:{lexicon['rejects']}) {_BETWEEN}(?:{lexicon['requests']}|{lexicon['offers']})(?![\w-])"
        )


@cache
def _rules() -> _Rules:
    return _Rules(read_yaml("responses.yaml"))


def find_response(text: str) -> Response | None:
    """Return how a headline or sentence rejects what is said of somebody, or None if it doesn't."""
    if len(text) > _LONGEST_CHARS:
        return None
    rules, folded = _rules(), strip_quotes(fold_case(text))
    for form in rules.forms:
        found = form.search(folded)
        if found is None:
            continue
        if rules.requests.search(folded, found.start()):
            return None
        parts = found.groupdict()
        # What follows a verdict such as "is baseless" is said of it, and no part of what is rejected.
        after = "" if "verdict" in parts else _CLAUSE_END.split(folded[found.end() :], maxsplit=1)[0]
        before = folded[: found.start()]
        around = f"{before} {parts.get('topic') or ''} {parts.get('more') or ''} {after}"
        return Response(_topic(around), bool(parts.get("charges")), len(_WORD.findall(before)))
    return None


def refuses_request(text: str) -> bool:
    """Return whether a headline says that somebody turns down what is asked for or offered, which denies nothing."""
    folded = fold_case(text)
    return _rules().refuses.search(folded) is not None and find_response(text) is None


def _topic(text: str) -> str:
    """Return the words that may name what is rejected."""
    rules = _rules()
    words = _WORD.findall(_POSSESSIVE.sub("", text))
    return " ".join(word for word in words if word not in rules.empty and not rules.said.fullmatch(word))
