"""What happened: the kind of event, which way it points for a holder, how large it is, how soon it must be told.

Goes by the lexicon alone; whether it is true, and for whom it matters, is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

from schemas.items import Item
from schemas.mentions import Direction, EventKind, Impact, Mention
from services.matcher.lexicon import expand, read_yaml
from services.matcher.reading.deal_roles import Role, is_own_share_move, role_in_deal
from services.matcher.text.phrases import Hit, Phrases, fold, sentences

__all__ = ["ImpactClassifier", "classify_impact", "figures", "impact_on", "is_retrospective", "price_move"]

Size = Literal["minor", "moderate", "major"]
Urgency = Literal["low", "normal", "high", "urgent"]

#: A share price that moves by this many per cent or more is a major move; half of it, a moderate one.
MAJOR_MOVE_PERCENT = 8.0
#: Beyond this much of summary or body nothing is read.
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
# How the first sentence of a piece begins that looks back: "Seven years ago Halden …".
_LOOKS_BACK_CHARS = 40
_SHARE_MOVE = "share_move"
_HOW_MUCH = (
    r"(?:(?:by|as much as|nearly|almost|about|around|over|more than|another|up to|some|roughly|a further) ){0,2}"
    r"(\d+(?:[.,]\d+)?)\s?(?:%|per ?cent\b|pct\b|pc\b)"
    r"(?!\s*(?:stake|of|more|fewer|less|market|share|cheaper|rise|growth|drop|fall|decline|increase"
    r"|in (?:revenue|sales|profit|q\d)))"
)
_DEALS: frozenset[EventKind] = frozenset(("acquisition", "takeover", "divestment"))
_IN_ROLE: dict[Role, EventKind] = {
    "buyer": "acquisition",
    "bought": "takeover",
    "seller": "divestment",
}


@dataclass(frozen=True, slots=True)
class KindRule:
    """What the lexicon says of one kind of event. ``rank`` is its place in the order; lower goes first."""

    name: str
    rank: int
    kind: EventKind
    direction: Direction
    size: Size
    urgency: Urgency
    worth_hours: int
    stale: bool
    title_starts: tuple[str, ...]


class _Mark(NamedTuple):
    """What a phrase stands for: a kind or that it isn't one, one side of a pair, a direction, a word of size."""

    role: str
    rule: KindRule | None = None
    pair: int = -1


