"""Find what a text says of something that doesn't change or happen: "keeps its sawmills", "all jobs are safe".

By themselves such statements are hardly news. Said by whoever must know, they deny a report of the contrary; which one
is decided where the reports are (``stories/answers.py``). English only; pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from schemas.readings import EventFamily
from services.matcher.lexicon import read_yaml
from services.matcher.text.normalize import fold_case, strip_quotes

__all__ = [
    "Assurance",
    "commits",
    "denies_nothing",
    "doubts",
    "find_assurance",
    "find_state",
    "is_bare_change",
    "is_undone",
    "names_change",
    "subject_words",
]

#: Characters of the longest name or office before or after "says".
_SPEAKER_CHARS = 60
#: A longer text is no such statement. A feed's sentence may be endless, and the expressions try every part of it.
_LONGEST_CHARS = 500
#: "Work on the drug": what it is done on goes on.
_ACTIVITY = re.compile(
    r"^(?:all |the |our |its )?(?:work|production|development|construction|research|building) (?:on|of|at) "
)
_AUDIENCE = (
    r"(?:staff|workers|employees|investors|analysts|reporters|journalists|shareholders|customers|clients|partners"
    r"|parliament)"
)
_PREPOSITION = re.compile(
    r" (?:of|in|at|for|to|on|from|with|by|over|near|will|would|can|could|is|are|was|were|has|have)\b"
)
#: The fewest words before a comma that are a clause.
_CLAUSE_WORDS = 4
#: What says who is meant is not negated: "no crime by the man who paid for photos".
_RELATIVE = re.compile(r" (?:who|whom|whose|which|where) ")
_AUXILIARY = re.compile(r" (?:is|are|was|were|will be|has been|have been) ")
_STATE = re.compile(r" (?:is|are|will) ")


class Assurance(NamedTuple):
    """A statement that something stays or won't happen, in lower case. ``lasts``: it stays as it is; else it is denied.

    ``subject`` is what is said of, if the form of the sentence shows it, and ``whole`` all that is said, without the
    words for it that it stays (``state``: "remains available"). ``head`` is the noun of a subject before the verb:
    "canteen" of "the staff canteen at the plant stays free". ``thing``: the words after "no", which begin with what
    there is none of.
    """

    lasts: bool
    subject: str
    whole: str
    state: str = ""
    head: str = ""
    thing: str = ""


class _Rules:
    """The words of ``lexicon/assurances.yaml`` as regular expressions."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        self.keeps, self.stays, self.untrue, self.none, self.excepted, self.silent = (
            re.compile(rf"(?<![\w'’-])(?:{'|'.join(lexicon[name])})(?![\w-])")
            for name in ("keeps", "stays", "untrue", "none", "except", "silent")
        )
        self.calls, self.bad, self.doubts, self.commits = (
            re.compile(rf"\b(?:{lexicon[name]})\b") for name in ("calls", "bad", "doubts", "commits")
        )
        self.empty: frozenset[str] = frozenset(lexicon["empty"].split())
        said = lexicon["said"]
        speaker = rf"[^,]{{2,{_SPEAKER_CHARS}}}"
        self.said_after = re.compile(
            rf"[,\"”'’–—-]+ (?:(?:it|he|she|they) (?:{said})|(?:{said})\b[^,]*|{speaker} (?:{said}))(?: [^,]{{0,40}})?$"
        )
        self.said_before = re.compile(
            rf"^[^,:]{{2,{_SPEAKER_CHARS}}}? (?:{said}) (?:(?:(?:its|the|his|her) )?{_AUDIENCE}"
            r"(?: (?:of|at|in)(?: \w+){1,4}(?= that))? )?(?:that )?"
        )
        self.separators = re.compile(rf"\b(?:{lexicon['separators']})\b")
        self.undone = re.compile(rf"\b(?:{lexicon['undone']})\b")
        self.rejects = re.compile(rf"(?:{lexicon['rejects']})$")
        self.changes = re.compile(rf"\b(?:{lexicon['changes']})\b")
        self.subjects: Mapping[EventFamily, frozenset[str]] = {
            family: frozenset(words.split()) for family, words in lexicon["subjects"].items()
        }


@cache
def _rules() -> _Rules:
    return _Rules(read_yaml("assurances.yaml"))


