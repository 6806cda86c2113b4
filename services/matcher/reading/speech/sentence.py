"""A sentence in which speakers are looked for: who stands before a verb of saying, who after it.

Every step looks at a bounded number of words, so that the time grows with the length of the sentence only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from schemas.mentions import ClaimBasis
from services.matcher.reading.speech.speakers import Speaker, described_kind, read_speaker
from services.matcher.reading.speech.vocabulary import SpeakerWords
from services.matcher.reading.speech.words import Word, next_mark, quoted_words, split_words

__all__ = ["REPORTS", "SpokenSentence"]

#: The bases that name a newsroom.
REPORTS: frozenset[ClaimBasis] = frozenset(("outlet", "wire"))
#: The most words between two commas that describe the speaker before them.
APPOSITION_WORDS = 20
#: The most words of a description.
DESCRIPTION_WORDS = 18
#: The most words of a name that begins a sentence.
LEADING_WORDS = 5
#: From this share of capitalized words on, a headline capitalizes every word; short words may be small.
TITLE_CASE = 0.75
SHORT_WORD = 3

_OPENING_QUOTES = frozenset("“‘")
_IN_NAMES = frozenset("&/")


def _paper_names(words: list[Word], vocabulary: SpeakerWords) -> list[Word]:
    """Return ``words`` with what names no time in a paper's name, as in "Oslo Morning Herald", written as it stands."""
    for index, (word, following) in enumerate(pairwise(words)):
        in_name = word.is_capital and following.is_capital and following.norm in vocabulary.media_words
        if in_name and word.norm in vocabulary.times:
            words[index] = word._replace(norm=word.text)
    return words


