"""Classifies what happened: the kind of event, its direction for a holder, its size, and its urgency.

The lexicon alone decides. Whether the event is true, and for whom it matters, is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

from schemas.items import Item
from schemas.mentions import Direction, EventKind, Impact, Mention
from services.matcher.lexicon import expand, read_yaml
from services.matcher.reading.deal_roles import DealRole, find_deal_role, is_own_share_move
from services.matcher.text.normalize import fold_case
from services.matcher.text.phrases import PhraseHit, PhraseMatcher
from services.matcher.text.sentences import sentences

__all__ = [
    "ImpactClassifier",
    "classify_impact",
    "figures",
    "impact_on",
    "is_retrospective",
    "kind_named",
    "price_move",
    "with_kind",
]

Size = Literal["minor", "moderate", "major"]
Urgency = Literal["low", "normal", "high", "urgent"]

#: A share price move of this many percent or more is major; half of it, moderate.
MAJOR_MOVE_PERCENT = 8.0
#: Characters of the summary or body that are read.
READ_CHARS = 900
MAX_FIGURES = 8

_FIGURE = re.compile(
    r"(?:(?:US|A|C|HK)?[$€£¥₹]\s?\d[\d.,]*\d?|\b(?:USD|EUR|GBP|CHF|JPY)\s?\d[\d.,]*\d?|\b\d(?:[\d.,]*\d)?)"
    r"(?:\s?(?:%|percent\b|per cent\b|percentage points?\b|basis points?\b|bps?\b|bn\b|billion\b|million\b|mln\b|m\b"
    r"|trillion\b|thousand\b|k\b|crore\b|lakh\b))?(?:\s(?:dollars|euros|pounds|crowns|francs|yen|shares|jobs|units|vehicles|customers|records))?"
)
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s?(?:%|percent|per cent)")
_YEAR = re.compile(r"(?:19|20)\d\d$")
_BIG = re.compile(r"\d\s?(?:bn|billion|trillion)\b", re.I)
_KINDS = frozenset(get_args(EventKind))
# An item that looks back says so at the very beginning: "Seven years ago Halden …".
_LOOKS_BACK_CHARS = 40
_SHARE_MOVE = "share_move"
_HOW_MUCH = (
    r"(?:(?:by|as much as|nearly|almost|about|around|over|more than|another|up to|some|roughly|a further) ){0,2}"
    r"(\d+(?:[.,]\d+)?)\s?(?:%|per ?cent\b|pct\b|pc\b)"
    r"(?!\s*(?:stake|of|more|fewer|less|market|share|cheaper|rise|growth|drop|fall|decline|increase"
    r"|in (?:revenue|sales|profit|q\d)))"
)
_DEAL_KINDS: frozenset[EventKind] = frozenset(("acquisition", "takeover", "divestment"))
_KIND_FOR_ROLE: dict[DealRole, EventKind] = {
    "buyer": "acquisition",
    "target": "takeover",
    "seller": "divestment",
}


@dataclass(frozen=True, slots=True)
class KindRule:
    """The lexicon's entry for one kind of event. Of several kinds found, the one with the lowest ``rank`` wins."""

    name: str
    rank: int
    kind: EventKind
    direction: Direction
    size: Size
    urgency: Urgency
    worth_hours: int
    stale: bool
    title_starts: tuple[str, ...]


class _Label(NamedTuple):
    """The role of a phrase: it shows or excludes a kind, is one side of a pair, or gives a direction or size."""

    role: str
    rule: KindRule | None = None
    pair: int = -1


