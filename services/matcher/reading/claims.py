"""Classifies what an item claims as asserted, hedged, denied or retracted, and finds the speaker and the cues.

Only English is judged; items in other languages are marked as not judged. The publisher plays no part here: see
:mod:`services.matcher.sources.publishers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from schemas.items import Item
from schemas.mentions import FAMILY_OF, Claim, ClaimBasis, ClaimStatus
from services.matcher.lexicon import read_yaml
from services.matcher.reading.attribution import AttributionFinder, Position, newsroom_names
from services.matcher.reading.impact import kind_named
from services.matcher.reading.speech.speakers import Speaker
from services.matcher.text.language import detect_language
from services.matcher.text.normalize import fold_case
from services.matcher.text.phrases import PhraseHit, PhraseMatcher
from services.matcher.text.preparation import prepare_text, title_of
from services.matcher.text.sentences import sentences

__all__ = ["ClaimClassifier", "Statement", "classify_claim", "is_judged_language", "is_speculation", "statements"]

#: Characters of a body that are read; its first sentences carry the claim.
READ_CHARS = 1_500
#: Characters of the summary that, with the title, decide the language.
SUMMARY_CHARS = 200


#: Families of cues that express the writer's own doubt.
_OWN_DOUBT = frozenset(("modal", "possible", "conditional"))
_SOFT = _OWN_DOUBT | {"vague", "faint"}
_QUOTE_MARKS = re.compile('["“”]')
_CAPITAL_WORD = re.compile(r"\b[A-Z][a-z]")
_SMALL_WORD = re.compile(r"\b[a-z]{4,}")
# The month of May: after a preposition or a day, before a day, a year or a noun that goes with months.
_MONTH_BEFORE = re.compile(
    r"(?:\b(?:in|on|by|of|since|from|until|till|for|early|late|last|next|this|mid|to|every|\d\w*)[ -])$", re.I
)
_MONTH_AFTER = re.compile(r" ?(?:\d|sales|data|figures|election|meeting|bank|,|\.|$)", re.I)
# "Ledger retracts its report on Halden", "article on Selva removed": other words may come between verb and object.
_WITHDRAWS = re.compile(
    r"\b(?:retracts?|retracted|withdraws?|withdrew|deletes?|deleted|pulls|pulled|removes?|removed|takes down|took down"
    r"|apologi[sz]es for|regrets)\b.{0,40}?\b(?:story|article|news report|report on|report that|reports that|post|tweet"
    r"|claim|study|video)\b(?! (?:feature|tool|card|button|office|code))"
    r"|\b(?:story|article|post|tweet|report)\b.{0,40}\b(?:withdrawn|retracted|deleted|taken down|published in error)\b"
    r"|\b(?:article|story|post) (?:on|about) .{0,30}\bremoved\b"
)
#: A correction of this leaves the report standing, unless something is taken back beside it.
_DETAIL = re.compile(r"\b(?:misspell\w*|misspelt|spelling|caption|byline|photo(?:graph)?|job title|age|web address)\b")
_TAKES_BACK = re.compile(
    r"\b(?:not|no|never|false|untrue|wrongly|mistakenly|erroneously|retract\w*|withdr\w+|removed|deleted|taken down)\b"
)
#: The first statements that say what a correction corrects.
_CORRECTION_STATEMENTS = 3
#: Words in lower case that may name a thing.
_COMMON = re.compile(r"\b[a-z]{4,}\b")


@dataclass(frozen=True, slots=True)
class Family:
    """A family of cues and the weight of one of them by position."""

    name: str
    weights: dict[str, float]
    prose_only: bool = False


class Statement(NamedTuple):
    """A sentence of an item and its position."""

    position: Position
    text: str


@dataclass(slots=True)
class _StatementReading:
    """The cues found in one statement. ``denied``, ``retracted`` and each of ``doubts`` are probabilities."""

    speaker: Speaker | None
    cues: list[str] = field(default_factory=list)
    doubts: list[float] = field(default_factory=list)
    denied: float = 0.0
    retracted: float = 0.0
    #: Whether all doubts are the writer's own: modal words, a question.
    only_own_doubts: bool = True

    @property
    def hedged(self) -> float:
        return _any_of(self.doubts)

    @property
    def is_firm(self) -> bool:
        """Return True if there is no doubt at all."""
        return not self.doubts and not self.denied and not self.retracted

    @property
    def is_soft(self) -> bool:
        """Return True if the only doubt is the writer's own."""
        return bool(self.doubts) and self.only_own_doubts

    def add(self, family_name: str, weight: float, cue: str) -> None:
        self.cues.append(cue)
        if family_name == "denied":
            self.denied = 1 - (1 - self.denied) * (1 - weight)
        elif family_name == "retracted":
            self.retracted = 1 - (1 - self.retracted) * (1 - weight)
        else:
            self.doubts.append(weight)
            self.only_own_doubts = self.only_own_doubts and family_name in _SOFT


def is_judged_language(language: str | None) -> bool:
    """Return whether claims in ``language``, a BCP 47 tag or None for unknown, are judged."""
    return language is None or language[:2].lower() == "en"


