"""Find how large an event is where a figure or an official grade says so, and adjust the reading to that.

A figure counts only if the words around it make it the event's own: the price of the deal, the jobs that are cut, the
fall of the share. Market values, price targets, yearly totals and the like say nothing about the size of an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from schemas.readings import EventFamily, Firmness, Reading, Role, Weight
from services.matcher.lexicon import read_yaml
from services.matcher.reading.impact import Size, price_move
from services.matcher.reading.model.encoding import NameType, PairText
from services.matcher.text.normalize import fold_case
from services.matcher.text.sentences import sentences

__all__ = ["SHIFT", "Significance", "SignificanceRules", "adjust", "default_significance_rules"]

#: The most that a figure or grade changes the probability of being worth telling.
SHIFT = 0.1
#: Sentences of the lead in which the name is looked for.
LEAD_SENTENCES = 3
#: An amount of money without "million" or the like counts only if it is written in full; otherwise it is a price.
LEAST_IN_FULL = 10_000

_Unit = Literal["money", "count", "percent"]
_UNITS: tuple[_Unit, ...] = ("money", "count", "percent")
_LARGEST_FIRST: tuple[Size, ...] = ("major", "moderate", "minor")
_WEIGHTS: tuple[Weight, ...] = ("none", "minor", "worth", "major")
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))
#: What is denied or only expected has no size yet.
_HAPPENS: frozenset[Firmness] = frozenset(("fact", "reported", "plan", "rumor"))
#: Only a company pays, earns or employs; a product can be flawed, breached or recalled.
_COMPANIES: frozenset[NameType] = frozenset(("company", "name"))
_OF_PRODUCTS: frozenset[EventFamily] = frozenset(("vulnerability", "breach", "recall", "outage"))

_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\+? ?(?:%|per ?cent\b|pct\b)")
_CLAUSE_END = re.compile(r"[;:|–—()]|\s-\s|[.!?]\s|, (?=(?:as|after|while|but|and|which|who|following|despite|amid)\b)")
# "Halden warns on sales, shares fall 9%", "Halden warns on sales; HLD drops 13% after hours"
_SHARES_AFTER = re.compile(
    r"(?:[;,:–—] |\b(?:as|while|and) )(?:and |the |its )*(?=(?:shares?|stock) )"
    r"|; [A-Z]{1,5}(?= [^;]{3,40}\b(?:after[ -]hours|pre-?market|early trading|at the close)\b)"
)
_POSSESSIVE = re.compile(r"['’]s? ")


class Significance(NamedTuple):
    """The size of an event, and a sentence with the figure or grade that shows it; empty for an ordinary one."""

    size: Size
    why: str = ""


class _Scale(NamedTuple):
    """The values between which an event is of ordinary size."""

    large: float
    small: float
    size: Size
    noun: str

    def measure(self, value: float, words: str) -> Significance:
        """Return the size of an event that measures ``value``, written as ``words``."""
        if value >= self.large:
            return Significance(self.size, f"It is a large {self.noun}: “{words}”.")
        if value < self.small:
            return Significance("minor", f"It is a small {self.noun}: “{words}”.")
        return Significance("moderate")


@dataclass(frozen=True, slots=True)
class _Measure:
    """A figure that measures events of some kinds. The lexicon explains the fields."""

    unit: _Unit
    kinds: frozenset[EventFamily]
    units: re.Pattern[str] | None
    before: re.Pattern[str]
    after: re.Pattern[str] | None
    name_first: bool
    scale: _Scale


class _Grade(NamedTuple):
    kinds: frozenset[EventFamily]
    words: re.Pattern[str]
    says: str
    size: Size


class SignificanceRules:
    """The rules of ``lexicon/significance.yaml``."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Compile the rules from the content of ``significance.yaml``."""
        self._currencies: Mapping[str, float] = lexicon["currencies"]
        self._multiples: Mapping[str, float] = lexicon["multiples"]
        self._figures = _figure_patterns(self._currencies, self._multiples)
        self._not_own = _whole(lexicon["not_own"])
        self._words_before: int = lexicon["words_before"]
        self._words_after: int = lexicon["words_after"]
        self._share_move = _scale(lexicon["share_move"])
        self._measures = [_measure(unit, entry) for unit in _UNITS for entry in lexicon[unit]]
        self._grades = [
            _Grade(frozenset(entry["kinds"]), _whole(entry["words"]), entry["says"], entry.get("size", "major"))
            for entry in lexicon["grades"]
        ]

    def find(self, pair: PairText, reading: Reading) -> Significance | None:
        """Return how large the event of ``reading`` is for the name in ``pair``, or None if no figure shows it.

        The largest of several figures counts. Only news in which the name itself takes part is measured.
        """
        if reading.genre != "news" or reading.role not in _TAKES_PART or reading.status not in _HAPPENS:
            return None
        if pair.type not in _COMPANIES and not (pair.type == "product" and reading.kind in _OF_PRODUCTS):
            return None
        found = list(self._all(pair, reading.kind))
        return min(found, key=lambda shown: (_LARGEST_FIRST.index(shown.size), not shown.why), default=None)

    def _all(self, pair: PairText, kind: EventFamily) -> Iterator[Significance]:
        if pair.type in _COMPANIES:
            yield from self._share_moves(pair.title, pair.surface)
        lead = [sentence.text for sentence in sentences(pair.lead, LEAD_SENTENCES) if pair.surface in sentence.text]
        for text in (*pair.title.split("; "), *lead[:1]):
            folded = fold_case(text)
            for grade in self._grades:
                if kind in grade.kinds and (words := grade.words.search(folded)):
                    yield Significance(grade.size, f"{grade.says}: “{text[words.start() : words.end()]}”.")
            name = text.find(pair.surface)
            for measure in self._measures:
                if kind in measure.kinds and name >= 0:
                    yield from self._measured(text, folded, name if measure.name_first else 0, measure)

    def _measured(self, text: str, folded: str, first: int, measure: _Measure) -> Iterator[Significance]:
        """Yield the size by each figure in ``text``, from position ``first`` on, that is the event's own.

        Beside a larger figure, even another fact's, a small one does not show that the event is small.
        """
        values = [self._value(figure) or 0 for figure in self._figures[measure.unit].finditer(folded)]
        for figure in self._figures[measure.unit].finditer(folded, first):
            start, end = _clause(folded, figure)
            words_end = figure.end()
            if measure.units is not None:
                unit = measure.units.match(folded, words_end, end)
                if unit is None:
                    continue
                words_end = unit.end()
            before = folded[start : figure.start()].split()[-self._words_before :]
            after = folded[words_end:end].split()[: self._words_after]
            value = self._value(figure)
            if value is None or not self._is_own(before, after, measure):
                continue
            found = measure.scale.measure(value, text[figure.start() : words_end])
            if found.size != "minor" or max(values) < measure.scale.small:
                yield found

    def _is_own(self, before: list[str], after: list[str], measure: _Measure) -> bool:
        """Return whether the words around a figure say that it measures the event."""
        if self._not_own.search(" ".join(after[:2])):
            return False
        preceding = " ".join(before)
        cues = list(measure.before.finditer(preceding))
        if cues and not self._not_own.search(preceding, cues[-1].end()):
            return True
        return measure.after is not None and measure.after.search(" ".join(after)) is not None

    def _value(self, figure: re.Match[str]) -> float | None:
        """Return the value of a figure, in dollars if it is money, or None if it is a mere price."""
        groups = figure.groupdict()
        multiple, currency = groups.get("multiple"), groups.get("currency") or groups.get("code")
        value = float(groups["number"].replace(",", "")) * self._multiples.get(multiple or "", 1)
        if currency is None:
            return value
        return None if multiple is None and value < LEAST_IN_FULL else value * self._currencies[currency]

    def _share_moves(self, title: str, surface: str) -> Iterator[Significance]:
        """Yield the size of each move of the own share of ``surface`` in the title."""
        rests = [title[match.end() :] for match in re.finditer(rf"(?<!\w){re.escape(surface)}(?!\w)", title)]
        if title.startswith(surface):
            rests += [f" {title[match.end() :].lstrip()}" for match in _SHARES_AFTER.finditer(title)]
        for move in map(price_move, rests):
            percent = _PERCENT.search(move.cues[0]) if move is not None else None
            if move is not None and percent is not None:
                words = _POSSESSIVE.sub("", move.cues[0], count=1)
                yield self._share_move.measure(float(percent["number"]), words)