class ImpactClassifier:
    """The rules of ``lexicon/events.yaml``, ready to be asked."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Build the automaton from a lexicon of the shape of ``events.yaml``."""
        self._pair_chars: int = lexicon["pair_chars"]
        self._sentences: int = lexicon["sentences_read"]
        self._other = _rule("other", 999, lexicon["other"])
        marks: dict[str, list[_Mark]] = {}
        self._rules = [_rule(name, rank, entry) for rank, (name, entry) in enumerate(lexicon["kinds"].items())]
        self._named = {rule.name: rule for rule in self._rules}
        self._openers = tuple((opener, rule) for rule in self._rules for opener in rule.title_starts)
        moves = lexicon["kinds"][_SHARE_MOVE]
        self._move_words: dict[str, list[str]] = {role: moves[role] for role in ("negative", "positive")}
        self._moves: re.Pattern[str] | None = None
        pairs = 0
        for rule, entry in zip(self._rules, lexicon["kinds"].values(), strict=True):
            for phrase in entry.get("phrases", ()):
                _file(marks, phrase, _Mark("kind", rule))
            for phrase in entry.get("unless", ()):
                _file(marks, phrase, _Mark("unless", rule))
            for first, second in entry.get("pairs", ()):
                for word in first:
                    _file(marks, word, _Mark("first", rule, pairs))
                for word in second:
                    _file(marks, word, _Mark("second", rule, pairs))
                pairs += 1
            for role in ("positive", "negative"):
                for word in entry.get(role, ()):
                    _file(marks, word, _Mark(role, rule))
        for role in ("major", "urgent", "minor", "resolved"):
            for phrase in lexicon[role]:
                _file(marks, phrase, _Mark(role))
        self._phrases: Phrases[tuple[_Mark, ...]] = Phrases((phrase, tuple(found)) for phrase, found in marks.items())

    def classify(self, item: Item) -> Impact:
        """What happened, according to ``item``."""
        title_folded = fold(item.title)
        title_hits = self._phrases.find_all(title_folded)
        lead = item.summary or item.body or ""
        lead = " ".join(s.text for s in sentences(lead[:READ_CHARS], self._sentences)) if lead else ""
        lead_hits = self._phrases.find_all(fold(lead)) if lead else []
        rule = self._opened(title_folded) or _first(title_hits, self._pair_chars)
        cues_from: tuple[str, list[Hit]] = (item.title, title_hits)
        if rule is None or rule.rank > self._sponsor_rank:
            by_lead = _first(lead_hits, self._pair_chars)
            # What the first sentences add counts where the headline names nothing, or where it hides an advertisement.
            if by_lead is not None and (
                rule is None or by_lead.rank <= self._sponsor_rank or _looks_back(by_lead, lead_hits)
            ):
                rule, cues_from = by_lead, (lead, lead_hits)
        rule = rule or self._other
        roles = _roles(title_hits) | (_roles(lead_hits) if rule is not self._other else set())
        text = f"{item.title}\n{lead}"
        found = figures(text)
        return Impact.model_construct(
            kind=rule.kind,
            direction=_direction(rule, title_hits + lead_hits),
            size=_size(rule, roles, text, found),
            urgency=_urgency(rule, roles),
            worth_hours=rule.worth_hours,
            cues=_cues(rule, *cues_from),
            figures=found,
        )

    def price_move(self, behind: str) -> Impact | None:
        """What happened to a listed thing if ``behind`` its name stands no more than "falls 7%", else None."""
        if self._moves is None:
            verbs = {role: "|".join(map(re.escape, words)) for role, words in self._move_words.items()}
            either = f"(?P<negative>{verbs['negative']})|(?P<positive>{verbs['positive']})"
            self._moves = re.compile(
                rf"(?:'s)? ?(?:shares?|stock)? ?(?:(?:is|was|closes|closed|ends|ended) )?(?:{either}) {_HOW_MUCH}"
            )
        found = self._moves.match(fold(behind))
        if found is None:
            return None
        rule = self._named[_SHARE_MOVE]
        told = behind[: found.end()].strip()
        return Impact.model_construct(
            kind=rule.kind,
            direction="negative" if found["negative"] else "positive",
            size=_size(rule, set(), told, ()),
            urgency=rule.urgency,
            worth_hours=rule.worth_hours,
            cues=(told,),
            figures=figures(told),
        )

    def befell_another(self, impact: Impact) -> Impact:
        """``impact`` for what it did not happen to."""
        return _as(impact, self._other, cues=())

    def in_role(self, impact: Impact, role: Role) -> Impact:
        """What a deal is for a party to it: who buys makes an acquisition, what is bought is taken over.

        A stake in it that changes hands happens to its owners, not to the thing. Who leads a merger is not told by it.
        """
        if role == "stake":
            return self.befell_another(impact)
        if role == "unknown":
            open_ = impact.direction == "positive" and any("merge" in cue.lower() for cue in impact.cues)
            return impact.model_copy(update={"direction": "unclear"}) if open_ else impact
        rule = self._named[_IN_ROLE[role]]
        if rule.kind == impact.kind:
            return impact
        changes: dict[str, object] = {}
        if impact.kind == "takeover" and impact.direction == "negative":
            changes["direction"] = "unclear"
        if any(_BIG.search(figure) for figure in impact.figures):
            changes["size"] = "major"
        return _as(impact, rule, **changes)

    @property
    def _sponsor_rank(self) -> int:
        return 1  # advertisement and opinion stand first in the order

    def _opened(self, folded: str) -> KindRule | None:
        for opener, rule in self._openers:
            if folded.startswith(opener):
                return rule
        return None


def _rule(name: str, rank: int, entry: dict[str, Any]) -> KindRule:
    kind = entry.get("kind", name)
    assert kind in _KINDS, f"events.yaml: {kind!r} is no kind of event"  # noqa: S101 - the shipped lexicon is tested
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


def _as(impact: Impact, rule: KindRule, **changes: object) -> Impact:
    """``impact`` as of the kind of ``rule``, with what else ``changes``."""
    told = {"kind": rule.kind, "direction": rule.direction, "size": rule.size, "urgency": rule.urgency}
    return impact.model_copy(update={**told, "worth_hours": rule.worth_hours, **changes})


def _file(marks: dict[str, list[_Mark]], pattern: str, mark: _Mark) -> None:
    for phrase in expand(pattern):
        marks.setdefault(phrase, []).append(mark)


def _looks_back(rule: KindRule, hits: list[Hit]) -> bool:
    """Whether the first sentence begins by going back in time, whatever the headline makes of it."""
    return rule.stale and any(
        hit.start < _LOOKS_BACK_CHARS and any(mark.rule is rule for mark in hit.mark) for hit in hits
    )