def _is_english(item: Item) -> bool:
    """Return whether ``item`` is labeled as English or not labeled, and does not read like another language.

    Many feeds call themselves English by default, so the label alone is not enough.
    """
    if not is_judged_language(item.language):
        return False
    return is_judged_language(detect_language(f"{item.title}\n{(item.summary or '')[:SUMMARY_CHARS]}"))


def statements(item: Item, limit: int) -> list[Statement]:
    """Return the title and the first ``limit`` sentences after it, without what is not part of the news.

    If the body begins with the summary, only the body is read.
    """
    publisher = item.source.publisher
    result = [Statement("title", title_of(item))]
    summary, body = prepare_text(item.summary, publisher), prepare_text((item.body or "")[:READ_CHARS], publisher)
    text = body if not summary or body.startswith(summary[:60]) else f"{summary}\n\n{body}"
    if text:
        positions: tuple[Position, Position] = ("lead", "rest")
        result += [
            Statement(positions[min(number, 1)], sentence.text)
            for number, sentence in enumerate(sentences(text, limit))
        ]
    return result


class ClaimClassifier:
    """Classifies claims by the cues of a lexicon such as ``lexicon/cues.yaml``."""

    def __init__(self, lexicon: dict[str, Any], attributions: AttributionFinder) -> None:
        """Build the phrase matcher from ``lexicon``."""
        self._attributions = attributions
        self._hedged_from: float = lexicon["hedged_from"]
        self._unmarked: float = lexicon["unmarked"]
        self._sentences: int = lexicon["sentences_read"]
        self._question_weight: float = lexicon["question_weight"]
        self._hedged_starts: tuple[str, ...] = tuple(lexicon["hedged_title_starts"])
        self._title_starts: tuple[str, ...] = tuple(lexicon["retracted"]["title_starts"])
        phrases: list[tuple[str, Family]] = [(cue, Family("harmless", {})) for cue in lexicon["harmless"]]
        phrases += [(cue, Family("guidance", {})) for cue in lexicon["guidance"]]
        for name in ("retracted", "denied"):
            phrases += _family(name, lexicon[name])
        for name, entry in lexicon["families"].items():
            phrases += _family(name, entry)
        self._phrases = PhraseMatcher(phrases)

    def classify(self, item: Item) -> Claim:
        """Return the claim of ``item``."""
        if not _is_english(item):
            return _claim(item, "asserted", 0.5, (), None, judged=False)
        read = statements(item, self._sentences)
        speakers = self._attributions.find_all(read, newsroom_names(item))
        readings = [self._read(statement, speaker) for statement, speaker in zip(read, speakers, strict=True)]
        _drop_other_denials(read, readings)
        _drop_corrected_details(read, readings)
        speaker = self._attributions.best(speakers, read, item.title, newsroom_names(item))
        status, score = self._conclude(readings)
        cues = tuple(dict.fromkeys(cue for reading in readings for cue in reading.cues))
        return _claim(item, status, score, cues, speaker)

    def is_own_doubt(self, cue: str) -> bool:
        """Return whether ``cue`` expresses only the writer's doubt, and not a report or a plan."""
        return {hit.label.name for hit in self._phrases.find(fold_case(cue))} <= _SOFT

    def _conclude(self, readings: list[_StatementReading]) -> tuple[ClaimStatus, float]:
        title = readings[0]
        if _any_of(reading.retracted for reading in readings) >= self._hedged_from:
            return "retracted", 0.97
        hedges = [reading.hedged for reading in readings]
        if title.is_soft and len(readings) > 1 and readings[1].is_firm and _is_reliable(readings[1].speaker):
            # A headline that asks or wonders, over a first sentence that states it on a reliable authority.
            hedges[0] = 0.0
        hedged = _any_of(hedges)
        denied = _any_of(reading.denied for reading in readings)
        contested = title.hedged >= self._hedged_from and not title.denied
        if denied >= self._hedged_from and not contested:
            return "denied", max(0.75, round(denied, 3))
        if hedged >= self._hedged_from:
            return "hedged", round(min(hedged, 0.99), 3)
        return "asserted", round(max(hedged, self._unmarked), 3)

    def _read(self, statement: Statement, speaker: Speaker | None) -> _StatementReading:
        position, text = statement
        folded = fold_case(text)
        reading = _StatementReading(speaker)
        self._add_phrases(reading, position, text, folded)
        if position == "title":
            self._add_title_form(reading, text, folded)
        return reading

    def _add_phrases(self, reading: _StatementReading, position: Position, text: str, folded: str) -> None:
        hits = self._phrases.find(folded)
        if not hits:
            return
        is_guidance = any(hit.label.name == "guidance" for hit in hits)
        is_prose = text.rstrip(" \"”')")[-1:] in ".!?…" and len(text) > 40
        for hit in hits:
            family: Family = hit.label
            weight = family.weights.get(position, 0.0)
            if is_prose and position == "title":
                weight = family.weights.get("prose", weight)
            if not weight or (family.prose_only and not is_prose):
                continue
            if family.name in _OWN_DOUBT and (is_guidance or _is_not_doubt(text, hit)):
                continue
            reading.add(family.name, weight, text[hit.start : hit.end].strip(" -–—:"))

    def _add_title_form(self, reading: _StatementReading, text: str, folded: str) -> None:
        """Add what the form of a title shows: a correction, a withdrawal, a rumor label or a question."""
        if folded.startswith(self._title_starts):
            reading.retracted = 0.97
            reading.cues.append(text.split()[0])
        elif _WITHDRAWS.search(folded):
            reading.retracted = max(reading.retracted, 0.8)
            reading.cues.append(text.split(":")[0] if ":" in text else text)
        elif folded.startswith(self._hedged_starts):
            reading.doubts.append(self._question_weight)
            reading.cues.append(text.split(":")[0])
            reading.only_own_doubts = False
        elif folded.rstrip(" \"”'").endswith("?"):
            reading.doubts.append(self._question_weight)
            reading.cues.append("?")


