"""Compares the figures of a statement with its evidence: value, scale, unit, "by" or "to", at least or at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Literal

__all__ = ["Figure", "FigureFault", "compare_figures", "figures"]

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "ninety": 90,
}  # fmt: skip
_FRACTIONS = {
    "half": 50,
    "third": 33.3,
    "quarter": 25,
    "fifth": 20,
    "tenth": 10,
    "two thirds": 66.7,
    "two-thirds": 66.7,
}
_SCALES = {
    "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9, "b": 1e9,
    "trillion": 1e12, "tn": 1e12,
}  # fmt: skip
_UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "pct": "%", "basis points": "bp", "basis point": "bp",
    "percentage points": "pp", "percentage point": "pp", "points": "pp", "dollars": "usd", "dollar": "usd", "$": "usd",
    "euros": "eur", "euro": "eur", "€": "eur", "pounds": "gbp", "£": "gbp", "crowns": "crown", "francs": "chf",
    "yen": "jpy", "¥": "jpy", "cents": "cent", "terabytes": "tb", "gigabytes": "gb", "megabytes": "mb",
    "megawatts": "mw", "kilowatts": "kw", "gigawatts": "gw", "tonnes": "t", "kilos": "kg",
    "minutes": "minute", "minute": "minute", "hours": "hour", "hour": "hour", "days": "day", "day": "day",
    "weeks": "week", "week": "week", "months": "month", "month": "month", "years": "year", "year": "year",
}  # fmt: skip
_KINDS = {
    **dict.fromkeys(("%", "bp", "pp"), "share"), **dict.fromkeys(("usd", "eur", "gbp", "crown", "chf", "jpy"), "money"),
    **dict.fromkeys(("tb", "gb", "mb"), "bytes"), **dict.fromkeys(("mw", "kw", "gw"), "power"),
    **dict.fromkeys(("minute", "hour", "day", "week", "month", "year"), "time"),
}  # fmt: skip
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True) if unit[0].isalpha())
_PERIOD = r"share|year|month|week|day|hour|barrel|tonne|ton|liter|litre|ounce|gram|kilo|head"
_FIGURE = re.compile(
    rf"""(?<![\w.,-])(?P<sign>US\$|[$€£¥])?\s?
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?(?!\.\d)|\b(?:{"|".join(_WORDS)})\b)
    (?:[\s-]?(?P<scale>{"|".join(sorted(_SCALES, key=len, reverse=True))})\b)?
    (?:[\s-]?(?P<unit>%|(?:{_UNIT})\b))?
    (?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_FRACTION = re.compile(
    r"\b(?:(?:a|one|by)\s(third|quarter|fifth|tenth)|(two[ -]thirds)|(half))\b(?!-)(?!\s+\w+\s+profit)", re.I
)
_PER = re.compile(
    rf"^(?:[\s-]\w+){{0,2}}?\s(?:a|an|per|each)\s({_PERIOD})\b|^\s(in total|in all|altogether)\b", re.IGNORECASE
)
_ABOUT = r"(?:(?:about|around|roughly|nearly|almost|some|an|a|average|of|approximately|more|less|than|over)\s)*"
_MOVED = (
    "rose|fell|up|down|slipped|gained|lost|climbed|dropped|dipped|increased|grew|slid|shrank|increase of|rise of"
    "|drop of|fall of"
)
_ROLE = re.compile(rf"\b(by|to|from|than)\s{_ABOUT}$|\b(?:{_MOVED})\s(?:at\s)?{_ABOUT}$", re.IGNORECASE)
_LOWER = re.compile(
    r"\b(?:at least|more than|over|above|exceed\w*|no less than|not less than|no fewer than|minimum of|beyond)\s"
    r"(?:\w+\s)?$",
    re.IGNORECASE,
)
_UPPER = re.compile(
    r"\b(?:at most|up to|no more than|not more than|not exceed|below|under|less than|fewer than|maximum of|capped at"
    r"|as much as|as many as|nearly|almost|no longer than)\s(?:\w+\s)?$",
    re.IGNORECASE,
)
_OR = re.compile(
    r"^(?:\s\w+){0,2}?\s(?:or|and)\s(more|above|over|later|less|fewer|below|under|earlier)\b", re.IGNORECASE
)

_DIRECTION = re.compile(
    r"\b(?:(rose|rise[sn]?|raised?|increased?|grew|climbed|jumped|surged|up|lifted|gained)"
    r"|(?:fell|falls?|cut|cuts|lowered|dropped|declined|decreased|slid|slipped|reduced?|shrank|down|sank))\b(?=.*\bfrom\b)",
    re.IGNORECASE,
)

Role = Literal["by", "to", "from", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its value, the number and scale as written, and how it is used.

    ``bound`` is 1 for "at least", -1 for "at most", 0 for neither. ``per`` is "share" in "0.40 crowns a share".
    """

    text: str
    value: float
    number: str
    scale: str
    unit: str
    role: Role
    bound: int
    per: str
    start: int
    noun: str = ""


@dataclass(frozen=True, slots=True)
class FigureFault:
    """A figure that differs from the evidence's."""

    kind: Literal["number", "quantity"]
    words: str
    evidence: str
    message: str


@lru_cache(maxsize=2048)
def figures(text: str) -> tuple[Figure, ...]:
    """Return the figures of ``text`` in order of appearance."""
    found = [_figure(text, match) for match in _FIGURE.finditer(text)]
    for match in _FRACTION.finditer(text):
        name = next(group for group in match.groups() if group).casefold()
        value = float(_FRACTIONS[name])
        found.append(Figure(match[0], value, "", "", "%", _role(text[: match.start()]), 0, "", match.start()))
    return tuple(sorted(found, key=lambda figure: figure.start))


def compare_figures(
    text: str, evidence: Sequence[str], close: Sequence[str], *, negations_differ: bool
) -> list[FigureFault]:
    """Return what differs between the figures of ``text``, one statement, and those of ``evidence``.

    A figure that the evidence lacks is only compared with those of ``close``: statements about the same.
    """
    known = [figure for source in evidence for figure in figures(source)]
    compared = [figure for source in close for figure in figures(source)]
    faults = (_fault(figure, known, compared, negations_differ) for figure in figures(text))
    return [fault for fault in (*faults, _wrong_way(text)) if fault is not None]


def _wrong_way(text: str) -> FigureFault | None:
    """Return the figures of "fell from 10 to 12", which contradict the word."""
    direction = _DIRECTION.search(text)
    pair = [figure for figure in figures(text) if figure.role in ("from", "to")]
    if direction is None or len(pair) != 2 or (pair[0].role, pair[1].role) != ("from", "to"):
        return None
    if pair[0].unit != pair[1].unit and pair[0].unit:
        return None
    rises = pair[1].value > pair[0].value
    if rises == (direction[1] is not None) or pair[0].value == pair[1].value or " than" in text:
        return None
    words = text[direction.start() : pair[1].start + len(pair[1].text)]
    return FigureFault("number", words, "", f"“{direction[0]}” does not go with these figures.")


def _figure(text: str, match: re.Match[str]) -> Figure:
    raw = match["number"].casefold()
    scale = (match["scale"] or "").casefold()
    value = float(_WORDS[raw] if raw in _WORDS else raw.replace(",", "")) * _SCALES.get(scale, 1)
    unit = _UNITS.get((match["unit"] or "").casefold(), "") or {"us$": "usd"}.get(
        (match["sign"] or "").casefold(), _UNITS.get(match["sign"] or "", "")
    )
    before, after = text[: match.start()], text[match.end() :]
    bound = 1 if _LOWER.search(before) else -1 if _UPPER.search(before) else 0
    if re.search(r"\bnot\s(?:\w+\s){0,2}(?:exceed|more than|over|above)\s$", before, re.IGNORECASE):
        bound = -1
    if bound == 0 and (more := _OR.search(after)):
        bound = 1 if more[1].casefold() in ("more", "above", "over", "later") else -1
    per = _PER.search(after)
    per_what = "" if per is None else (per[1] or "total").casefold()
    return Figure(
        match[0].strip(),
        value,
        str(_WORDS.get(raw, raw)),
        scale,
        unit,
        _role(before),
        bound,
        per_what,
        match.start(),
        _noun(after),
    )


def _noun(after: str) -> str:
    """Return the start of the next word but one at most, which says what is counted."""
    match = re.match(r"\s(?:of\s|the\s|its\s|employees\s)*([a-z]{3,})", after)
    return match[1][:4] if match else "."


def _role(before: str) -> Role:
    match = _ROLE.search(before)
    if match is None:
        return ""
    role = (match[1] or "by").casefold()
    return {"by": "by", "to": "to", "from": "from", "than": "from"}[role]  # type: ignore[return-value]


def _fault(
    figure: Figure, known: Sequence[Figure], compared: Sequence[Figure], negations_differ: bool
) -> FigureFault | None:
    same = [other for other in known if _is_same(figure, other)]
    if same:
        return _misused(figure, same, negations_differ)
    if _is_year(figure):
        return None
    kin = [other for other in compared if _comparable(figure, other)]
    for other in kin:
        if other.number and other.number == figure.number:
            return FigureFault(
                "number", figure.text, other.text, f"The evidence says “{other.text}”, not “{figure.text}”."
            )
    kin = [other for other in kin if other.unit == figure.unit and not _is_year(other)]
    if not figure.number:
        kin = [other for other in kin if not other.number]
    if not kin or _is_derived(figure, [other for other in known if other.unit == figure.unit]):
        return None
    if not figure.unit:
        kin = [other for other in kin if other.noun == figure.noun or sorted(other.number) == sorted(figure.number)]
    if not kin:
        return None
    nearest = min(kin, key=lambda other: abs(other.value - figure.value))
    return FigureFault("number", figure.text, nearest.text, f"The evidence says “{nearest.text}”, not “{figure.text}”.")


def _misused(figure: Figure, same: Sequence[Figure], negations_differ: bool) -> FigureFault | None:
    if all(_roles_differ(figure.role, other.role) for other in same):
        words, theirs = (f"{role} {text}" for role, text in ((figure.role, figure.text), (same[0].role, same[0].text)))
        return FigureFault("number", figure.text, theirs, f"The evidence says “{theirs}”, not “{words}”.")
    if figure.per and all(other.per and other.per != figure.per for other in same):
        words, theirs = _per_words(figure), _per_words(same[0])
        return FigureFault("number", figure.text, theirs, f"The evidence says “{theirs}”, not “{words}”.")
    if not negations_differ and figure.bound and all(other.bound == -figure.bound for other in same):
        side = "at least" if figure.bound > 0 else "at most"
        theirs = "at most" if figure.bound > 0 else "at least"
        message = f"The evidence gives “{same[0].text}” as {theirs}, the text as {side}."
        return FigureFault("quantity", figure.text, f"{theirs} {same[0].text}", message)
    return None


def _per_words(figure: Figure) -> str:
    return f"{figure.text} in total" if figure.per == "total" else f"{figure.text} a {figure.per}"


def _roles_differ(mine: Role, theirs: Role) -> bool:
    return {mine, theirs} in ({"by", "to"}, {"to", "from"})


def _comparable(figure: Figure, other: Figure) -> bool:
    if figure.unit == other.unit:
        return True
    kind = _KINDS.get(figure.unit)
    return kind is not None and kind == _KINDS.get(other.unit)


def _is_same(figure: Figure, other: Figure) -> bool:
    """Return whether both are one value, perhaps rounded in the text."""
    if figure.unit and other.unit and figure.unit != other.unit:
        if {figure.unit, other.unit} == {"cent", "usd"}:
            cents, dollars = (figure, other) if figure.unit == "cent" else (other, figure)
            return abs(cents.value - dollars.value * 100) < 0.01
        return False
    if figure.value == other.value:
        return True
    if not figure.number:
        return other.unit == "%" and abs(figure.value - other.value) <= 2
    if not other.number:
        return False
    digits = figure.number.replace(",", "").rstrip("0").rstrip(".").replace(".", "").lstrip("0")
    theirs = other.number.replace(",", "").rstrip("0").rstrip(".").replace(".", "").lstrip("0")
    if len(digits) >= len(theirs) or not other.value:
        return False
    return abs(figure.value - other.value) <= 0.05 * abs(other.value) or round(other.value) == figure.value


def _is_derived(figure: Figure, kin: Sequence[Figure]) -> bool:
    """Return whether the value is a sum, difference or share of two figures of the evidence."""
    values = [other.value for other in kin]
    tolerance = max(0.01, 0.01 * abs(figure.value))
    if figure.unit == "%" and any(abs(100 - value - figure.value) <= 1 for value in values):
        return True
    return any(
        min(abs(a - b - figure.value), abs(a + b - figure.value)) <= tolerance for a, b in permutations(values, 2)
    )


def _is_year(figure: Figure) -> bool:
    return not figure.unit and not figure.scale and re.fullmatch(r"(?:19|20)\d\d", figure.number) is not None
