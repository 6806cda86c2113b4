"""Gives a headline the small words that it leaves out and a sentence needs: articles, and forms of "be". Pure.

"Federal judge blocks …" becomes "A federal judge blocks …", "Halden accused of …" "Halden has been accused of …". No
other word is added, and none is changed but for the capital of the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.notifier.drafting.casing import Names, first_lowered, sentence_case
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.verbs import (
    has_main_verb,
    is_certain_verb,
    is_headline_future,
    is_plural_noun,
    is_verb_form,
)

__all__ = ["ADDED_WORDS", "as_prose", "within_sentence"]

#: The words that may be added.
ADDED_WORDS = frozenset(("a", "an", "the", "is", "are", "has", "have", "been"))
#: The subject of a headline that leaves out "is" has at most so many words, and so has one that gets an article.
SUBJECT_WORDS, NOUN_PHRASE_WORDS = 8, 4
_STARTS_WITH_VOWEL_SOUND = re.compile(
    r"(?:[aeio]|u(?!ni[a-z]|s\b|k\b|\.s|\.k|se|ti)|hour|honest|fda\b|fbi\b|nhs\b|sec\b|ftc\b|mp\b|nfl\b)", re.I
)
_PLAIN = re.compile(r"[\w’' -]+")
_INNER_CAPITAL = re.compile(r"\w[A-Z]|\d")
_POSSESSIVE = re.compile(r"[’']s?$")
_EDGE = ",.;:’'\"“”‘()"
_BREAKS = frozenset(("as", "after", "when", "while", "because", "since", "before", "amid", "despite"))
#: What follows one of these describes the noun before it.
_AFTER_HEAD = frozenset(("of", "in", "at", "for", "from", "on", "with"))
_NOT_A_SUBJECT = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "for", "from", "with", "by", "to", "and", "or", "not")
)


@dataclass(frozen=True, slots=True)
class _Left:
    """The words in prose.yaml."""

    the: frozenset[str]
    the_names: tuple[str, ...]
    the_subjects: tuple[str, ...]
    counted: frozenset[str]
    one: frozenset[str]
    done: frozenset[str]
    after_done: frozenset[str]
    about: frozenset[str]
    doing: frozenset[str]


def as_prose(clause: str, names: Names) -> str:
    """Return ``clause``, in sentence case, with the articles and the form of "be" that a sentence needs."""
    return _with_article(_with_being(clause), names)


@cache
def within_sentence(name: str) -> str:
    """Return the name of a subject or an authority as it stands within a sentence: "inflation", "the SEC"."""
    folded = name.casefold()
    if folded in _left().the or folded in _left().the_names or folded.endswith(" act"):
        return f"the {name}"
    own_case = _INNER_CAPITAL.search(name) or any(word[0].isupper() for word in name.split()[1:])
    if _PLAIN.fullmatch(name) and not own_case:  # not "IPO", "Covid-19", "Prime Day"
        name = first_lowered(sentence_case(name, Names(), title=True), Names())
    if folded in _left().the_subjects:
        return f"the {name}"
    last = name.split()[-1]
    if last.casefold() in _left().counted:
        return f"{name[:-1]}ies" if last.endswith("y") else f"{name}es" if last.endswith(("ch", "x")) else f"{name}s"
    return name


def _with_being(clause: str) -> str:
    """Return ``clause`` with "has been" before what was done to its subject, or "is" before what is about to be."""
    words = clause.split()
    folded = [word.strip(_EDGE).casefold() for word in words]
    left = _left()
    for index in range(1, min(len(words), SUBJECT_WORDS)):
        before, word = folded[index - 1], folded[index]
        following = folded[index + 1] if index + 1 < len(words) else ""
        if (
            before in _NOT_A_SUBJECT
            or words[index - 1].endswith((",", ":", ";"))
            or _POSSESSIVE.search(words[index - 1])
        ):
            if word in left.done | left.about | left.doing:
                return clause
            continue
        if words[index][:1].isupper():
            continue
        several = _is_plural(words[:index], folded[:index])
        by_somebody = word.endswith("ed") and following == "by"
        if by_somebody or (word in left.done and (following in left.after_done or not following)):
            return _inserted(clause, words, index, "have been" if several else "has been")
        if word == "to" and is_headline_future(words, folded, index, 0):
            return _inserted(clause, words, index, "are" if several else "is")
        if word in ("up", "down") and _is_amount(words[index + 1 : index + 3]):
            return _inserted(clause, words, index, "are" if several else "is")
        if word in left.about and following in ("to", "for"):
            return _inserted(clause, words, index, "are" if several else "is")
        if word in left.doing and following and not has_main_verb(clause):
            return _inserted(clause, words, index, "are" if several else "is")
        nouns = following in left.done | left.about | left.doing and not is_certain_verb(word)  # "shares halted after"
        finite = is_certain_verb(word) or (is_verb_form(word) and word.endswith(("s", "ed")))
        if finite and not nouns:
            return clause
    return clause


def _is_amount(words: Sequence[str]) -> bool:
    """Return whether ``words`` begin with an amount: "12%", "almost $4bn"."""
    near = words[1:2] if words and words[0].casefold() in ("almost", "nearly", "over", "about", "by") else words[:1]
    return bool(near) and re.match(r"[$€£]?\d", near[0]) is not None


def _inserted(clause: str, words: Sequence[str], index: int, being: str) -> str:
    """Return ``clause`` with ``being`` at ``index``, unless a verb further on shows that its main verb is another."""
    for before, word in zip(words[index:], words[index + 1 :], strict=False):
        bare = word.strip(_EDGE).casefold()
        if bare in _BREAKS:
            break
        if is_certain_verb(bare) and word[:1].islower() and before.casefold() not in ("to", "that", "which", "who"):
            return clause  # "A man charged with fraud pleads guilty"
    return " ".join((*words[:index], being, *words[index:]))


def _with_article(clause: str, names: Names) -> str:
    words = clause.split()
    folded = [word.strip(_EDGE).casefold() for word in words]
    left = _left()
    if len(words) < 2 or words[0][0] in "“‘\"'":
        return clause
    size = next((len(name.split()) for name in left.the_names if folded[: len(name.split())] == name.split()), 0)
    if (
        not size
        and folded[0] in left.the
        and (words[0].isupper() or folded[0] in ("fed", "pentagon", "kremlin", "senate"))
    ):
        size = 1
    if size and len(words) > size and _acts(words, size):
        return f"The {clause}"
    for index in range(min(NOUN_PHRASE_WORDS, len(words) - 1)):
        if folded[index] in left.one and _acts(words, index + 1):
            modifiers = words[:index]
            if any(word[:1].isdigit() or _POSSESSIVE.search(word) for word in modifiers) or _NOT_A_SUBJECT & set(
                folded[:index]
            ):
                return clause
            if index and words[index][:1].isupper():
                return clause  # "Federal Court": a name
            rest = first_lowered(clause, names)
            return f"{'An' if _STARTS_WITH_VOWEL_SOUND.match(rest) else 'A'} {rest}"
        if is_certain_verb(folded[index]):
            return clause
    return clause


def _acts(words: Sequence[str], index: int) -> bool:
    """Return whether a verb stands at ``index``."""
    word = words[index].strip(_EDGE)
    if not word[:1].islower():
        return False
    return is_verb_form(word.casefold()) or is_certain_verb(word.casefold())


def _is_plural(words: Sequence[str], folded: Sequence[str]) -> bool:
    """Return whether the subject in ``words`` is plural: "accounts", "Halden and Orvix", "shares of Halden"."""
    end = next((at for at, word in enumerate(folded) if at and word in _AFTER_HEAD), len(words))
    if "and" in folded[:end]:
        return True
    head, bare = words[end - 1], folded[end - 1]
    if head[:1].isupper() and (end > 1 or not is_ordinary(bare)):
        return False
    return is_plural_noun(bare)


@cache
def _left() -> _Left:
    raw: dict[str, Any] = read_yaml("words", "prose.yaml")
    listed = {
        name: frozenset(raw[name].split()) for name in ("the", "one", "done", "after_done", "about", "doing", "counted")
    }
    return _Left(the_names=tuple(raw["the_names"]), the_subjects=tuple(raw["the_subjects"]), **listed)