def _drop_corrected_details(read: Sequence[Statement], readings: Sequence[_StatementReading]) -> None:
    """Drop the retraction of an item that corrects only how something was written: "misspelled the chairman's name"."""
    if not any(reading.retracted for reading in readings):
        return
    texts = [fold_case(statement.text) for statement in read[:_CORRECTION_STATEMENTS]]
    if any(map(_DETAIL.search, texts)) and not any(map(_TAKES_BACK.search, texts)):
        for reading in readings:
            reading.retracted = 0.0


def _family(name: str, entry: dict[str, Any]) -> list[tuple[str, Family]]:
    family = Family(name, dict(entry["weights"]), bool(entry.get("prose_only", False)))
    return [(cue, family) for cue in entry["cues"]]


def _any_of(weights: Iterable[float]) -> float:
    """Return the probability that at least one of several independent signs is right."""
    none = 1.0
    for weight in weights:
        none *= 1 - weight
    return 1 - none


def _is_reliable(speaker: Speaker | None) -> bool:
    return speaker is not None and speaker.basis in ("company", "filing", "regulator", "court")


def _is_not_doubt(text: str, hit: PhraseHit) -> bool:
    """Return whether a modal word is not the writer's doubt: it is the month of May, or part of a quotation."""
    if text[hit.start : hit.end].lower() == "may":
        before, after = text[max(0, hit.start - 8) : hit.start], text[hit.end : hit.end + 10]
        if _MONTH_BEFORE.search(before) or _MONTH_AFTER.match(after):
            return True
        if text[hit.start] == "M" and not _is_title_case(text):
            return True
    return len(_QUOTE_MARKS.findall(text, 0, hit.start)) % 2 == 1


def _is_title_case(text: str) -> bool:
    return len(_CAPITAL_WORD.findall(text)) > 2 * len(_SMALL_WORD.findall(text))


def _claim(
    item: Item,
    status: ClaimStatus,
    score: float,
    cues: tuple[str, ...],
    speaker: Speaker | None,
    *,
    judged: bool = True,
) -> Claim:
    basis: ClaimBasis = speaker.basis if speaker else "own"
    return Claim.model_construct(
        item_id=item.id,
        status=status,
        score=score,
        cues=cues,
        attributed_to=speaker.name if speaker else None,
        basis=basis,
        judged=judged,
        relayed_by=speaker.relayed_by if speaker else None,
    )


@cache
def _default_classifier() -> ClaimClassifier:
    return ClaimClassifier(read_yaml("cues.yaml"), AttributionFinder.from_lexicon())


def is_speculation(claim: Claim) -> bool:
    """Return whether the claim is only a guess: the writer or a person asked thinks it possible, and nobody knows."""
    if claim.status != "hedged" or claim.basis not in ("own", "person", "researcher") or not claim.cues:
        return False
    return all(cue == "?" or _default_classifier().is_own_doubt(cue) for cue in claim.cues)


def classify_claim(item: Item) -> Claim:
    """Return the claim of ``item`` according to the default lexicon."""
    return _default_classifier().classify(item)


def _drop_other_denials(read: list[Statement], readings: list[_StatementReading]) -> None:
    """Let no denial of another event count against what the headline and the first sentence state without doubt.

    "Halden buys Estmere. … No jobs will be cut, Halden said."
    """
    if not all(reading.is_firm for reading in readings[:2]):
        return
    title = read[0].text
    for statement, reading in zip(read[2:], readings[2:], strict=True):
        if reading.denied and _is_of_another_event(statement.text, title):
            reading.denied = 0.0


def _is_of_another_event(text: str, title: str) -> bool:
    """Return whether a sentence names another sort of event than the headline, and no thing of it but names."""
    kind, stated = kind_named(text), kind_named(title)
    if kind is None or stated is None or FAMILY_OF[kind] == FAMILY_OF[stated]:
        return False
    return not {word.rstrip("s") for word in _COMMON.findall(text)} & {
        word.rstrip("s") for word in _COMMON.findall(title)
    }