def _first(hits: list[Hit], pair_chars: int) -> KindRule | None:
    """The rule that comes first in the order among those whose phrase, or both sides of whose pair, were found."""
    best: KindRule | None = None
    sides: dict[int, list[tuple[int, str, KindRule]]] = {}
    out = {mark.rule.rank for hit in hits for mark in hit.mark if mark.role == "unless"}
    for hit in hits:
        for mark in hit.mark:
            if mark.rule is not None and mark.rule.rank in out:
                continue
            if mark.role == "kind" and (best is None or mark.rule.rank < best.rank):
                best = mark.rule
            elif mark.pair >= 0:
                sides.setdefault(mark.pair, []).append((hit.start, mark.role, mark.rule))
    for found in sides.values():
        rule = found[0][2]
        if (best is None or rule.rank < best.rank) and _close(found, pair_chars):
            best = rule
    return best


def _close(found: list[tuple[int, str, KindRule]], pair_chars: int) -> bool:
    firsts = [start for start, role, _ in found if role == "first"]
    seconds = [start for start, role, _ in found if role == "second"]
    return any(abs(one - two) <= pair_chars for one in firsts for two in seconds)


def _roles(hits: list[Hit]) -> set[str]:
    return {mark.role for hit in hits for mark in hit.mark if mark.rule is None}


def _direction(rule: KindRule, hits: list[Hit]) -> Direction:
    for hit in hits:
        for mark in hit.mark:
            if mark.rule is rule and mark.role in ("positive", "negative"):
                return "positive" if mark.role == "positive" else "negative"
    ends = rule.kind in ("outage", "strike", "supply_disruption")
    if ends and any(mark.role == "resolved" for hit in hits for mark in hit.mark):
        return "neutral"
    return rule.direction


def _size(rule: KindRule, roles: set[str], text: str, found: tuple[str, ...]) -> Size:
    if rule.kind in ("advertisement", "opinion", "other"):
        return rule.size
    if rule.kind == "share_move":
        moves = [float(percent.replace(",", ".")) for percent in _PERCENT.findall(text)]
        if moves:
            largest = max(moves)
            return (
                "major"
                if largest >= MAJOR_MOVE_PERCENT
                else "moderate"
                if largest * 2 >= MAJOR_MOVE_PERCENT
                else "minor"
            )
    if "major" in roles or any(_BIG.search(figure) for figure in found):
        return "major"
    return "minor" if "minor" in roles and rule.size != "major" else rule.size


def _urgency(rule: KindRule, roles: set[str]) -> Urgency:
    if "resolved" in roles and rule.urgency == "urgent":
        return "normal"
    if "urgent" in roles and rule.urgency in ("normal", "high"):
        return "urgent" if rule.urgency == "high" else "high"
    return rule.urgency


def _cues(rule: KindRule, text: str, hits: list[Hit]) -> tuple[str, ...]:
    found = (text[hit.start : hit.end] for hit in hits if any(mark.rule is rule for mark in hit.mark))
    return tuple(dict.fromkeys(found))


def figures(text: str) -> tuple[str, ...]:
    """Amounts, percentages and counts in ``text``, verbatim, in reading order; bare years are none."""
    found = (match.group().strip() for match in _FIGURE.finditer(text))
    return tuple(dict.fromkeys(figure for figure in found if not _YEAR.match(figure)))[:MAX_FIGURES]


@cache
def _judge() -> ImpactClassifier:
    return ImpactClassifier(read_yaml("events.yaml"))


def classify_impact(item: Item) -> Impact:
    """What happened, after the shipped lexicon."""
    return _judge().classify(item)


def price_move(behind: str) -> Impact | None:
    """The move of a price that the words ``behind`` a listed thing's name tell, after the shipped lexicon; or None."""
    return _judge().price_move(behind)


def impact_on(item: Item, impact: Impact, mention: Mention) -> Impact:
    """What ``impact`` is for what ``item`` mentions: its part in a deal; nothing known if another's price moved."""
    if impact.kind == "share_move" and not is_own_share_move(item.title, mention.spans):
        return _judge().befell_another(impact)
    if impact.kind not in _DEALS:
        return impact
    return _judge().in_role(impact, role_in_deal(item.title, mention.spans))


def is_retrospective(impact: Impact) -> bool:
    """Whether ``impact`` was told by a piece that remembers an old event: an anniversary, a look back."""
    return impact.kind == "other" and bool(impact.cues)