class ImpactClassifier:
    """Classifies events by the rules of a lexicon such as ``lexicon/events.yaml``."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Build the phrase matcher from ``lexicon``."""
        self._pair_chars: int = lexicon["pair_chars"]
        self._sentences: int = lexicon["sentences_read"]
        self._other = _rule("other", 999, lexicon["other"])
        labels: dict[str, list[_Label]] = {}
        self._rules = [_rule(name, rank, entry) for rank, (name, entry) in enumerate(lexicon["kinds"].items())]
        broad = [_rule(name, 999, entry) for name, entry in lexicon["broad"].items()]
        self._rules_by_name = {rule.name: rule for rule in (*self._rules, *broad, self._other)}
        self._openers = tuple((opener, rule) for rule in self._rules for opener in rule.title_starts)
        moves = lexicon["kinds"][_SHARE_MOVE]
        self._move_words: dict[str, list[str]] = {role: moves[role] for role in ("negative", "positive")}
        self._moves: re.Pattern[str] | None = None
        pairs = 0
        for rule, entry in zip(self._rules, lexicon["kinds"].values(), strict=True):
            for phrase in entry.get("phrases", ()):
                _add_label(labels, phrase, _Label("kind", rule))
            for phrase in entry.get("opening", ()):
                _add_label(labels, phrase, _Label("opening", rule))
            for phrase in entry.get("unless", ()):
                _add_label(labels, phrase, _Label("unless", rule))
            for first, second in entry.get("pairs", ()):
                for word in first:
                    _add_label(labels, word, _Label("first", rule, pairs))
                for word in second:
                    _add_label(labels, word, _Label("second", rule, pairs))
                pairs += 1
            for role in ("positive", "negative"):
                for word in entry.get(role, ()):
                    _add_label(labels, word, _Label(role, rule))
        for role in ("major", "urgent", "minor", "resolved"):
            for phrase in lexicon[role]:
                _add_label(labels, phrase, _Label(role))
        self._phrases: PhraseMatcher[tuple[_Label, ...]] = PhraseMatcher(
            (phrase, tuple(phrase_labels)) for phrase, phrase_labels in labels.items()
        )

    def classify(self, item: Item) -> Impact:
        """Return what happened, according to ``item``."""
        title_folded = fold_case(item.title)
        title_hits = self._phrases.find_all(title_folded)
        lead = item.summary or item.body or ""
        lead = " ".join(sentence.text for sentence in sentences(lead[:READ_CHARS], self._sentences)) if lead else ""
        lead_hits = self._phrases.find_all(fold_case(lead)) if lead else []
        rule = self._rule_for_opening(title_folded) or _first_rule(title_hits, self._pair_chars)
        cues_from: tuple[str, list[PhraseHit]] = (item.title, title_hits)
        if rule is None or rule.rank > self._opinion_rank:
            by_lead = _first_rule(lead_hits, self._pair_chars)
            # The first sentences count if the headline names no event, or hides an advertisement.
            if by_lead is not None and (
                rule is None or by_lead.rank <= self._opinion_rank or _looks_back(by_lead, lead_hits)
            ):
                rule, cues_from = by_lead, (lead, lead_hits)
        rule = rule or self._other
        roles = _roles(title_hits) | (_roles(lead_hits) if rule is not self._other else set())
        text = f"{item.title}\n{lead}"
        all_figures = figures(text)
        return Impact.model_construct(
            kind=rule.kind,
            direction=_direction(rule, title_hits + lead_hits),
            size=_size(rule, roles, text, all_figures),
            urgency=_urgency(rule, roles),
            worth_hours=rule.worth_hours,
            cues=_cues(rule, *cues_from),
            figures=all_figures,
        )

    def kind_named(self, folded: str) -> EventKind | None:
        """Return the kind of event that a few words in lower case name, or None."""
        rule = _first_rule(self._phrases.find_all(folded), self._pair_chars)
        return None if rule is None or rule.rank <= self._opinion_rank else rule.kind

    def price_move(self, after_name: str) -> Impact | None:
        """Return the share move if ``after_name``, the text after a listed thing's name, is "falls 7%" or the like."""
        if self._moves is None:
            verbs = {role: "|".join(map(re.escape, words)) for role, words in self._move_words.items()}
            either = f"(?P<negative>{verbs['negative']})|(?P<positive>{verbs['positive']})"
            self._moves = re.compile(
                rf"(?:'s)? ?(?:shares?|stock)? ?(?:(?:is|was|closes|closed|ends|ended) )?(?:{either}) {_HOW_MUCH}"
            )
        match = self._moves.match(fold_case(after_name))
        if match is None:
            return None
        rule = self._rules_by_name[_SHARE_MOVE]
        words = after_name[: match.end()].strip()
        return Impact.model_construct(
            kind=rule.kind,
            direction="negative" if match["negative"] else "positive",
            size=_size(rule, set(), words, ()),
            urgency=rule.urgency,
            worth_hours=rule.worth_hours,
            cues=(words,),
            figures=figures(words),
        )

    def with_kind(self, impact: Impact, kind: EventKind) -> Impact:
        """Return ``impact`` with another kind and the defaults of that kind; its figures stay."""
        return _with_rule(impact, self._rules_by_name[kind], cues=())

    def for_bystander(self, impact: Impact) -> Impact:
        """Return ``impact`` for a thing that it did not happen to."""
        return _with_rule(impact, self._other, cues=())

    def for_deal_role(self, impact: Impact, role: DealRole) -> Impact:
        """Return a deal as it is for a party: an acquisition for the buyer, a takeover for the target.

        If a stake changes hands, that happens to the owners and not to the company. A merger does not say which party
        leads, so its direction is unclear.
        """
        if role == "stake":
            return self.for_bystander(impact)
        if role == "unknown":
            merger = impact.direction == "positive" and any("merge" in cue.lower() for cue in impact.cues)
            return impact.model_copy(update={"direction": "unclear"}) if merger else impact
        rule = self._rules_by_name[_KIND_FOR_ROLE[role]]
        if rule.kind == impact.kind:
            return impact
        changes: dict[str, object] = {}
        if impact.kind == "takeover" and impact.direction == "negative":
            changes["direction"] = "unclear"
        if any(_BIG.search(figure) for figure in impact.figures):
            changes["size"] = "major"
        return _with_rule(impact, rule, **changes)

    @property
    def _opinion_rank(self) -> int:
        return 1  # advertisement and opinion come first in the order

    def _rule_for_opening(self, folded: str) -> KindRule | None:
        for opener, rule in self._openers:
            if folded.startswith(opener):
                return rule
        return None


