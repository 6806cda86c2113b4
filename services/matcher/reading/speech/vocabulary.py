"""The words by which speakers are recognized, from ``lexicon/speakers.yaml`` and the lists of newsrooms and houses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from schemas.mentions import ClaimBasis
from services.matcher.lexicon import read_table, read_yaml
from services.matcher.reading.speech.words import CONNECTORS, Word
from services.matcher.text.normalize import words as norm_words
from services.matcher.text.word_lists import WordLists, word_lists

__all__ = ["SpeakerKind", "SpeakerWords", "speaker_words"]

#: The most words of a name that is looked up.
LONGEST_KNOWN = 7
#: The kinds of publishers that a speaker can be.
_BASIS_OF: dict[str, ClaimBasis] = {
    "regulator": "regulator",
    "wire": "wire",
    "news": "outlet",
    "trade": "outlet",
    "blog": "outlet",
    "satire": "outlet",
    "aggregator": "outlet",
    "company": "company",
}


class SpeakerKind(NamedTuple):
    """A kind of speaker. ``comments``: a person or analyst; ``papers``: a document filed with a court."""

    basis: ClaimBasis
    comments: bool = False
    papers: bool = False


#: Sections of ``kinds`` that are finer than the bases.
_KINDS = {
    "analyst": SpeakerKind("researcher", comments=True),
    "papers": SpeakerKind("court", papers=True),
    "person": SpeakerKind("person", comments=True),
}


@dataclass(frozen=True)
class SpeakerWords:
    """Word sets, named as in ``lexicon/speakers.yaml``.

    ``known`` are whole names, ``kinds`` words that head a description, ``verbs`` all that may be a verb of saying.
    """

    known: dict[str, ClaimBasis]
    kinds: dict[str, SpeakerKind]
    pairs: dict[tuple[str, str], SpeakerKind]
    verbs: frozenset[str]
    says: frozenset[str]
    says_of_several: frozenset[str]
    noun_markers: frozenset[str]
    says_pairs: frozenset[tuple[str, str]]
    finds: frozenset[str]
    reports: frozenset[str]
    acts: frozenset[str]
    inverts: frozenset[str]
    own_affairs: frozenset[str]
    calls: frozenset[str]
    claims_made: frozenset[str]
    denied_objects: frozenset[str]
    retracts: frozenset[str]
    retracted_objects: frozenset[str]
    adverbs: frozenset[str]
    times: frozenset[str]
    time_leads: frozenset[str]
    stops: frozenset[str]
    background: frozenset[str]
    labels: frozenset[str]
    prepositions: frozenset[str]
    determiners: frozenset[str]
    modifiers: frozenset[str]
    nationalities: frozenset[str]
    media_words: frozenset[str]
    figures: frozenset[str]
    never_names: frozenset[str]
    given_names: frozenset[str]
    surnames: frozenset[str]
    ordinary: frozenset[str]
    classes: frozenset[str]

    def lookup(self, words: Sequence[Word]) -> ClaimBasis | None:
        """Return the kind of a speaker that is known by its whole name, with or without a nationality before it."""
        if not words or len(words) > LONGEST_KNOWN or not any(word.is_capital for word in words):
            return None
        name = " ".join(word.norm for word in words).lower()
        if name in self.never_names and not words[0].text.isupper():
            return None  # "who" is not the WHO
        names = [name, " ".join(norm_words(name))]
        if len(words) > 1 and words[0].norm in self.nationalities:
            names.append(" ".join(word.norm for word in words[1:]))
        return next((self.known[name] for name in names if name in self.known), None)

    def is_house(self, name: str | None) -> bool:
        """Return whether ``name`` is a bank or research house."""
        return name is not None and self.known.get(" ".join(norm_words(name))) == "researcher"

    def kind_of(self, words: Sequence[Word]) -> tuple[int, SpeakerKind | None]:
        """Return the position and kind of the last of ``words`` that shows a kind, or -1 and None."""
        for index in range(len(words) - 1, -1, -1):
            norm = words[index].norm
            if words[index].text in CONNECTORS:
                continue
            if index and (kind := self.pairs.get((words[index - 1].norm, norm))):
                return index, kind
            if kind := self.kinds.get(norm) or self.kinds.get(norm.removesuffix("s")):
                return index, kind
            if norm.endswith(("ologist", "ologists")):
                return index, SpeakerKind("researcher")
        return -1, None

    def is_plain(self, word: Word) -> bool:
        """Return whether ``word`` only describes, in front of a word that shows a kind."""
        return word.norm in self.modifiers or word.norm in self.nationalities or word.norm in self.never_names

    def is_never_name(self, word: Word) -> bool:
        """Return whether ``word`` is no part of a name, however it is written."""
        return word.norm in self.never_names and word.norm not in CONNECTORS and not word.text.isupper()

    def is_ordinary(self, word: Word) -> bool:
        """Return whether ``word`` is an English word, or one that names of companies and newsrooms have."""
        return word.norm in self.ordinary or word.norm in self.kinds or word.norm in self.media_words

    def looks_like_person(self, words: Sequence[Word]) -> bool:
        """Return whether two or three words could be a person's name: "Ann Lindqvist", but not "Sable Ridge"."""
        return 2 <= len(words) <= 3 and all(
            word.text[0].isupper() and not word.text.isupper() and not self.is_ordinary(word) for word in words
        )