def adjust(reading: Reading, significance: Significance | None) -> Reading:
    """Return ``reading`` with a weight that fits the size found, and a probability changed by at most ``SHIFT``.

    What is large is worth telling at least, what is small is minor at most; an ordinary size changes nothing.
    """
    if significance is None or not significance.why:
        return reading
    if significance.size == "minor":
        weight, score = min(reading.weight, "minor", key=_WEIGHTS.index), max(0.0, reading.tell_score - SHIFT)
    else:
        least: Weight = "major" if significance.size == "major" else "worth"
        weight, score = max(reading.weight, least, key=_WEIGHTS.index), min(1.0, reading.tell_score + SHIFT)
    return reading.model_copy(
        update={
            "weight": weight,
            "tell_score": round(score, 4),
            "reasons": (*reading.reasons, significance.why),
        }
    )


def _figure_patterns(currencies: Mapping[str, float], multiples: Mapping[str, float]) -> dict[_Unit, re.Pattern[str]]:
    signs = "".join(currency for currency in currencies if not currency.isalpha())
    codes = "|".join(currency for currency in currencies if currency.isalpha())
    multiple = rf"(?:[ -]?(?P<multiple>{'|'.join(sorted(multiples, key=len, reverse=True))})\b)?\+?"
    return {
        "money": re.compile(rf"(?:(?P<currency>[{signs}]) ?|\b(?P<code>{codes}) ?){_NUMBER}{multiple}"),
        "count": re.compile(rf"(?<![{signs}\w.,]){_NUMBER}(?![.,]?\d| ?%| per ?cent){multiple}"),
        "percent": _PERCENT,
    }


def _measure(unit: _Unit, entry: dict[str, Any]) -> _Measure:
    return _Measure(
        unit=unit,
        kinds=frozenset(entry["kinds"]),
        units=re.compile(rf"(?: [\w.'’-]+){{0,2}}? (?:{entry['units']})\b") if "units" in entry else None,
        before=_whole(entry["before"]),
        after=_whole(entry["after"]) if "after" in entry else None,
        name_first=entry.get("name_first", False),
        scale=_scale(entry),
    )


def _scale(entry: dict[str, Any]) -> _Scale:
    return _Scale(entry["large"], entry["small"], entry.get("size", "moderate"), entry["noun"])


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$€£-])(?:{words})(?!\w)")


def _clause(text: str, figure: re.Match[str]) -> tuple[int, int]:
    """Return the start and end of the clause that a figure stands in."""
    start = max((end.end() for end in _CLAUSE_END.finditer(text, 0, figure.start())), default=0)
    following = _CLAUSE_END.search(text, figure.end())
    return start, following.start() if following else len(text)


@cache
def default_significance_rules() -> SignificanceRules:
    """Return the rules that ship with the package."""
    return SignificanceRules(read_yaml("significance.yaml"))