def find_assurance(text: str) -> Assurance | None:
    """Return what a headline or sentence says doesn't change or happen, or None if it says nothing of the sort.

    What has more than one clause may say one thing and its contrary, so only a plain denial is found there.
    """
    if len(text) > _LONGEST_CHARS:
        return None
    rules = _rules()
    folded = fold_case(text)
    clause = folded.strip(" .\"'“”‘’")
    clause = rules.said_after.sub("", clause)
    clause = rules.said_before.sub("", clause)
    _, colon, after = clause.partition(": ")
    clause = _main_clause(strip_quotes(after if colon else clause))
    if rules.excepted.search(clause) or rules.silent.search(clause):
        return None
    calls = rules.calls.search(clause)
    if calls:
        return Assurance(False, "", _meaning(calls["what"]))
    if rules.untrue.search(clause):
        return Assurance(False, "", _meaning(rules.untrue.sub(" ", clause)))
    if rules.separators.search(clause):
        return None
    is_bad = rules.bad.search(folded) is not None
    keeps, stays, negated = (pattern.search(clause) for pattern in (rules.keeps, rules.stays, rules.none))
    if stays and not (keeps and keeps.end() > stays.end()):
        subject = _AUXILIARY.split(clause[: stays.start()], maxsplit=1)[0]
        return None if is_bad else _lasting(subject, rules.stays.sub(" ", clause), stays.group(), _head(subject))
    if negated and not (keeps and keeps.start() <= negated.start() < keeps.end()):  # "no change to"
        after = clause[negated.end() :]
        if _RELATIVE.search(after):
            return None
        # Before "denies" stands who denies; before "not", what is said of.
        whole = after if rules.rejects.search(negated.group()) else rules.none.sub(" ", clause)
        thing = _meaning(after) if negated.group() == "no" else ""
        return Assurance(False, _meaning(after), _meaning(whole), thing=thing)
    return _lasting(clause[keeps.end() :], rules.keeps.sub(" ", clause)) if keeps and not is_bad else None


def find_state(text: str) -> Assurance | None:
    """Return the state that a headline or sentence says something is in ("the fees are disclosed"), or None.

    Nothing that is negated, ends, shrinks or goes wrong, and nothing of more than one clause.
    """
    if len(text) > _LONGEST_CHARS:
        return None
    rules = _rules()
    clause = rules.said_before.sub("", rules.said_after.sub("", fold_case(text).strip(" .\"'“”‘’")))
    _, colon, after = clause.partition(": ")
    clause = after if colon else clause
    wrong = (rules.separators, rules.none, rules.excepted, rules.silent, rules.changes, rules.bad)
    subject, *rest = _STATE.split(clause, maxsplit=1)
    if not rest or any(pattern.search(clause) for pattern in wrong):
        return None
    return Assurance(True, _meaning(subject), _meaning(f"{subject} {rest[0]}"), rest[0], _head(subject))


def _main_clause(clause: str) -> str:
    """Return the first clause: what follows a comma is said besides. Few words before one are no clause."""
    first, _, _ = clause.partition(", ")
    return first if len(first.split()) >= _CLAUSE_WORDS else clause


def _lasting(subject: str, whole: str, state: str = "", head: str = "") -> Assurance:
    return Assurance(True, _meaning(subject), _meaning(whole), state, head)


def _head(subject: str) -> str:
    """Return the last word of the noun phrase that ``subject`` begins with, before any preposition."""
    words = _meaning(_PREPOSITION.split(_ACTIVITY.sub("", subject), maxsplit=1)[0]).split()
    return words[-1] if words else ""


def _meaning(text: str) -> str:
    return " ".join(word for word in text.split() if word.strip(",.;") not in _rules().empty)


def commits(text: str) -> bool:
    """Return whether whoever is named in a headline makes a promise in it: "Halden guarantees all jobs"."""
    return _rules().commits.search(fold_case(text)) is not None


def denies_nothing(text: str) -> bool:
    """Return whether a negation in a headline is no denial: "will not comment", "has no choice but to sell"."""
    return _rules().excepted.search(fold_case(text)) is not None


def doubts(text: str) -> bool:
    """Return whether somebody in a headline only doubts what it is about."""
    return _rules().doubts.search(fold_case(text)) is not None


def names_change(text: str) -> bool:
    """Return whether a report says that something ends, shrinks, changes hands or goes wrong."""
    return _rules().changes.search(fold_case(text)) is not None


def is_bare_change(text: str) -> bool:
    """Return whether ``text`` names a change and nothing that changes: "of leaving", "down"."""
    folded = fold_case(text)
    return names_change(text) and len(_meaning(_rules().changes.sub(" ", folded)).split()) <= 1


def is_undone(text: str) -> bool:
    """Return whether a report says that something planned or under way fails, stops or comes late."""
    return _rules().undone.search(fold_case(text)) is not None


def subject_words(family: EventFamily) -> frozenset[str]:
    """Return words for what an event of ``family`` would take away, cost or consist of, in lower case."""
    return _rules().subjects.get(family, frozenset())