@cache
def speaker_words() -> SpeakerWords:
    """Return the default words."""
    lexicon, lists = read_yaml("speakers.yaml"), word_lists()
    kinds: dict[str, SpeakerKind] = {}
    for section, listed in lexicon["kinds"].items():
        kinds.update(dict.fromkeys(listed.split(), _kind(section)))
    pairs: dict[tuple[str, str], SpeakerKind] = {}
    for section, phrases in lexicon["pairs"].items():
        pairs.update(dict.fromkeys(map(_pair, phrases), _kind(section)))
    sets = {name: frozenset(lexicon[name].split()) for name in _SETS}
    says_pairs = frozenset(map(_pair, lexicon["says_pairs"]))
    verbs = sets["says"].union(
        *(sets[name] for name in ("finds", "reports", "calls", "inverts")), (first for first, _ in says_pairs)
    )
    never_names = lists.function_words.union(
        *(sets[name] for name in ("stops", "times", "labels", "adverbs")), lexicon["nobody"].split()
    )
    return SpeakerWords(
        known=_known_names(lexicon, lists),
        kinds=kinds,
        pairs=pairs,
        verbs=verbs,
        says_pairs=says_pairs,
        never_names=never_names,
        given_names=lists.given_names.union(lexicon["given_names"].split()),
        ordinary=lists.common_words | lists.goods,
        **sets,
    )


_SETS = (
    *(
        "says",
        "says_of_several",
        "noun_markers",
        "finds",
        "reports",
        "acts",
        "inverts",
        "own_affairs",
        "calls",
        "claims_made",
        "denied_objects",
    ),
    *("retracts", "retracted_objects", "adverbs", "times", "time_leads", "stops", "background", "labels"),
    *("prepositions", "determiners", "modifiers", "nationalities", "media_words", "figures", "surnames", "classes"),
)


def _kind(section: str) -> SpeakerKind:
    return _KINDS.get(section) or SpeakerKind(section)  # type: ignore[arg-type]


def _pair(phrase: str) -> tuple[str, str]:
    first, _, second = phrase.partition(" ")
    return first, second


def _known_names(lexicon: dict[str, Any], lists: WordLists) -> dict[str, ClaimBasis]:
    """Return the kinds of newsrooms, authorities and research houses by name."""
    known: dict[str, ClaimBasis] = dict.fromkeys(lists.research, "researcher")
    known.update(dict.fromkeys(_names(lexicon["research_houses"]), "researcher"))
    known.update(dict.fromkeys(lists.institutions, "regulator"))
    known.update(dict.fromkeys(_names(lexicon["authorities"]), "regulator"))
    known.update(dict.fromkeys(lists.media, "outlet"))
    for row in read_table("publishers.csv"):
        basis = "court" if "court" in row["publisher"].lower() else _BASIS_OF.get(row["kind"])
        if basis is None:
            continue
        names = [name for name in row["names"].split(";") if name]
        if len(norm_words(row["publisher"])) > 1 or row["publisher"].lower() not in lists.common_words:
            names.append(row["publisher"].lower())
        names += [" ".join(norm_words(name)) for name in names]
        known.update(dict.fromkeys((name for name in names if basis != "company" or name not in known), basis))
    return {name.removeprefix("the "): basis for name, basis in known.items() if name != "inc"}


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(";")]
