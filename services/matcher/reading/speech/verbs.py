"""Tell verbs of saying from words that look like them: "claims" and "reports" are nouns too, "told" may be passive."""

from __future__ import annotations

from typing import Literal

from services.matcher.reading.speech.sentence import SpokenSentence

__all__ = ["VerbKind", "reports_news", "verb_at"]

VerbKind = Literal["says", "finds", "reports"]

#: The words after a verb in which its object is looked for.
OBJECT_WORDS = 5
#: The words before "X reports" in which a comma shows that it closes the sentence.
CLOSING_WORDS = 6

_PASSIVE_BEFORE_TO = frozenset(("said", "reported", "claimed", "claims", "believed"))
_TELLS = frozenset(("told", "urged", "asked", "warned", "reminded"))
_ANNOUNCED = frozenset(("announced", "revealed", "confirmed", "disclosed"))
_SEEN = frozenset(("reported", "confirmed", "revealed"))
_REJECTS = frozenset(("rejects", "rejected", "dismisses", "dismissed"))


def verb_at(sentence: SpokenSentence, index: int) -> VerbKind | None:
    """Return the kind of verb that the word at ``index`` is, or None if it says nothing."""
    vocabulary, norm = sentence.vocabulary, sentence.words[index].norm
    if norm not in vocabulary.verbs:
        return None
    kind: VerbKind | None = None
    if norm in vocabulary.reports:
        kind = "reports"
    elif norm in vocabulary.says or (norm, sentence.norm(index + 1)) in vocabulary.says_pairs:
        kind = "says"
    elif norm in vocabulary.finds:
        kind = "finds"
    elif norm in vocabulary.calls:
        kind = "says" if _is_about_claims(sentence, index) else None
    elif index and not sentence.words[index - 1].is_word:
        kind = "says"  # a verb that only stands before its speaker
    if kind is None or index in sentence.quoted or _is_noun(sentence, index) or _is_passive(sentence, index):
        return None
    return kind


def _is_about_claims(sentence: SpokenSentence, index: int) -> bool:
    objects = (word.norm for word in sentence.words[index + 1 : index + 1 + OBJECT_WORDS])
    return not sentence.vocabulary.claims_made.isdisjoint(objects)


def _is_noun(sentence: SpokenSentence, index: int) -> bool:
    """Return whether the word is a noun or part of a name: "privacy claims", "reports say", "the United States"."""
    word, vocabulary = sentence.words[index], sentence.vocabulary
    if index and word.is_capital and (word.norm == "states" or (sentence.plain and not sentence.is_title)):
        return True
    if word.norm == "reports" and sentence.norm(index + 1) in vocabulary.says:
        return True
    if word.norm == "claims" and index:
        before = sentence.words[index - 1]
        if not (before.is_capital or before.norm in vocabulary.kinds or before.norm in vocabulary.adverbs):
            return True
    return sentence.norm(index - 1) in vocabulary.noun_markers


def _is_passive(sentence: SpokenSentence, index: int) -> bool:
    """Return whether the word is not said by its subject: "Halden said to be", "customers told", "denied bail"."""
    norm, following, vocabulary = sentence.norm(index), sentence.norm(index + 1), sentence.vocabulary
    if norm in _PASSIVE_BEFORE_TO and following == "to":
        return True
    if norm in _SEEN and following in ("in", "by", "at", "for"):
        return True
    if norm in _TELLS and following in ("", "to", "not"):
        return True
    if norm in ("denied", "denies") and following in vocabulary.denied_objects:
        return True
    if norm in _REJECTS and not _is_about_claims(sentence, index):
        return True
    # "Halden 13 announced: …"
    ends = index + 1 == len(sentence.words) or not sentence.words[index + 1].is_word
    return sentence.is_title and norm in _ANNOUNCED and ends and sentence.norm(index - 1) not in ("", "company", "firm")


def reports_news(sentence: SpokenSentence, index: int) -> bool:
    """Return whether "X reports" at ``index`` cites a newsroom: nothing follows that X could report of itself."""
    words = sentence.words
    if sentence.norm(index - 1) == "first":
        return True
    if index + 1 == len(words):
        return any(word.text == "," for word in words[max(0, index - CLOSING_WORDS) : index])
    following, times = words[index + 1], sentence.vocabulary.times
    if following.norm in sentence.vocabulary.time_leads and sentence.norm(index + 2) in times:
        return True  # "X reported on Tuesday"
    return following.text in (".", ",", ":", "that") or following.norm in times
