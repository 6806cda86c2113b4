"""What an item claims, and on whose word: asserted, hedged, denied or retracted, with the cues it was told by.

Reads English only; any other language is left unjudged rather than judged blindly. Never looks at who published the
item: that is :mod:`services.matcher.sources.publishers`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from schemas.items import Item
from schemas.mentions import Claim, ClaimBasis, ClaimStatus
from services.matcher.lexicon import read_yaml
from services.matcher.reading.attribution import Attribution, AttributionFinder
from services.matcher.text.language import detect_language
from services.matcher.text.phrases import Hit, Phrases, fold, sentences

__all__ = ["ClaimClassifier", "Statement", "classify_claim", "is_judged_language", "is_speculation", "statements"]

Place = Literal["title", "lead", "rest"]
#: Beyond this much of a body nothing is read; its first sentences carry the claim.
READ_CHARS = 1_500
#: So much of a summary, after the title, tells the language.
SUMMARY_CHARS = 200

#: Families of cues by which a writer doubts, and nobody else.
_OWN_DOUBT = frozenset(("modal", "possible", "conditional"))
_WONDERING = _OWN_DOUBT | {"vague", "faint"}
_QUOTE_MARKS = re.compile('["“”]')
_CAPITAL_WORD = re.compile(r"\b[A-Z][a-z]")
_SMALL_WORD = re.compile(r"\b[a-z]{4,}")
# "May" the month: after a preposition or a day, before a day, a year or a noun that months go with.
_MONTH_BEFORE = re.compile(
    r"(?:\b(?:in|on|by|of|since|from|until|till|for|early|late|last|next|this|mid|to|every|\d\w*)[ -])$", re.I
)
_MONTH_AFTER = re.compile(r" ?(?:\d|sales|data|figures|election|meeting|bank|,|\.|$)", re.I)


# "Ledger retracts its report on Halden", "article on Selva removed": what is taken back stands at some distance.
_WITHDRAWS = re.compile(
    r"\b(?:retracts?|retracted|withdraws?|withdrew|deletes?|deleted|pulls|pulled|removes?|removed|takes down|took down"
    r"|apologi[sz]es for|regrets)\b.{0,40}?\b(?:story|article|news report|report on|report that|reports that|post|tweet"
    r"|claim|study|video)\b(?! (?:feature|tool|card|button|office|code))"
    r"|\b(?:story|article|post|tweet|report)\b.{0,40}\b(?:withdrawn|retracted|deleted|taken down|published in error)\b"
    r"|\b(?:article|story|post) (?:on|about) .{0,30}\bremoved\b"
)


@dataclass(frozen=True, slots=True)
class Family:
    """A family of cues and how much one of them tells, by place."""

    name: str
    weights: dict[str, float]
    prose_only: bool = False


class Statement(NamedTuple):
    """A sentence of the item and where it stands."""

    place: Place
    text: str


class _Read(NamedTuple):
    """What one statement showed."""

    hedged: float
    firm: bool  # no doubt at all
    soft: bool  # no doubt but the writer's own: modal words, a question
    denied: float
    retracted: float
    cues: tuple[str, ...]
    attribution: Attribution | None


def is_judged_language(language: str | None) -> bool:
    """Whether claims in ``language`` (a BCP 47 tag) are judged; None is a language that is not known."""
    return language is None or language[:2].lower() == "en"


def _is_english(item: Item) -> bool:
    """Whether ``item`` may be judged: it says that it is English, or nothing, and does not read like another language.

    Many a feed calls itself English by default, so that is not taken on trust either.
    """
    if not is_judged_language(item.language):
        return False
    return is_judged_language(detect_language(f"{item.title}\n{(item.summary or '')[:SUMMARY_CHARS]}"))


def statements(item: Item, limit: int) -> list[Statement]:
    """The title and the first ``limit`` sentences after it, a body that begins with the summary read once."""
    result = [Statement("title", item.title)]
    summary, body = item.summary or "", (item.body or "")[:READ_CHARS]
    text = body if not summary or body.startswith(summary[:60]) else f"{summary}\n\n{body}"
    if text:
        places: tuple[Place, Place] = ("lead", "rest")
        found = sentences(text, limit)
        result += [Statement(places[min(n, 1)], sentence.text) for n, sentence in enumerate(found)]
    return result


class ClaimClassifier:
    """The rules of ``lexicon/cues.yaml``, ready to be asked."""

    def __init__(self, lexicon: dict[str, Any], attributions: AttributionFinder) -> None:
        """Build the automaton from a lexicon of the shape of ``cues.yaml``."""
        self._attributions = attributions
        self._hedged_from: float = lexicon["hedged_from"]
        self._unmarked: float = lexicon["unmarked"]
        self._sentences: int = lexicon["sentences_read"]
        self._question: dict[str, float] = lexicon["question"]["weights"]
        self._hedged_starts: tuple[str, ...] = tuple(lexicon["hedged_title_starts"])
        self._title_starts: tuple[str, ...] = tuple(lexicon["retracted"]["title_starts"])
        phrases: list[tuple[str, Family]] = [(cue, Family("harmless", {})) for cue in lexicon["harmless"]]
        phrases += [(cue, Family("guidance", {})) for cue in lexicon["guidance"]]
        for name in ("retracted", "denied"):
            phrases += _family(name, lexicon[name])
        for name, entry in lexicon["families"].items():
            phrases += _family(name, entry)
        self._phrases = Phrases(phrases)

    def judge(self, item: Item) -> Claim:
        """The claim of ``item``."""
        if not _is_english(item):
            return _claim(item, "asserted", 0.5, (), None, judged=False)
        reads: list[tuple[Place, _Read]] = []
        speaker_known = False
        for place, text in statements(item, self._sentences):
            read = self._read(place, text, speaker_known)
            speaker_known = speaker_known or (read.attribution is not None and read.attribution.name is not None)
            reads.append((place, read))
        attribution = _whose_word(reads)
        status, score = self._conclude(reads, attribution)
        cues = tuple(dict.fromkeys(cue for _, read in reads for cue in read.cues))
        return _claim(item, status, score, cues, attribution)

    def is_own_doubt(self, cue: str) -> bool:
        """Whether ``cue`` is a word by which a writer doubts, and no sign of a report or a plan."""
        return {hit.mark.name for hit in self._phrases.find(fold(cue))} <= _WONDERING

    def _conclude(self, reads: list[tuple[Place, _Read]], attribution: Attribution | None) -> tuple[ClaimStatus, float]:
        title = reads[0][1]
        if _either(read.retracted for _, read in reads) >= self._hedged_from:
            return "retracted", 0.97
        hedges = [read.hedged for _, read in reads]
        if title.soft and len(reads) > 1 and reads[1][1].firm and _is_firm_word(reads[1][1].attribution):
            # A headline that asks or wonders over a first sentence that says so on a word one can rely on.
            hedges[0] = 0.0
        hedged = _either(hedges)
        denied = _either(read.denied for _, read in reads)
        contested = title.hedged >= self._hedged_from and not title.denied
        if denied >= self._hedged_from and not contested:
            return "denied", max(0.75, round(denied, 3))
        if hedged >= self._hedged_from:
            return "hedged", round(min(hedged, 0.99), 3)
        return "asserted", round(max(hedged, self._unmarked), 3)

    def _read(self, place: Place, text: str, speaker_known: bool) -> _Read:
        folded = fold(text)
        hits = self._phrases.find(folded)
        doubts: list[float] = []
        cues: list[str] = []
        soft_only = True
        denied = retracted = 0.0
        if hits:
            guided = any(hit.mark.name == "guidance" for hit in hits)
            prose = text.rstrip(" \"”')")[-1:] in ".!?…" and len(text) > 40
            for hit in hits:
                family: Family = hit.mark
                weight = family.weights.get(place, 0.0)
                if prose and place == "title":
                    weight = family.weights.get("prose", weight)
                if not weight or (family.prose_only and not prose):
                    continue
                if family.name in _OWN_DOUBT and (guided or _not_the_writers_doubt(text, hit)):
                    continue
                cues.append(text[hit.start : hit.end].strip(" -–—:"))
                if family.name == "denied":
                    denied = 1 - (1 - denied) * (1 - weight)
                elif family.name == "retracted":
                    retracted = 1 - (1 - retracted) * (1 - weight)
                else:
                    doubts.append(weight)
                    soft_only = soft_only and (family.name in _OWN_DOUBT or family.name in ("vague", "faint"))
        if place == "title":
            if folded.startswith(self._title_starts):
                retracted = 0.97
                cues.append(text.split()[0])
            elif _WITHDRAWS.search(folded):
                retracted = max(retracted, 0.8)
                cues.append(text.split(":")[0] if ":" in text else text)
            elif folded.startswith(self._hedged_starts):
                doubts.append(self._question[place])
                cues.append(text.split(":")[0])
                soft_only = False
            elif folded.rstrip(" \"”'").endswith("?"):
                doubts.append(self._question[place])
                cues.append("?")
        return _Read(
            hedged=_either(doubts),
            firm=not doubts and not denied and not retracted,
            soft=bool(doubts) and soft_only,
            denied=denied,
            retracted=retracted,
            cues=tuple(cues),
            attribution=None if speaker_known else self._attributions.find(text, folded, place),
        )


def _family(name: str, entry: dict[str, Any]) -> list[tuple[str, Family]]:
    family = Family(name, dict(entry["weights"]), bool(entry.get("prose_only", False)))
    return [(cue, family) for cue in entry["cues"]]


def _either(weights: Any) -> float:
    """The chance that at least one of several independent signs is right."""
    none = 1.0
    for weight in weights:
        none *= 1 - weight
    return 1 - none


def _is_firm_word(attribution: Attribution | None) -> bool:
    return attribution is not None and attribution.basis in ("company", "filing", "regulator")


def _not_the_writers_doubt(text: str, hit: Hit) -> bool:
    """Whether a modal word is none of the writer's: the month of May, or said by somebody who is quoted."""
    if text[hit.start : hit.end].lower() == "may":
        before, after = text[max(0, hit.start - 8) : hit.start], text[hit.end : hit.end + 10]
        if _MONTH_BEFORE.search(before) or _MONTH_AFTER.match(after):
            return True
        if text[hit.start] == "M" and not _is_title_case(text):
            return True
    return len(_QUOTE_MARKS.findall(text, 0, hit.start)) % 2 == 1