def _rule(name: str, rank: int, entry: dict[str, Any]) -> KindRule:
    kind = entry.get("kind", name)
    assert kind in _KINDS, f"events.yaml: {kind!r} is not an event kind"  # noqa: S101 - the lexicon is tested
    return KindRule(
        name=name,
        rank=rank,
        kind=kind,
        direction=entry["direction"],
        size=entry["size"],
        urgency=entry["urgency"],
        worth_hours=entry["worth_hours"],
        stale=entry.get("stale", False),
        title_starts=tuple(entry.get("title_only_starts", ())),
    )


def _with_rule(impact: Impact, rule: KindRule, **changes: object) -> Impact:
    """Return ``impact`` with the kind and defaults of ``rule``, and then ``changes``."""
    defaults = {"kind": rule.kind, "direction": rule.direction, "size": rule.size, "urgency": rule.urgency}
    return impact.model_copy(update={**defaults, "worth_hours": rule.worth_hours, **changes})


def _add_label(labels: dict[str, list[_Label]], pattern: str, label: _Label) -> None:
    for phrase in expand(pattern):
        labels.setdefault(phrase, []).append(label)


def _looks_back(rule: KindRule, hits: list[PhraseHit]) -> bool:
    """Return whether the first sentence begins by looking back in time."""
    return rule.stale and any(
        hit.start < _LOOKS_BACK_CHARS and any(label.rule is rule for label in hit.label) for hit in hits
    )


def _first_rule(hits: list[PhraseHit], pair_chars: int) -> KindRule | None:
    """Return the rule with the lowest rank of which a phrase, or both sides of a pair, were found."""
    best: KindRule | None = None
    pairs: dict[int, list[tuple[int, str, KindRule]]] = {}
    excluded = {label.rule.rank for hit in hits for label in hit.label if label.role == "unless"}
    for hit in hits:
        for label in hit.label:
            if label.rule is not None and label.rule.rank in excluded:
                continue
            if _shows_kind(label, hit) and (best is None or label.rule.rank < best.rank):
                best = label.rule
            elif label.pair >= 0:
                pairs.setdefault(label.pair, []).append((hit.start, label.role, label.rule))
    for sides in pairs.values():
        rule = sides[0][2]
        if (best is None or rule.rank < best.rank) and _are_close(sides, pair_chars):
            best = rule
    return best