class SpokenSentence:
    """One sentence, its words and its capitals. Methods take and return the positions of words."""

    def __init__(self, text: str, vocabulary: SpeakerWords, *, is_title: bool) -> None:
        self.text, self.vocabulary, self.is_title = text, vocabulary, is_title
        self.words = _paper_names(split_words(text), vocabulary)
        capitals = sum(word.is_capital for word in self.words)
        counted = sum(word.is_word and len(word.text) > SHORT_WORD for word in self.words)
        #: Whether capitals show names, as they do not in a headline that capitalizes every word.
        self.plain = not is_title or capitals < TITLE_CASE * max(counted, 1)
        self.quoted = quoted_words(self.words)
        mark = next((i for i in range(min(4, len(self.words))) if self.words[i].text == ":"), None)
        #: Where the sentence begins after a label such as "Live:".
        self.start = mark + 1 if mark is not None and self.words[0].norm in vocabulary.labels else 0

    def read(self, words: Sequence[Word]) -> Speaker | None:
        """Return the speaker that some of the words describe."""
        return read_speaker(words, self.text, self.vocabulary, plain=self.plain)

    def norm(self, index: int) -> str:
        """Return the word at ``index`` in normal form, or nothing outside the sentence."""
        return self.words[index].norm if 0 <= index < len(self.words) else ""

    def is_stop(self, index: int) -> bool:
        """Return whether a description ends before the word; "US", "WHO" and "Theresa May" go on."""
        word = self.words[index]
        if word.norm not in self.vocabulary.stops or (word.text.isupper() and len(word.text) > 1):
            return False
        return not (self.plain and word.is_capital and index > 0 and self.words[index - 1].is_capital)

    def description(self, start: int) -> tuple[Sequence[Word], int]:
        """Return the words from ``start`` on that describe a speaker, and where they end."""
        words, vocabulary = self.words, self.vocabulary
        while self.norm(start) in vocabulary.times:
            start += 1
        end = start
        while end < len(words) and end - start < DESCRIPTION_WORDS and not self._ends_description(start, end):
            if words[end].norm in vocabulary.times:
                ahead = next((i for i in (end + 1, end + 2) if self.norm(i) in ("by", "from")), None)
                if ahead is None:
                    break
                end = ahead  # "published last week by Halden"
            end += 1
        return words[start:end], end

    def _ends_description(self, start: int, end: int) -> bool:
        word, vocabulary = self.words[end], self.vocabulary
        if not word.is_word:
            return word.text not in _IN_NAMES
        if self.is_stop(end) or (word.norm in vocabulary.says and end > start and not word.is_capital):
            return True
        if word.norm == "and":
            return not self._joins_names(end)
        if word.norm in vocabulary.time_leads:
            following = self.norm(end + 1)
            return following in ("a", "an", "late", "early") or (
                following in vocabulary.times and word.norm in ("on", "in", "since")
            )
        return False

    def _joins_names(self, index: int) -> bool:
        """Return whether "and" stands in a name or between two: "Johnson and Johnson", "president and CEO Ann Lee"."""
        words = self.words
        if not 0 < index < len(words) - 1 or not words[index + 1].is_capital:
            return False
        return words[index - 1].is_capital or words[index - 1].norm in self.vocabulary.kinds

    def after_verb(self, verb: int) -> Speaker | None:
        """Return X of "… , said X"."""
        words, vocabulary = self.words, self.vocabulary
        if not verb or words[verb - 1].text in (":", ".") or words[verb].norm not in vocabulary.inverts:
            return None
        description, end = self.description(verb + 1)
        if not description or (end < len(words) and words[end].text in _OPENING_QUOTES):
            return None
        if words[verb - 1].is_word:
            # "Vans to win says analyst"
            closes = self.is_title and end == len(words) and words[verb].norm in ("says", "say")
            speaker = self.read(description) if closes else None
            return speaker if speaker is not None and speaker.sure else None
        closing = (
            self.norm(end) == "as" or self.norm(end) in vocabulary.times or self.norm(end) in vocabulary.time_leads
        )
        if end < len(words) and words[end].is_word and not closing:
            return None  # "said Halden would"
        speaker = self.with_apposition(self.read(description), end)
        if speaker is not None and not speaker.sure and vocabulary.looks_like_person(description):
            return speaker._replace(basis="person", comments=True)  # "…, says Ann Lindqvist"
        return speaker

    def with_apposition(self, speaker: Speaker | None, end: int) -> Speaker | None:
        """Return ``speaker`` with the kind that follows at ``end``: "…, an analyst at Halden"."""
        if speaker is None or (speaker.sure and speaker.basis != "person") or self.norm(end) != ",":
            return speaker
        stop = next_mark(self.words, end + 1, 9)
        return self._of_kind(speaker, self.words[end + 1 : stop]) if stop else speaker

    def _of_kind(self, speaker: Speaker, apposition: Sequence[Word]) -> Speaker:
        kind = described_kind(apposition, self.vocabulary)
        if kind is None or kind.basis in ("unnamed", "filing"):
            return speaker
        return Speaker.of_kind(kind, speaker.name)

    def before_verb(self, verb: int, *, leading: bool = False) -> Speaker | None:
        """Return X of "X said", "X, the head of Y, said", "X on Tuesday said".

        With ``leading``, return X of "X does it, and says …" too.
        """
        words = self.words
        last = self.before_adverbs(verb - 1)
        apposition: Sequence[Word] = ()
        if last > 0 and words[last].text == ",":
            mark = next(
                (i for i in range(last - 1, max(-1, last - APPOSITION_WORDS), -1) if not words[i].is_word), None
            )
            if mark is None or words[mark].text != ",":
                return self._leading_name() if leading else None
            between = words[mark + 1 : last]
            if 0 < len(between) <= LEADING_WORDS and all(word.is_capital for word in between):
                last -= 1
            else:
                apposition, last = between, self._before_list(mark - 1)
        if last < 0 or not words[last].is_word:
            return None
        if words[last].norm in ("and", "but"):
            return self._leading_name() if leading else None
        return self._ending_at(last, apposition)

    def _ending_at(self, last: int, apposition: Sequence[Word]) -> Speaker | None:
        """Return the speaker whose description ends at ``last``, unless it is the subject of a background clause."""
        words = self.words
        first = last + 1
        while first and last - first < DESCRIPTION_WORDS:
            word = words[first - 1]
            if not (word.is_word or word.text in _IN_NAMES) or self.is_stop(first - 1):
                break
            if word.norm == "and" and not self._joins_names(first - 1):
                break
            first -= 1
        speaker = self._read_subject(words[first : last + 1])
        if speaker is None:
            return None
        if not speaker.sure and apposition:
            speaker = self._of_kind(speaker, apposition)
        introduced = self.norm(first - 1)
        if introduced in self.vocabulary.background and speaker.basis not in REPORTS:
            return None  # "Halden falls after its rival said …"
        listed = introduced in ("and", "but", "or") and (speaker.name is None or words[first - 2].text == ",")
        return None if listed else speaker  # "…, and analysts expect", "on Fennimore, Quillon, and Selva have claimed"

    def _read_subject(self, subject: Sequence[Word]) -> Speaker | None:
        if subject and subject[0].norm in self.vocabulary.prepositions:
            # "In a statement the company said"
            start = next((i for i in range(len(subject) - 1, 0, -1) if subject[i].norm in ("the", "a", "an")), None)
            subject = subject[start:] if start else ()
        return self.read(subject) if subject else None

    def _before_list(self, last: int) -> int:
        """Return the end of the name before a description with commas: "Halden, the grid, gas and oil firm, said"."""
        words = self.words
        for _ in range(2):
            mark = next((i for i in range(last, max(-1, last - APPOSITION_WORDS), -1) if not words[i].is_word), None)
            if mark is None or words[mark].text != "," or words[mark + 1].is_capital:
                break
            last = mark - 1
        return last

    def _leading_name(self) -> Speaker | None:
        """Return the subject that begins the sentence: "Halden closes its plant, and says …"."""
        words, start = self.words, self.start
        if not self.is_title and any(word.text == "," for word in words[start : start + 4]):
            return None  # "OSLO, March 3, 2026 - …"
        end = start
        while end < len(words) and words[end].is_capital and end - start < LEADING_WORDS:
            end += 1
        if start < end < len(words) and words[end - 1].is_possessive:
            end += words[end].norm in self.vocabulary.kinds  # "Lee's lawyer"
        if self.plain or end == len(words) or words[end].text == ",":
            return self.read(words[start:end])
        end = start + (2 if words[start].norm in self.vocabulary.given_names else 1)
        speaker = self.read(words[start:end])
        return speaker if speaker is not None and speaker.sure else None

    def before_adverbs(self, index: int) -> int:
        """Return the last word up to ``index`` that is no adverb and no time: "Halden" in "Halden on Tuesday also"."""
        words, vocabulary = self.words, self.vocabulary
        while index >= 0:
            norm = words[index].norm
            adverb = norm in vocabulary.adverbs or (norm.endswith("ly") and not words[index].is_capital)
            following = self.norm(index + 1)
            lead = norm in vocabulary.time_leads and (
                following in vocabulary.times or following in vocabulary.time_leads
            )
            if not adverb and not lead and norm not in vocabulary.times:
                break
            index -= 1
        return index
