"""The forms in which news names its speaker: "X said", "according to X", "X reported", "…: X", "X: …" and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from services.matcher.reading.speech.sentence import REPORTS, SpokenSentence
from services.matcher.reading.speech.speakers import Speaker, described_kind
from services.matcher.reading.speech.verbs import reports_news, verb_at
from services.matcher.reading.speech.vocabulary import SpeakerWords
from services.matcher.reading.speech.words import Word, split_words
from services.matcher.text.normalize import fold_case

__all__ = ["ACTS", "CITED", "FIRST", "FoundSpeaker", "credited_newsroom", "is_own", "speakers_in"]

#: The ranks of the forms, from the firmest: a newsroom that others cite as the first, one that is cited, one that was
#: told, a speaker, "X: news", somebody who only acts.
FIRST, CITED, TOLD, SAID, OPENED, ACTS = range(6)
#: The fewest words of the news in "news: speaker".
NEWS_WORDS = 3
#: The most words before "X: news", and in "news: X".
OPENING_WORDS, CLOSING_WORDS = 8, 6
#: The first words of a sentence in which somebody acts, or of a headline in which a newsroom withdraws a report.
ACTING_WORDS = 10
#: The first words of a sentence in which a report is named that it passes on.
OPENING_REPORT = 5
#: Characters of a headline that may end with a credit.
CREDIT_CHARS = 80

_AUTHORITIES = frozenset(("regulator", "court"))
#: Who finds and shows, where a company would only say.
_FINDERS = frozenset(("researcher", "court", "regulator", "filing", "outlet"))
_QUOTES = frozenset("\"“”'‘’")
_DASHES = frozenset("-–—")
_STARTS_SPEECH = frozenset(("we", "our", "no", "there", "i"))
_QUESTIONS = frozenset(("how", "why", "what", "who", "when"))
#: Words after a speaker's name: "FTC warning: …", "… - Authority ruling".
_OPENING_LABELS = frozenset(("warning", "statement", "poll"))
_CLOSING_LABELS = frozenset(("ruling", "warning", "says", "reports"))
_STUDIES = frozenset(("report", "study", "survey"))
_QUOTES_REPORT = frozenset(("quotes", "quoting", "cites", "shares"))
_CITES = frozenset(("citing", "cites", "cited"))
_REPORTS_OF = frozenset(("report", "story", "article"))
#: What follows the newsroom whose report begins a sentence, before the news.
_OPENS_NEWS = frozenset((":", "says", "said", "claims", "claimed", "that"))
#: Researchers who begin a sentence have found something; the others begin it as a topic too.
_TOPICS = frozenset(("experts", "estimates", "figures", "surveys", "polls", "studies"))


class FoundSpeaker(NamedTuple):
    """A speaker found at word ``at``. The lowest ``rank`` counts, then who covers the whole sentence, then the first.

    ``announces``: by the verb "announce", which newsrooms do not use of themselves.
    """

    speaker: Speaker
    at: int
    rank: int = SAID
    covers: bool = False
    announces: bool = False


def speakers_in(sentence: SpokenSentence, own_names: frozenset[str], *, opens: bool) -> Iterator[FoundSpeaker]:
    """Yield the speakers that the forms of ``sentence`` show; ``opens``: it is the title or the first sentence."""
    yield from _named_sources(sentence)
    yield from _first_reporters(sentence)
    yield from _beside_verbs(sentence)
    if opens:
        yield from _opening_authority(sentence)
        yield from _opening_researchers(sentence)
        yield from _opening(sentence)
    if sentence.is_title:
        yield from _retractions(sentence)
        yield from _closing(sentence, own_names)


def is_own(speaker: Speaker, own_names: frozenset[str]) -> bool:
    """Return whether a newsroom with one of ``own_names`` cites itself."""
    if speaker.name is None or (speaker.basis not in REPORTS and speaker.sure):
        return False
    name = fold_case(speaker.name).removeprefix("the ").replace(".", "")
    spellings = (name, name.replace(" ", ""))
    return any(own in spellings or name.startswith(f"{own} ") or own.startswith(f"{name} ") for own in own_names)


def credited_newsroom(title: str, vocabulary: SpeakerWords) -> Speaker | None:
    """Return the newsroom in parentheses at the end: "news (Ann Lee/The Ledger)", "news (Reuters)"."""
    tail = title.rstrip()[-CREDIT_CHARS:]
    if not tail.endswith(")") or "(" not in tail:
        return None
    author, slash, outlet = tail[tail.rindex("(") + 1 : -1].rpartition("/")
    words = split_words(outlet)
    basis = vocabulary.lookup(words)
    if basis is None and slash and author[:1].isupper() and words and all(word.is_capital for word in words):
        basis = "outlet"
    return Speaker(basis, outlet.strip()) if basis in REPORTS else None


def _rank(speaker: Speaker) -> int:
    return CITED if speaker.basis in REPORTS and speaker.name else SAID


def _named_sources(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield X of "according to X", "citing X", "reported by X", "a source told X"."""
    words = sentence.words
    for index, word in enumerate(words):
        following = sentence.norm(index + 1)
        newsroom = (word.norm == "reported" and following == "by") or _quotes_report(sentence, index)
        if newsroom or (word.norm == "according" and following == "to"):
            start = index + 2
        elif word.norm == "citing" or (word.norm == "per" and following and words[index + 1].is_capital):
            start = index + 1
        elif word.norm in ("told", "tells", "tell"):
            yield from _told(sentence, index)
            continue
        else:
            continue
        description, end = sentence.description(start)
        speaker = sentence.with_apposition(sentence.read(description), end)
        if speaker is None or (word.norm == "per" and not speaker.sure):
            continue
        if newsroom and speaker.basis in ("company", "person"):
            speaker = Speaker("outlet", speaker.name)
        ends = end >= len(words) or words[end].text == "."
        yield FoundSpeaker(speaker, index, _rank(speaker), covers=ends and word.norm == "according")


