"""Reads a description of a speaker: its name, and whether it is an authority, a researcher, a person, a company …

"CrowdStrike researcher Ann Lee", "the health ministry", "Halden analysts": the kind is shown by the word that heads the
description, the name by its capitals. Known newsrooms, authorities and research houses are looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.mentions import ClaimBasis
from services.matcher.reading.speech.vocabulary import SpeakerKind, SpeakerWords
from services.matcher.reading.speech.words import CONNECTORS, Word, joins_capitals

__all__ = ["Speaker", "described_kind", "read_speaker"]

#: The most words in a name.
NAME_WORDS = 8
#: The most words in a newsroom's name that is not known, and in a headline that capitalizes every word.
MEDIA_WORDS, MEDIA_WORDS_IN_TITLE = 5, 3

_INDEFINITE = frozenset(("a", "an", "another", "one", "some", "rival"))
_UNNAMED = frozenset(("unnamed", "anonymous", "unidentified"))
_JUDGES = frozenset(("judge", "judges", "justice", "justices", "chancellor", "magistrate"))
_OFFICERS = frozenset(("general", "counsel", "sheriff", "commissioner"))
_RELATIONS = frozenset(("family", "lawyer", "attorney", "wife", "husband", "mother", "father"))


class Speaker(NamedTuple):
    """A kind of speaker, and the name as it is written in the text.

    ``sure`` is False if only capitals show the kind. ``comments``: a person or analyst, whose word further down in a
    text is a comment on the news. ``papers``: a document filed with a court, not the court. ``relayed_by``: the
    newsroom that is named too and only passes on what this one reported first.
    """

    basis: ClaimBasis
    name: str | None = None
    sure: bool = True
    comments: bool = False
    papers: bool = False
    relayed_by: str | None = None

    @classmethod
    def of_kind(cls, kind: SpeakerKind, name: str | None = None) -> Speaker:
        """Return a speaker of ``kind``."""
        return cls(kind.basis, name, comments=kind.comments, papers=kind.papers)


def read_speaker(words: Sequence[Word], text: str, vocabulary: SpeakerWords, *, plain: bool) -> Speaker | None:
    """Return the speaker that ``words`` of ``text`` describe, or None if they describe none.

    ``plain``: capitals show names, as they do not in a headline that capitalizes every word.
    """
    opening = words[0].norm if words else ""
    words = _without_determiners(words, vocabulary)
    if not words:
        return None
    if words[0].norm in _UNNAMED:
        return Speaker("unnamed")
    head, rest = _split(words, vocabulary)
    if not head:
        return None
    named = vocabulary.lookup(head)
    if named is not None:
        name = _written(text, head)
        return Speaker(named, name, comments=vocabulary.is_house(name))
    at, kind = vocabulary.kind_of(head)
    description = _Description(vocabulary, text, head, rest, plain)
    if kind is None:
        infinitive = bool(rest) and rest[0].norm == "to"  # "Halden to review rules"
        return None if infinitive else description.by_capitals()
    speaker = description.by_kind(kind, at)
    if speaker == Speaker("company"):
        if opening in _INDEFINITE or head[at].norm not in vocabulary.kinds:
            return None  # "a firm said", "manufacturers said": not the company
        if head[at].norm == "group" and opening != "the":
            return Speaker("person", comments=True)
    return speaker


def described_kind(words: Sequence[Word], vocabulary: SpeakerWords) -> SpeakerKind | None:
    """Return the kind that a description without a name shows: "an analyst at Halden"."""
    words = _without_determiners(words, vocabulary)
    head, rest = _split(words, vocabulary)
    if not head or vocabulary.lookup(head) is not None:
        return None
    if head[-1].norm == "leader" and rest and rest[0].norm in ("in", "of"):
        return SpeakerKind("company")  # "a leader in software"
    head = head[: next((i for i, word in enumerate(head) if word.norm in ("of", "for")), None)]
    at, kind = vocabulary.kind_of(head)
    return kind if kind is not None and at == len(head) - 1 else None


def _without_determiners(words: Sequence[Word], vocabulary: SpeakerWords) -> Sequence[Word]:
    first = 0
    while first < len(words) and (words[first].norm in vocabulary.determiners or words[first].norm.isdigit()):
        if words[first].norm.isdigit() and first + 1 < len(words) and words[first + 1].is_capital:
            break  # "24 Horas"
        first += 1
    if first and first < len(words) and words[first].norm == "of":
        first += 1  # "hundreds of drivers"
    return words[first:]


def _split(words: Sequence[Word], vocabulary: SpeakerWords) -> tuple[Sequence[Word], Sequence[Word]]:
    """Return what comes before the first preposition that is not part of a name, and the rest."""
    for index, word in enumerate(words):
        if word.norm not in vocabulary.prepositions or word.text[0].isupper():
            continue
        if word.norm in ("of", "for") and index and words[index - 1].is_capital and joins_capitals(words, index):
            continue
        return words[:index], words[index:]
    return words, ()


def _written(text: str, words: Sequence[Word]) -> str:
    """Return ``words`` as written, without a possessive ending and without a parenthesis between them."""
    name = text[words[0].start : words[-1].end]
    if "(" in name:
        name = " ".join(word.text for word in words)
    return name.removesuffix("'s").removesuffix("’s")


def _without_class(run: Sequence[Word], vocabulary: SpeakerWords) -> Sequence[Word]:
    """Return a name in a headline that capitalizes every word, without words that only say what bears it.

    "Crypto Exchange Orvix" is Orvix. A name of ordinary words alone ("General Motors") is left whole, and so is one
    that only begins with a describing word ("Market Whisper").
    """
    bearers = vocabulary.classes | vocabulary.kinds.keys()
    described = [word.norm in vocabulary.modifiers or word.norm in bearers for word in run[:-1]]
    first = next((index + 1 for index in reversed(range(len(described))) if run[index].norm in bearers), 0)
    if not all(known or vocabulary.is_ordinary(word) for known, word in zip(described, run[:first], strict=False)):
        return run
    return run[first:] if any(not vocabulary.is_ordinary(word) for word in run[first:]) else run


class _Description(NamedTuple):
    """A description of a speaker: the words before the first preposition, and the rest."""

    vocabulary: SpeakerWords
    text: str
    head: Sequence[Word]
    rest: Sequence[Word]
    plain: bool

    def by_capitals(self) -> Speaker | None:
        """Return the speaker with a plain name: "Ann Lee", "Halden Energy", "billionaire Ann Lee"."""
        vocabulary = self.vocabulary
        run = self._trailing_name(self.head)
        lower = len(self.head) - len(run)
        if not run or lower > 3 or any(word.is_capital for word in self.head[:lower]):
            return None
        if any(map(vocabulary.is_never_name, run)):
            return None
        if not self.plain and vocabulary.lookup(run) is None:
            run = _without_class(run, vocabulary)
        name = self.text[run[0].start : run[-1].end]  # with the ending of "McDonald's"
        named = vocabulary.lookup(run)
        if named is not None:
            return Speaker(named, name)
        most = MEDIA_WORDS if self.plain else MEDIA_WORDS_IN_TITLE
        if 1 < len(run) <= most and run[-1].norm in vocabulary.media_words:
            return Speaker("outlet", name)
        owner = next((i for i, word in enumerate(run[:-1], 1) if word.is_possessive), None)
        if owner is not None and owner <= 3 and len(run) - owner <= 3 and not vocabulary.is_ordinary(run[-1]):
            house = vocabulary.lookup(run[:owner]) == "researcher"  # "Halden's Ann Lee"
            return Speaker("researcher" if house else "person", _written(self.text, run[owner:]), comments=True)
        if (1 < len(run) <= 4 and run[0].norm in vocabulary.given_names) or (
            len(run) == 1 and run[0].norm in vocabulary.surnames
        ):
            return Speaker("person", name, comments=True)
        if len(run) == 1 and run[0].norm.endswith("s") and run[0].norm[:-1] in vocabulary.ordinary:
            return None  # "Drivers say"
        return Speaker("company", name, sure=False)

    def by_kind(self, kind: SpeakerKind, at: int) -> Speaker | None:
        """Return the speaker whose ``kind`` is shown by the word at ``at``."""
        before, after = self.head[:at], self.head[at + 1 :]
        named = self._is_name(after)
        if after and not named and after[0].norm not in ("of", "for"):
            return None  # "bank shares", "court session": the word only describes another
        if kind.papers or (kind.basis == "filing" and any(word.norm in ("court", "bankruptcy") for word in before)):
            return Speaker("court", papers=True)
        if kind.basis in ("regulator", "court"):
            return self._authority(kind, at)
        if kind.basis in ("unnamed", "filing"):
            return Speaker(kind.basis)
        if named and not self.plain and len(after) == 1 and self._may_be_verb(after[0]):
            return None  # "Halden Investors Explain"
        if named:
            known = self.vocabulary.lookup(after)
            name = _written(self.text, after)
            return Speaker(known, name) if known else Speaker.of_kind(kind, name)
        paired = bool(before) and (before[-1].norm, self.head[at].norm) in self.vocabulary.pairs
        owner = self._owner(before[:-1] if paired else before, kind)
        if kind.basis == "person":
            return Speaker.of_kind(kind, self._office(at, owner))
        if kind.basis == "outlet":
            return self._report(owner)
        if kind.basis == "researcher":
            return self._research(kind, at, owner)
        if owner and self.head[at].is_capital and not paired and not self.head[at].norm.startswith("spokes"):
            return self.by_capitals()  # "Halden Bank"
        return self._company(kind, at, owner)

    def _may_be_verb(self, word: Word) -> bool:
        return word.norm in self.vocabulary.verbs or word.norm in self.vocabulary.acts

    def _authority(self, kind: SpeakerKind, at: int) -> Speaker:
        """Return an authority by its full name: "Paris court", "Department of Health"; a judge by their own."""
        head, after, vocabulary = self.head, self.head[at + 1 :], self.vocabulary
        if head[at].norm in _JUDGES:
            return Speaker.of_kind(kind, _written(self.text, after) if self._is_name(after) else None)
        if after and after[0].norm in ("of", "for") and head[at].is_capital:
            return Speaker.of_kind(kind, _written(self.text, head[self._first_capital(at) :]))
        if after:
            person = head[at].norm in _OFFICERS
            return Speaker("person" if person else kind.basis, _written(self.text, after), comments=person)
        proper = self.plain or (at > 0 and (head[at - 1].norm, head[at].norm) in vocabulary.pairs)
        if at and head[at].is_capital and proper and head[at - 1].is_capital:
            return Speaker.of_kind(kind, _written(self.text, head[self._first_capital(at) : at + 1]))
        plain = vocabulary.modifiers | vocabulary.never_names
        start = next((i for i, word in enumerate(head[:at]) if word.is_capital and word.norm not in plain), None)
        return Speaker.of_kind(kind, None if start is None else _written(self.text, head[start : at + 1]))

    def _first_capital(self, at: int) -> int:
        """Return where the capitalized words begin that end at ``at``."""
        while at and self.head[at - 1].is_capital and self.head[at - 1].norm not in self.vocabulary.stops:
            at -= 1
        return at

    def _office(self, at: int, owner: Sequence[Word]) -> str | None:
        """Return the name of an office without a person's name: "Halden CEO", "CEO of Halden"."""
        if owner:
            start = next(i for i, word in enumerate(self.head) if word is owner[0])
            return _written(self.text, self.head[start : at + 1])
        within = self._within([*self.head[at + 1 :], *self.rest], ("of",))
        if within and self.head[at].norm not in _RELATIONS:
            return self.text[self.head[at].start : within[-1].end]
        return None

    def _report(self, owner: Sequence[Word]) -> Speaker:
        """Return the newsroom or institute behind "a … report"."""
        author = owner or self._within(self.rest, ("from", "by", "in"))
        both = next((i for i, word in enumerate(author) if word.norm == "and"), None)
        known = self.vocabulary.lookup(author) or self.vocabulary.lookup(author[:both])
        if not author or (not self.plain and known is None):
            return Speaker("outlet")
        if known is None and author[-1].is_possessive:
            return Speaker("company", _written(self.text, author), sure=False)  # "Halden's annual report"
        if known is None and len(author) > 1 and author[-1].norm in self.vocabulary.media_words:
            known = "outlet"
        return Speaker(known or "researcher", _written(self.text, author))

    def _research(self, kind: SpeakerKind, at: int, owner: Sequence[Word]) -> Speaker:
        """Return the people or the institute behind research: "Halden University researchers", "data from Halden"."""
        figures = self.head[at].norm in self.vocabulary.figures
        within = self._within(self.rest, ("at", "from", "by", "of", "for"))
        author = (within or owner) if figures else (owner or within)
        if not author:
            return Speaker.of_kind(kind)
        name = _written(self.text, author)
        if figures:
            _, authority = self.vocabulary.kind_of(author[-1:])
            known = self.vocabulary.lookup(author) or (authority.basis if authority else None)
            return Speaker(known or kind.basis, name, sure=known is not None or bool(within))
        return Speaker.of_kind(kind, name)

    def _company(self, kind: SpeakerKind, at: int, owner: Sequence[Word]) -> Speaker:
        """Return the company that a spokesperson speaks for, or "the company"."""
        if not self.head[at].norm.startswith("spokes"):
            return Speaker.of_kind(kind)
        speaks_for = owner or self._within(self.rest, ("for", "at"))
        if not speaks_for:
            return Speaker.of_kind(kind)
        known = self.vocabulary.lookup(speaks_for)
        return Speaker(known if known in ("regulator", "court") else kind.basis, _written(self.text, speaks_for))

    def _owner(self, before: Sequence[Word], kind: SpeakerKind) -> Sequence[Word]:
        """Return the name in front of the word that shows the kind: "Halden Energy" in "Halden Energy analysts"."""
        vocabulary, person = self.vocabulary, kind.basis == "person"
        end = len(before)
        while end and (vocabulary.is_plain(before[end - 1]) or not before[end - 1].is_capital):
            if person and not vocabulary.is_plain(before[end - 1]):
                return ()  # "liquor store owner"
            if person and before[end - 1].norm in vocabulary.nationalities:
                break
            end -= 1
        run = self._trailing_name(before[:end])
        run = run[max((i for i, word in enumerate(run, 1) if vocabulary.is_never_name(word)), default=0) :]
        if not run or (not self.plain and len(run) > 4):
            return ()
        return () if not person and all(map(vocabulary.is_plain, run)) else run

    def _within(self, rest: Sequence[Word], prepositions: tuple[str, ...]) -> Sequence[Word]:
        """Return the name after one of ``prepositions``: "Halden University" in "at Halden University in Oslo"."""
        vocabulary = self.vocabulary
        for index, word in enumerate(rest):
            if word.norm not in prepositions:
                continue
            first = index + 1
            while first < len(rest) and not rest[first].is_capital and rest[first].norm not in vocabulary.prepositions:
                first += 1
            last = first
            while last < len(rest) and (
                rest[last].is_capital
                or (last > first and rest[last].text.isdigit())
                or (rest[last].norm in CONNECTORS and joins_capitals(rest, last))
            ):
                last += 1
            run = rest[first:last]
            while run and run[0].norm in vocabulary.determiners:
                run = run[1:]
            plain = all(map(vocabulary.is_plain, run)) and (not run or run[-1].norm not in vocabulary.kinds)
            if run and len(run) <= NAME_WORDS and not plain:
                return run
        return ()

    def _trailing_name(self, words: Sequence[Word]) -> Sequence[Word]:
        """Return the capitalized words at the end, with "of", "and" … between them."""
        start = len(words)
        while start:
            word = words[start - 1]
            joins = word.norm in CONNECTORS and start < len(words) and start > 1 and words[start - 2].is_capital
            if not word.is_capital and not joins:
                break
            start -= 1
        run = words[start:]
        while run and run[0].norm in self.vocabulary.determiners:
            run = run[1:]
        return run if len(run) <= NAME_WORDS else ()

    def _is_name(self, words: Sequence[Word]) -> bool:
        return (
            0 < len(words) <= NAME_WORDS
            and words[0].is_capital
            and all(word.is_capital or word.norm in CONNECTORS for word in words)
            and not any(map(self.vocabulary.is_never_name, words))
        )