def _is_title_case(text: str) -> bool:
    return len(_CAPITAL_WORD.findall(text)) > 2 * len(_SMALL_WORD.findall(text))


def _whose_word(reads: list[tuple[Place, _Read]]) -> Attribution | None:
    """The first attribution met; but a name found further down completes an unnamed report further up."""
    found = [read.attribution for _, read in reads if read.attribution is not None]
    if not found:
        return None
    first = found[0]
    if first.basis in ("unnamed", "outlet"):
        for other in found:
            if other.basis == "outlet" and other.name is not None:
                return other
    if first.name is None:
        for other in found[1:]:
            if other.basis == first.basis and other.name is not None:
                return other
    return first


def _claim(
    item: Item,
    status: ClaimStatus,
    score: float,
    cues: tuple[str, ...],
    attribution: Attribution | None,
    *,
    judged: bool = True,
) -> Claim:
    basis: ClaimBasis = attribution.basis if attribution else "own"
    return Claim.model_construct(
        item_id=item.id,
        status=status,
        score=score,
        cues=cues,
        attributed_to=attribution.name if attribution else None,
        basis=basis,
        judged=judged,
    )


@cache
def _judge() -> ClaimClassifier:
    return ClaimClassifier(read_yaml("cues.yaml"), AttributionFinder.from_lexicon())


def is_speculation(claim: Claim) -> bool:
    """Whether nobody is said to know: the writer, or somebody who is asked, wonders, or thinks it possible."""
    if claim.status != "hedged" or claim.basis not in ("own", "person") or not claim.cues:
        return False
    return all(cue == "?" or _judge().is_own_doubt(cue) for cue in claim.cues)


def classify_claim(item: Item) -> Claim:
    """The claim of ``item`` after the shipped lexicon."""
    return _judge().judge(item)