def _shows_kind(label: _Label, hit: PhraseHit) -> bool:
    return label.role == "kind" or (label.role == "opening" and hit.start < _LOOKS_BACK_CHARS)


def _are_close(sides: list[tuple[int, str, KindRule]], pair_chars: int) -> bool:
    firsts = [start for start, role, _ in sides if role == "first"]
    seconds = [start for start, role, _ in sides if role == "second"]
    return any(abs(first - second) <= pair_chars for first in firsts for second in seconds)


def _roles(hits: list[PhraseHit]) -> set[str]:
    return {label.role for hit in hits for label in hit.label if label.rule is None}


def _direction(rule: KindRule, hits: list[PhraseHit]) -> Direction:
    for hit in hits:
        for label in hit.label:
            if label.rule is rule and label.role in ("positive", "negative"):
                return "positive" if label.role == "positive" else "negative"
    can_end = rule.kind in ("outage", "strike", "supply_disruption")
    if can_end and any(label.role == "resolved" for hit in hits for label in hit.label):
        return "neutral"
    return rule.direction


def _size(rule: KindRule, roles: set[str], text: str, all_figures: tuple[str, ...]) -> Size:
    if rule.kind in ("advertisement", "opinion", "other"):
        return rule.size
    if rule.kind == "share_move":
        moves = [float(percent.replace(",", ".")) for percent in _PERCENT.findall(text)]
        if moves:
            largest = max(moves)
            if largest >= MAJOR_MOVE_PERCENT:
                return "major"
            return "moderate" if largest * 2 >= MAJOR_MOVE_PERCENT else "minor"
    if "major" in roles or any(_BIG.search(figure) for figure in all_figures):
        return "major"
    return "minor" if "minor" in roles and rule.size != "major" else rule.size


def _urgency(rule: KindRule, roles: set[str]) -> Urgency:
    if "resolved" in roles and rule.urgency == "urgent":
        return "normal"
    if "urgent" in roles and rule.urgency in ("normal", "high"):
        return "urgent" if rule.urgency == "high" else "high"
    return rule.urgency


def _cues(rule: KindRule, text: str, hits: list[PhraseHit]) -> tuple[str, ...]:
    cues = (text[hit.start : hit.end] for hit in hits if any(label.rule is rule for label in hit.label))
    return tuple(dict.fromkeys(cues))


def figures(text: str) -> tuple[str, ...]:
    """Return the amounts, percentages and counts in ``text``, verbatim and in reading order, without bare years."""
    matches = (match.group().strip() for match in _FIGURE.finditer(text))
    return tuple(dict.fromkeys(figure for figure in matches if not _YEAR.match(figure)))[:MAX_FIGURES]


@cache
def _default_classifier() -> ImpactClassifier:
    return ImpactClassifier(read_yaml("events.yaml"))


def classify_impact(item: Item) -> Impact:
    """Return what happened, according to the default lexicon."""
    return _default_classifier().classify(item)


def kind_named(text: str) -> EventKind | None:
    """Return the kind of event that a few words name, according to the default lexicon; None if they name none."""
    return _default_classifier().kind_named(fold_case(text))


def with_kind(impact: Impact, kind: EventKind) -> Impact:
    """Return ``impact`` with another kind and the defaults of that kind; its figures stay."""
    return _default_classifier().with_kind(impact, kind)


def price_move(after_name: str) -> Impact | None:
    """Return the share move that the text after a listed thing's name states, such as "falls 7%", or None."""
    return _default_classifier().price_move(after_name)


def impact_on(item: Item, impact: Impact, mention: Mention) -> Impact:
    """Return ``impact`` as it is for the thing mentioned: its role in a deal, or no event if another's price moved."""
    if impact.kind == "share_move" and not is_own_share_move(item.title, mention.spans):
        return _default_classifier().for_bystander(impact)
    if impact.kind not in _DEAL_KINDS:
        return impact
    return _default_classifier().for_deal_role(impact, find_deal_role(item.title, mention.spans))


def is_retrospective(impact: Impact) -> bool:
    """Return whether the item only remembers an old event, as on an anniversary."""
    return impact.kind == "other" and bool(impact.cues)
