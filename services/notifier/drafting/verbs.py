"""Recognizes statements by their verb: whether a headline or sentence says that something is or was done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from services.notifier.drafting.data_files import word_sections
from services.notifier.drafting.dictionary import is_ordinary

__all__ = [
    "has_main_verb",
    "is_adverb",
    "is_base_verb",
    "is_certain_verb",
    "is_headline_future",
    "is_plural_noun",
    "is_verb_form",
    "takes_infinitive",
]

_WORD = re.compile(r"[^\W_](?:[\w’'.&-]*[^\W_])?|[,;:–—()]|[$€£%]")


def _words(section: str) -> frozenset[str]:
    """Return the words of a section of words/verbs.txt."""
    return frozenset(" ".join(word_sections("verbs")[section]).split())


_AUXILIARIES = _words("auxiliaries")
#: A clause after one of these is not the main clause.
_SUBORDINATES = _words("subordinates")
_RELATIVES = _words("relatives")
_DETERMINERS = _words("determiners")
_PREPOSITIONS = _words("prepositions")
#: After one of these, "cuts" and the like are nouns.
_AFTER_NOUNS = frozenset(("of", "in", "at", "for", "from", "with", "by", "and", "or", ",", ";", ":", ")"))
#: After an ordinary word, "cuts" and the like are verbs before one of these.
_AFTER_VERBS = _DETERMINERS | {"up", "down", "off", "out", "back", "below", "above", "after", "as", "to", "on", "over"}
_AFTER_VERBS |= {"$", "€", "£", "%", "amid", "against", "into", "around", "further", "sharply"}
_ADVERBS = _words("adverbs")
#: What stands between the first word of a verb and its last.
_VERB_GROUP = _AUXILIARIES | {"be", "been", "being"}
#: Nouns that end as adverbs do.
_NOUNS = _words("nouns")
#: "A plan to buy" is no statement, "Halden to buy" is one.
_TAKES_INFINITIVE = _words("takes_infinitive")
#: Shorter words in -s are no verbs that this list lacks.
SHORTEST_VERB = 5
#: A headline leaves out "is" before these: "rates likely to rise".
_FORESEEN = _words("foreseen")
#: Says by how much: "profit more than doubles".
_BEFORE_MULTIPLE = re.compile(r"\b(?:more|less) than (?=(?:double|triple|quadruple|halve)[sd]\b)")
#: Within so many words after the comma, "and" ends a list that began before it.
LISTED_WORDS = 5
#: In a headline, the subject of "to buy" is short.
SUBJECT_WORDS = 6


@dataclass(frozen=True, slots=True)
class _Forms:
    """Forms of verbs: ``third`` are hardly ever nouns, ``both`` may be plural nouns."""

    base: frozenset[str]
    third: frozenset[str]
    both: frozenset[str]
    past: frozenset[str]
    never: frozenset[str]


def is_verb_form(word: str) -> bool:
    """Return whether ``word``, in lower case, may be the present or past of a verb that news is told with."""
    forms = _forms()
    return word in forms.third or word in forms.both or word in forms.past or word in forms.base


def is_base_verb(word: str) -> bool:
    """Return whether ``word``, in lower case, may follow "to" as a verb: "buy", "be"."""
    return word == "be" or word in _forms().base


def is_certain_verb(word: str) -> bool:
    """Return whether ``word``, in lower case, is a finite verb that is hardly ever a noun: "says", "will", "rose"."""
    return word in _forms().third or word in _AUXILIARIES or (word in _words("irregular") and word not in _ATTRIBUTIVE)


def is_adverb(word: str) -> bool:
    """Return whether ``word``, in lower case, is an adverb that may stand before a verb: "again", "reportedly"."""
    return word in _ADVERBS or (word.endswith("ly") and word not in _NOUNS)


def takes_infinitive(word: str) -> bool:
    """Return whether "to …" after ``word``, in lower case, belongs to it: "an effort to sell"."""
    return word in _TAKES_INFINITIVE


def is_plural_noun(word: str) -> bool:
    """Return whether ``word``, in lower case, has the form of a plural noun."""
    return word in _PLURALS or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def has_main_verb(text: str) -> bool:
    """Return whether ``text``, in sentence case, has a verb outside of its subordinate clauses."""
    words = [match[0] for match in _WORD.finditer(_BEFORE_MULTIPLE.sub("", text))]
    folded = [word.lower() for word in words]
    start = 0
    if len(folded) > 1 and folded[0] in _forms().base and folded[1] in _DETERMINERS:
        return False  # "Stop the …"
    if folded and folded[0] in _SUBORDINATES:
        if "," not in folded:
            return False
        start = folded.index(",") + 1
        listed = start > 2 and words[start - 2][0].isupper() and "and" in folded[start : start + LISTED_WORDS]
        if listed and not any(_is_verb(words, folded, index, 0) for index in range(1, start - 1)):
            return False  # "After Halden, Orvix and Velmont offer relief": a list, and no main clause
    relative, chain, ended = False, -1, -1
    for index in range(start + 1, len(words)):
        if chain == index - 1 and (folded[index] in _VERB_GROUP or is_adverb(folded[index])):
            chain = index  # "a flaw that could have been found": one verb, and it is the relative clause's
            continue
        if chain == index - 1 and folded[index] in _forms().past:
            ended = index
            continue
        if ended == index - 1 > 0 and folded[index] in _forms().base:
            return True  # "firms that were hacked sue …"
        if folded[index] in _SUBORDINATES and not _is_of_degree(folded, index):
            return False
        if folded[index] in _RELATIVES:
            relative = True
        elif relative and folded[index - 1] in _RELATIVES and folded[index] in _forms().base:
            relative = False  # "rules that concern …"
        elif _is_verb(words, folded, index, start):
            if not relative:
                return True
            relative, chain = False, index if folded[index] in _AUXILIARIES else -1
    return False


def _is_of_degree(folded: Sequence[str], index: int) -> bool:
    """Return whether "than" at ``index`` tells how much a verb after it does: "revenue more than doubles"."""
    following = folded[index + 1] if index + 1 < len(folded) else ""
    return folded[index - 1 : index + 1] in (["more", "than"], ["less", "than"]) and (
        following.endswith(("s", "ed")) and is_verb_form(following)
    )


def _is_verb(words: Sequence[str], folded: Sequence[str], index: int, start: int) -> bool:
    word, forms = folded[index], _forms()
    following = folded[index + 1] if index + 1 < len(folded) else ""
    if word == "to":
        return is_headline_future(words, folded, index, start)
    if word in ("up", "down"):
        return any(after in ("$", "€", "£") or after[:1].isdigit() for after in folded[index + 1 : index + 3])
    if words[index][0].isupper():
        return False
    if word in _AUXILIARIES:
        return True
    before = _before(folded, index, start)
    if before < start:
        return False
    previous = words[before]
    if word in forms.third:
        done_to = before > start and folded[before - 1] == "to"
        return folded[before] not in _PREPOSITIONS and not done_to  # "to access tests"
    if word in forms.both and folded[max(start, index - 2) : index] in (["more", "than"], ["less", "than"]):
        return True  # "revenue more than doubles in May"
    if word in forms.both:
        if folded[before] in _DETERMINERS | _PREPOSITIONS | _BEFORE_NOUNS:
            return False  # "considering new rules to protect"
        names_object = following and words[index + 1][0].isupper() and before == index - 1
        return bool(names_object and not re.search(r"[’']s?$", previous)) or _is_verb_not_noun(previous, following)
    if _is_unlisted_verb(word, folded[before], words[index + 1] if following else ""):
        return True
    if word in forms.past:
        if word in _ATTRIBUTIVE and following in _PREPOSITIONS | {"as"}:
            return False  # "a deal backed by Halden"
        return folded[before] not in _DETERMINERS | _PREPOSITIONS and not re.search(r"[’']s$", previous)
    if word.endswith("ed") and (following in _PREPOSITIONS | {"to"} or following[:1].isdigit()):
        return folded[before] not in _DETERMINERS | _PREPOSITIONS  # a past that is not listed
    if word in forms.base:
        plural = (previous.endswith("s") and not previous.endswith(("ss", "'s", "’s"))) or folded[before] in _PLURALS
        subject = folded[start:index]
        several = "and" in subject or "," in subject or re.search(r"[^s]s of ", " ".join(subject)) is not None
        one = before > start and folded[before - 1] in ("a", "an")  # "a DDoS attack"
        return plural or (previous[0].isupper() and several and not one)
    return False


_ATTRIBUTIVE = _words("attributive")
_PLURALS = _words("plurals")


def _before(folded: Sequence[str], index: int, start: int) -> int:
    """Return the position of the last word before ``index`` that is no adverb."""
    index -= 1
    while index > start and (folded[index] in _ADVERBS or folded[index].endswith("ly")) and folded[index] not in _NOUNS:
        index -= 1
    if index > start + 1 and folded[index] == "than" and folded[index - 1] in ("more", "less"):
        return index - 2  # "sales more than double"
    return index


def _is_verb_not_noun(previous: str, following: str) -> bool:
    """Return whether a word like "cuts" is a verb between these words."""
    if not following or following in _AFTER_NOUNS | _AUXILIARIES or re.search(r"[’']s$", previous):
        return False
    forms = _forms()
    if following in forms.third or following in forms.base - _ADJECTIVES or following in forms.past:
        return False
    if previous[0].isupper():
        return True
    return following in _AFTER_VERBS or following[0].isdigit() or following in _SUBORDINATES


def _is_unlisted_verb(word: str, before: str, following: str) -> bool:
    """Return whether a word in -s stands where only a verb can: before a determiner, a figure, a name or "off"."""
    if not word.endswith("s") or word.endswith(("ss", "us", "'s", "’s")) or len(word) < SHORTEST_VERB:
        return False
    if before in _DETERMINERS | _PREPOSITIONS | _AUXILIARIES or word in _forms().never or not following:
        return False
    opens = following.casefold() in _OPENS_OBJECT or (following[0].isupper() and not re.search(r"[’']s$", following))
    return opens and is_ordinary(word.removesuffix("s"))


_OPENS_OBJECT = (_DETERMINERS - {"no", "all", "some", "any"}) | {"$", "€", "£", "off", "out", "up", "down", "back"}
_ADJECTIVES = _words("adjectives")
#: Adjectives that are nothing else, so that a noun follows.
_BEFORE_NOUNS = _words("before_nouns")


def is_headline_future(words: Sequence[str], folded: Sequence[str], index: int, start: int) -> bool:
    """Return whether "to" at ``index`` announces what somebody will do: "Halden to buy Orvix"."""
    if index - start > SUBJECT_WORDS or index + 1 == len(words):
        return False
    if folded[index + 1] not in _forms().base and folded[index + 1] != "be":
        return False
    before = folded[index - 1]
    if before.endswith("ing") and len(before) > SHORTEST_VERB and words[index - 1].islower() and before not in _NOUNS:
        return False  # "staff struggling to get tests"
    if before in _FORESEEN:
        return True
    return before not in _TAKES_INFINITIVE and before[-1].isalpha() and before not in _AUXILIARIES


@cache
def _forms() -> _Forms:
    """Return the forms of the verbs in words/verbs.txt."""
    never = _words("never")
    listed = {name: _words(name) | {_british(verb) for verb in _words(name)} for name in ("verbs", "both")}
    base = listed["verbs"] | listed["both"]
    both = {_third(verb) for verb in listed["both"]}
    third = {_third(verb) for verb in listed["verbs"]} - both
    past = {_past(verb) for verb in base} | {f"{verb}{verb[-1]}ed" for verb in base if _doubles(verb)}
    past |= _words("irregular")
    return _Forms(base - never, frozenset(third) - never, frozenset(both) - never, frozenset(past) - never, never)


def _british(verb: str) -> str:
    return re.sub(r"ize$", "ise", verb)


def _third(verb: str) -> str:
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def _past(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    return f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{verb}ed"


def _doubles(verb: str) -> bool:
    return re.search(r"[^aeiou][aeiou][^aeiouwxy]$", verb) is not None