def _first_reporters(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield X of "Y reports, citing X", "first reported by X", "an unconfirmed report by X: …, Y reports"."""
    for index, word in enumerate(sentence.words):
        before, following = sentence.norm(index - 1), sentence.norm(index + 1)
        if word.norm in _CITES:
            start = index + 1
        elif word.norm == "reported" and before == "first" and following in ("by", "on"):
            start = index + (2 if following == "by" else 3)
        elif word.norm in _REPORTS_OF and following in ("by", "from", "in") and index - sentence.start < OPENING_REPORT:
            start = index + 2
        else:
            continue
        description, end = sentence.description(start)
        if word.norm in _REPORTS_OF and sentence.norm(end) not in _OPENS_NEWS:
            continue  # "a report by X on Halden's accounts"
        speaker = sentence.read(description)
        if speaker is not None and speaker.basis in REPORTS and speaker.name:
            yield FoundSpeaker(speaker, index, FIRST)


def _quotes_report(sentence: SpokenSentence, index: int) -> bool:
    """Return whether a report is quoted at ``index``: "a reader quotes a report from X"."""
    return (
        sentence.norm(index) == "report"
        and sentence.norm(index + 1) in ("from", "by")
        and any(word.norm in _QUOTES_REPORT for word in sentence.words[max(0, index - 3) : index])
    )


def _told(sentence: SpokenSentence, verb: int) -> Iterator[FoundSpeaker]:
    """Yield the newsroom that an unnamed source talked to."""
    description, _ = sentence.description(verb + 1)
    basis = sentence.vocabulary.lookup(description)
    if basis is None or basis not in REPORTS:
        return
    subject = sentence.before_verb(verb)
    if subject is None or subject.basis == "unnamed":
        name = sentence.text[description[0].start : description[-1].end]
        yield FoundSpeaker(Speaker(basis, name), verb, TOLD)


def _beside_verbs(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield X of "X said", "… , said X", "X reported", "a study found"."""
    words, vocabulary = sentence.words, sentence.vocabulary
    for index, word in enumerate(words):
        verb = verb_at(sentence, index)
        if verb is None:
            continue
        inverted = sentence.after_verb(index)
        trailing = index > 0 and not words[index - 1].is_word and index >= len(words) - 4
        speaker = inverted or sentence.before_verb(index, leading=verb == "says" and not trailing)
        if speaker is None or (verb == "finds" and speaker.basis not in _FINDERS):
            continue
        if word.norm in vocabulary.says_of_several and not speaker.sure and " and " not in (speaker.name or ""):
            continue
        if inverted is None and word.norm in vocabulary.own_affairs and _speaks_for_itself(sentence, speaker, index):
            speaker = Speaker("company", speaker.name, sure=speaker.basis not in REPORTS)
        elif verb == "reports" and not speaker.sure and reports_news(sentence, index):
            speaker = Speaker("outlet", speaker.name)
        closes = sentence.is_title and index >= NEWS_WORDS and (inverted is not None or index >= len(words) - 2)
        yield FoundSpeaker(speaker, index, _rank(speaker), closes, announces=word.norm.startswith("announce"))


def _speaks_for_itself(sentence: SpokenSentence, speaker: Speaker, verb: int) -> bool:
    """Return whether a newsroom or bank makes news of its own: "The Ledger announces layoffs"."""
    if speaker.basis in REPORTS:
        return sentence.norm(verb) not in sentence.vocabulary.reports
    return speaker.basis == "researcher" and sentence.vocabulary.is_house(speaker.name)


def _retractions(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield a newsroom that withdraws a report: "Ledger retracts story on Halden"."""
    vocabulary = sentence.vocabulary
    for index, word in enumerate(sentence.words[:ACTING_WORDS]):
        if word.norm not in vocabulary.retracts:
            continue
        objects = (other.norm for other in sentence.words[index + 1 : index + 7])
        speaker = None if vocabulary.retracted_objects.isdisjoint(objects) else sentence.before_verb(index)
        if speaker is not None and (speaker.basis in REPORTS or not speaker.sure):
            yield FoundSpeaker(Speaker("outlet", speaker.name), index, CITED, covers=True)


def _opening_authority(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield an authority or court that acts: "FTC sues …", "Judge blocks …"."""
    words, start = sentence.words, sentence.start
    for index in range(start + 1, min(start + ACTING_WORDS, len(words))):
        if not words[index].is_word:
            return
        if words[index].norm not in sentence.vocabulary.acts:
            continue
        last = sentence.before_adverbs(index - 1)
        passive = sentence.norm(index + 1) == "to" and words[index].norm.endswith("ed")  # "government ordered to pay"
        if not passive and not any(map(sentence.is_stop, range(start, last + 1))):
            speaker = sentence.read(words[start : last + 1])
            if speaker is not None and speaker.basis in _AUTHORITIES:
                yield FoundSpeaker(speaker, index, ACTS)
        return


def _opening_researchers(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield researchers who begin a sentence: "Researchers at X have …"."""
    words, vocabulary = sentence.words, sentence.vocabulary
    for index in range(min(6, len(words) - 1)):
        kind = vocabulary.kinds.get(words[index].norm)
        if not words[index].is_word:
            return
        if kind is None or kind.basis != "researcher" or not words[index].norm.endswith("s"):
            continue
        topic = kind.comments or words[index].norm in _TOPICS
        if not topic or words[index + 1].norm in ("at", "from"):
            description, end = sentence.description(0)
            speaker = sentence.read(description)
            goes_on = index + 1 < len(description) or (
                end < len(words) and (words[end].is_word or words[end].text == ",")
            )
            if speaker is not None and speaker.basis == "researcher" and goes_on:
                yield FoundSpeaker(speaker, index, ACTS)
        return


def _opening(sentence: SpokenSentence) -> Iterator[FoundSpeaker]:
    """Yield X of "X: news"."""
    words = sentence.words
    mark = next((i for i in range(1, min(OPENING_WORDS + 1, len(words))) if words[i].text == ":"), None)
    if mark is None or len(words) - mark < NEWS_WORDS:
        return
    slash = next((i for i in range(mark) if words[i].text == "/"), -1)
    before, after = words[slash + 1 : mark], words[mark + 1]
    if before and before[-1].norm in _OPENING_LABELS:
        before = before[:-1]
    speaker = self_contained(before, sentence.read)
    if speaker is None:
        return
    whole = not any(word.norm in sentence.vocabulary.prepositions for word in before)
    if speaker.basis in REPORTS and speaker.name:
        yield FoundSpeaker(speaker, mark, CITED)
    elif sentence.is_title and whole and (after.text in _QUOTES or after.norm in _STARTS_SPEECH):
        yield FoundSpeaker(speaker, mark)
    elif sentence.is_title and speaker.sure and after.norm not in _QUESTIONS and _opens(sentence, before, speaker):
        yield FoundSpeaker(speaker, mark, OPENED)


def self_contained(words: Sequence[Word], read: Callable[[Sequence[Word]], Speaker | None]) -> Speaker | None:
    """Return the speaker that ``words`` describe, if there is no punctuation between them."""
    return read(words) if words and all(word.is_word for word in words) else None


def _opens(sentence: SpokenSentence, before: Sequence[Word], speaker: Speaker) -> bool:
    """Return whether the words before a colon are a speaker rather than a topic."""
    vocabulary = sentence.vocabulary
    if described_kind(before, vocabulary) is None:
        return speaker.basis in ("researcher", "regulator") and before[0].text.isupper() and len(before[0].text) > 2
    if speaker.name is None:
        return len(before) == 1 or (before[-1].norm in vocabulary.kinds and speaker.basis != "outlet")
    if sentence.plain:
        return True
    if speaker.basis in ("researcher", "outlet"):
        return fold_case(speaker.name) in vocabulary.known
    return speaker.basis != "person" or not before[-1].norm.endswith("s")  # "Halden Partners: …"


def _closing(sentence: SpokenSentence, own_names: frozenset[str]) -> Iterator[FoundSpeaker]:
    """Yield X of "news: X", "news - X", "news: X on topic"; the publisher's own name is passed over."""
    words = sentence.words
    end = next((i for i, word in enumerate(words) if word.text == "|"), len(words))
    for _ in range(2):
        mark = next(
            (i for i in range(end - 1, max(0, end - 10), -1) if words[i].text in _DASHES or words[i].text == ":"), None
        )
        if mark is None or mark < NEWS_WORDS or any(word.text == "?" for word in words[:mark]):
            return
        speaker = _read_closing(sentence, words[mark + 1 : end], after_colon=words[mark].text == ":")
        if speaker is None:
            return
        if not is_own(speaker, own_names):
            yield FoundSpeaker(speaker, mark, _rank(speaker), covers=True)
            return
        end = mark


def _read_closing(sentence: SpokenSentence, last: Sequence[Word], *, after_colon: bool) -> Speaker | None:
    vocabulary = sentence.vocabulary
    on = next((i for i, word in enumerate(last) if word.norm == "on" and i), None)
    if on is not None and after_colon:
        return sentence.read(last[:on])
    if last and last[-1].norm in _CLOSING_LABELS:
        last = last[:-1]
    speaker = self_contained(last, sentence.read) if len(last) <= CLOSING_WORDS else None
    if speaker is None:
        return None
    heads = last[-1].norm in vocabulary.kinds
    if not speaker.sure:
        mixed_case = len(last) == 1 and any(map(str.isupper, last[0].text[1:])) and not last[0].text.isupper()
        ordinary = len(last) == 1 and last[0].norm in vocabulary.ordinary
        named = sentence.plain and len(last) <= 3 and not ordinary and not any(map(vocabulary.is_plain, last))
        if not mixed_case and not named:
            return None
        return speaker._replace(basis="person", comments=True) if vocabulary.looks_like_person(last) else speaker
    if speaker.name is None:
        group = (speaker.basis in ("person", "outlet") or speaker.papers) and (
            len(last) > 2 or last[-1].norm.endswith("s")
        )
        return speaker if heads and not group else None
    if speaker.basis == "person" and heads and last[-1].norm.endswith("s"):
        return None  # "…: Halden investors"
    whole = heads or last[-1].norm in _STUDIES or last[-1].norm == split_words(speaker.name)[-1].norm
    return speaker if whole else None
