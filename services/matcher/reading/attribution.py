"""Finds the speaker on whose word a sentence rests: by the structure of the sentence, and by fixed phrases.

A newsroom that cites itself is no speaker: it reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from schemas.items import Item
from schemas.mentions import ClaimBasis
from services.matcher.lexicon import read_table, read_yaml
from services.matcher.reading.speech.forms import (
    ACTS,
    CITED,
    FIRST,
    FoundSpeaker,
    credited_newsroom,
    is_own,
    speakers_in,
)
from services.matcher.reading.speech.sentence import REPORTS, SpokenSentence
from services.matcher.reading.speech.speakers import Speaker, described_kind, read_speaker
from services.matcher.reading.speech.vocabulary import SpeakerKind, SpeakerWords, speaker_words
from services.matcher.reading.speech.words import Word, next_mark, split_words
from services.matcher.text.normalize import fold_case, words
from services.matcher.text.phrases import PhraseMatcher

__all__ = ["AttributionFinder", "Position", "newsroom_names"]

#: The position of a sentence in an item: the title, the first sentence after it, or a later one.
Position = Literal["title", "lead", "rest"]
#: Statements, including the title, in which a speaker's office is looked for.
SETTLING_STATEMENTS = 3
#: Statements, including the title, in which people and analysts are sources; further down they comment.
SOURCE_STATEMENTS = 2
#: Words of which two sentences share so many are about one thing, and the characters by which words are compared.
SUBJECT_WORDS, STEM_CHARS = 2, 5
#: Characters before "(MA)" that may spell it out.
SPELLED_OUT_CHARS = 80

_FIRST_REPORTED = "first reported by"
_PRONOUNS = frozenset(("he", "she", "he's", "she's", "he'll", "she'll", "his", "her", "himself", "herself"))
_IN_NAMES = frozenset(("of", "and", "for", "the"))


class AttributionFinder:
    """Finds attributions in one pass over the words of a sentence."""

    def __init__(self, cues: dict[str, Any], vocabulary: SpeakerWords) -> None:
        """Build from a lexicon such as ``cues.yaml`` and the words for speakers."""
        phrases = [(cue, group) for group in ("company", "filing", "court_papers") for cue in cues[group]]
        for family in ("unnamed", "outlet"):
            phrases += [(cue, family) for cue in cues["families"][family]["cues"]]
        self._phrases = PhraseMatcher(phrases)
        self._vocabulary = vocabulary

    @classmethod
    def from_lexicon(cls) -> AttributionFinder:
        """Build from the default lexicon."""
        return cls(read_yaml("cues.yaml"), speaker_words())

    def find(
        self, text: str, folded: str, position: Position, own_names: frozenset[str] = frozenset()
    ) -> Speaker | None:
        """Return the speaker of the sentence ``text``, or None if the writer speaks for the publisher.

        ``own_names`` are the publisher's, in lower case.
        """
        groups = self._groups(folded)
        sentence = SpokenSentence(text, self._vocabulary, is_title=position == "title")
        found = [
            entry
            for entry in speakers_in(sentence, own_names, opens=position != "rest")
            if entry.announces or not is_own(entry.speaker, own_names)
        ]
        best = min(found, key=lambda entry: (entry.rank, not entry.covers, entry.at), default=None)
        return _conclude(_with_relay(best, found), groups)

    def find_all(self, statements: Sequence[tuple[Position, str]], own_names: frozenset[str]) -> list[Speaker | None]:
        """Return the speaker of each statement, up to the first that is surely known by name."""
        speakers: list[Speaker | None] = []
        known = False
        for position, text in statements:
            speaker = None if known else self.find(text, fold_case(text), position, own_names)
            known = known or (speaker is not None and speaker.name is not None and speaker.sure)
            speakers.append(speaker)
        return speakers

    def best(
        self,
        speakers: Sequence[Speaker | None],
        statements: Sequence[tuple[Position, str]],
        title: str,
        own_names: frozenset[str],
    ) -> Speaker | None:
        """Return the speaker of an item, completed by what follows further down: a name, or the kind of a bare name.

        ``title`` is the headline as it was published, with its credit.
        """
        found = [(number, speaker) for number, speaker in enumerate(speakers) if speaker is not None]
        credited = self._credited(title, own_names)
        if credited is not None:
            return credited
        texts = [text for _, text in statements]
        first = next((speaker for number, speaker in found if _is_source(number, speaker, texts)), None)
        if first is None:
            return None
        if first.name is None:
            completing = _completing(first)
            return next((other for _, other in found if other.name is not None and other.basis in completing), first)
        if first.basis in REPORTS:
            return self._first_reporter(texts[1:SETTLING_STATEMENTS], first, own_names) or first
        if first.sure:
            return first
        same = next((same for _, other in found if (same := _same(first, other))), None)
        return same or self.settle(first, [text for _, text in statements[:SETTLING_STATEMENTS]])

    def _first_reporter(self, texts: Sequence[str], relay: Speaker, own_names: frozenset[str]) -> Speaker | None:
        """Return the newsroom that ``texts`` name as the first to report what ``relay`` reports as well."""
        for text in texts:
            folded = fold_case(text)
            found = self.find(text, folded, "rest", own_names) if _FIRST_REPORTED in folded else None
            if found is not None and found.basis in REPORTS and found.name not in (None, relay.name):
                return found._replace(relayed_by=relay.name)
        return None

    def _credited(self, title: str, own_names: frozenset[str]) -> Speaker | None:
        """Return the newsroom that ``title`` credits in parentheses, unless it is the publisher."""
        credited = credited_newsroom(title, self._vocabulary)
        return None if credited is None or is_own(credited, own_names) else credited

    def settle(self, speaker: Speaker, texts: Sequence[str]) -> Speaker:
        """Return ``speaker`` with the kind that other sentences show: "Halden chief Ann Lee", for "Lee"."""
        if speaker.sure or speaker.name is None:
            return speaker
        last = split_words(speaker.name)[-1].norm
        for text in texts:
            spelled_out = self._spelled_out(speaker.name, text)
            if spelled_out is not None:
                return spelled_out
            words = split_words(text)
            for index, word in enumerate(words):
                described = self._described(words, index) if word.norm == last and word.is_capital else None
                if described is not None:
                    kind, first = described
                    full = text[words[first].start : word.end].removesuffix("'s").removesuffix("’s")
                    return Speaker.of_kind(kind, max(full, speaker.name, key=len))
        return speaker

    def _groups(self, folded: str) -> set[str]:
        """Return the groups of phrases in a sentence; "source" if it is according to unnamed people."""
        groups: set[str] = set()
        for hit in self._phrases.find(folded):
            groups.add(hit.label)
            if hit.label == "unnamed" and "according to" in folded[max(0, hit.start - 16) : hit.end]:
                groups.add("source")
        return groups

    def _described(self, words: Sequence[Word], index: int) -> tuple[SpeakerKind, int] | None:
        """Return the kind and the beginning of the name that ends at ``index``, if an office stands beside it."""
        first = index
        while first and index - first < 4 and words[first - 1].is_capital and not self._kind(words[first - 1 : first]):
            first -= 1
        kind = self._kind(words[max(0, first - 1) : first])
        if kind is None and index + 2 < len(words) and words[index + 1].text == ",":
            kind = self._kind(words[index + 2 : next_mark(words, index + 2, 8) or index + 2])
        if kind is None and any(word.norm in _PRONOUNS for word in words[index + 1 : index + 4]):
            kind = SpeakerKind("person", comments=True)
        return (kind, first) if kind is not None and kind.basis in ("person", "researcher", "court") else None

    def _kind(self, words: Sequence[Word]) -> SpeakerKind | None:
        return described_kind(words, self._vocabulary) if words else None

    def _spelled_out(self, name: str, text: str) -> Speaker | None:
        """Return ``name`` with the kind of the name that it abbreviates: "Markets Authority (MA)"."""
        at = text.find(f"({name})")
        if at < 0:
            return None
        before = text[max(0, at - SPELLED_OUT_CHARS) : at]
        words = split_words(before)
        first = len(words)
        while first and (words[first - 1].is_capital or words[first - 1].norm in _IN_NAMES):
            first -= 1
        speaker = read_speaker(words[first:], before, self._vocabulary, plain=True)
        return speaker._replace(name=name) if speaker is not None and speaker.sure else None


def _is_source(number: int, speaker: Speaker, texts: Sequence[str]) -> bool:
    """Return whether the speaker of the statement of this number states the news rather than comments on it.

    Somebody who is quoted in the first sentence states the news if the sentence is about what the title is about.
    """
    if number < SOURCE_STATEMENTS:
        return not number or not speaker.comments or _is_of_one_subject(texts[0], texts[number])
    return not speaker.comments and (speaker.basis != "researcher" or number == SOURCE_STATEMENTS)


def _is_of_one_subject(title: str, sentence: str) -> bool:
    """Return whether a sentence shares at least two longer words with a title, whatever their endings."""
    known, mine = (
        {word[:STEM_CHARS] for word in words(text) if len(word) >= STEM_CHARS - 1} for text in (title, sentence)
    )
    return len(known & mine) >= SUBJECT_WORDS


def _completing(speaker: Speaker) -> frozenset[ClaimBasis]:
    """Return the bases of which a name further down completes a speaker without a name."""
    if speaker.papers:
        return frozenset()
    if speaker.basis == "unnamed":
        return REPORTS
    return REPORTS | {"researcher"} if speaker.basis == "outlet" else frozenset((speaker.basis,))


def _same(bare: Speaker, other: Speaker) -> Speaker | None:
    """Return ``bare`` with the kind of ``other`` if that is the same speaker: Lee, Ann Lee; MA, Markets Authority."""
    if bare.name is None or other.name is None or not other.sure:
        return None
    if other.name.split()[-1] == bare.name.split()[-1]:
        return other
    initials, bare_name = [word[0] for word in other.name.split()], bare.name.replace(".", "")
    if bare_name in ("".join(initials).upper(), "".join(filter(str.isupper, initials))):
        return other._replace(name=bare.name)
    return None


def newsroom_names(item: Item) -> frozenset[str]:
    """Return the names of the publisher of ``item``, in lower case and without an article."""
    host = (item.source.host or "").lower().removeprefix("www.")
    names = {item.source.publisher or "", host, host.split(".")[-2] if "." in host else ""} | _names_of_host(host)
    return frozenset(fold_case(name).removeprefix("the ").replace(".", "") for name in names if len(name) > 1)


@cache
def _names_by_host() -> dict[str, frozenset[str]]:
    rows = read_table("publishers.csv")
    return {row["domain"]: frozenset((row["publisher"], *row["names"].split(";"))) for row in rows}


def _names_of_host(host: str) -> frozenset[str]:
    return _names_by_host().get(host, frozenset())


def _with_relay(best: FoundSpeaker | None, found: Sequence[FoundSpeaker]) -> FoundSpeaker | None:
    """Return ``best``; if it reported first, with another newsroom of those ``found``, which passes it on."""
    if best is None or best.rank != FIRST:
        return best
    names = (entry.speaker.name for entry in found if entry.rank == CITED and entry.speaker.basis in REPORTS)
    relay = next((name for name in names if name != best.speaker.name), None)
    return best._replace(speaker=best.speaker._replace(relayed_by=relay))


def _conclude(best: FoundSpeaker | None, groups: set[str]) -> Speaker | None:
    """Return the speaker of a sentence from the best that its form shows, and from its phrases."""
    speaker = best.speaker if best else None
    if speaker is not None and speaker.basis in REPORTS and speaker.name is not None:
        return speaker
    weak = best is None or best.rank == ACTS
    bare = weak or speaker is None or speaker.name is None
    if "source" in groups or ("unnamed" in groups and (bare or (speaker is not None and not speaker.sure))):
        return Speaker("unnamed")
    basis = speaker.basis if speaker is not None and not weak else "company"
    if "court_papers" in groups and basis in ("filing", "company"):
        return Speaker("court", papers=True)
    if "filing" in groups and basis in ("filing", "company"):
        return Speaker("filing", None if weak or speaker is None else speaker.name)
    if "outlet" in groups and bare:
        return Speaker("outlet")
    if "company" in groups and (speaker is None or (speaker.name is None and speaker.basis == "person")):
        return Speaker("company")
    return speaker
