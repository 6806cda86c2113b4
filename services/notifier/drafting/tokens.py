"""Finds the tokens of a text that must be exactly right: numbers, amounts, percentages, dates, names and quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from services.notifier.drafting.data_files import word_list
from services.notifier.drafting.spelling import is_gerund
from services.notifier.drafting.tone import QUOTATION

__all__ = ["Date", "Token", "fold", "tokens"]

Kind = Literal["number", "amount", "percentage", "date", "name", "quotation"]

_MONTH_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS = (_MONTH_NAMES, tuple(name[:3] for name in _MONTH_NAMES))
_MONTH = "|".join([*_MONTHS[0], "sept", *_MONTHS[1]])
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_NUMBER = r"\d{1,3}(?:[,'’\u00a0\u202f ]\d{3})+(?:\.\d+)?(?![\d])|\d+(?:[.,]\d+)*"
_SCALES = {
    "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "mln": 10**6, "mio": 10**6, "m": 10**6,
    "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12, "tn": 10**12, "trn": 10**12,
}  # fmt: skip
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
#: Signs, codes and words of each currency and its one name. A bare $ is the US dollar.
_CURRENCIES = {
    "us$": "usd", "$": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "a$": "aud", "aud": "aud",
    "c$": "cad", "cad": "cad", "hk$": "hkd", "hkd": "hkd", "s$": "sgd", "sgd": "sgd", "€": "eur", "eur": "eur",
    "euro": "eur", "euros": "eur", "£": "gbp", "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "¥": "jpy",
    "jpy": "jpy", "yen": "jpy", "chf": "chf", "francs": "chf", "franc": "chf", "₹": "inr", "inr": "inr",
    "rupees": "inr", "sek": "sek", "nok": "nok", "dkk": "dkk", "kronor": "sek", "kroner": "nok", "cny": "cny",
    "yuan": "cny", "pence": "gbp/100", "pln": "pln", "cent": "cent", "cents": "cent",
}  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True) if not sign.isalpha())
_CODE = "|".join(sign for sign in sorted(_CURRENCIES, key=len, reverse=True) if sign.isalpha() and len(sign) == 3)
_UNIT = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
#: Without "one", which is mostly a pronoun ("no one", "one of your sites").
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
}  # fmt: skip

_PRECISE = re.compile(
    rf"""(?<![\w.])(?:
      (?P<date>
          \d{{4}}-\d{{2}}-\d{{2}}\b
        | \d{{1,2}}(?:st|nd|rd|th)?\.?\s(?:of\s)?(?:{_MONTH})\b(?:\.?,?\s\d{{4}}\b)?
        | (?:{_MONTH})\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?!\.\d|\s?%)(?:,?\s\d{{4}}\b)?
        | (?:{_MONTH})\b\.?,?\s\d{{4}}\b
      )
    | (?P<percentage>(?:{_NUMBER})\s?(?:%|per\s?cent\b|percent\b|pct\b|percentage\spoints?\b))
    | (?P<amount>
          (?:(?:{_SIGN})|\b(?:{_CODE})\b)\s?(?:{_NUMBER})(?:[\s-]?(?:{_SCALE})\b)?(?!\w)
        | (?:{_NUMBER})(?:[\s-]?(?:{_SCALE})\b)?[\s-]?(?:{_UNIT})(?![\w$])
      )
    | (?P<code>(?=[\w/-]*\d)(?=[\w/-]*[^\W\d_])\w+(?:[./-]\w+)*)
    | (?P<number>(?:{_NUMBER})(?:[\s-]?(?:{_SCALE})\b)?)
    | (?P<word>(?:{"|".join(_WORDS)})(?:[\s-](?:{_SCALE})s?)?\b)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SCALED_CODE = re.compile(rf"(?P<number>{_NUMBER})(?P<scale>{_SCALE})$", re.IGNORECASE)
#: "may" and "march" alone are mostly verbs. With a day or a year, the pattern above finds them.
_FULL_MONTHS = "|".join(month for month in _MONTHS[0] if month not in ("may", "march"))
_CALENDAR = re.compile(rf"\b(?:{_FULL_MONTHS}|{_DAYS})\b", re.IGNORECASE)
#: Days relative to the day of reading.
_RELATIVE = re.compile(
    rf"""\b(?:today|tonight|yesterday|tomorrow
      | this\s(?:morning|afternoon|evening|week|month|quarter|year|{_DAYS})
      | (?:last|next)\s(?:night|week|month|quarter|year|{_DAYS})
      | (?:\d+|a|{"|".join(_WORDS)})\s(?:day|week|month|year)s?\sago
      )\b""",
    re.IGNORECASE | re.VERBOSE,
)
#: Words before and after that must be in the evidence too; otherwise any "tomorrow" would support any other.
_AROUND = 2
#: A letter after a digit belongs to a code, not to a name.
_NAME = re.compile(r"(?<!\w)[^\W\d_](?:[\w’'&-]|\.(?=\w))*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…•\n])[\s“”\"'‘’()\[\]–—-]*$|[“\"„«(]$")
_TRIVIAL = frozenset({"I", "I'm", "I've", "I'd", "I'll", "I’m", "I’ve", "I’d", "I’ll", "A"})


@dataclass(frozen=True, slots=True)
class Date:
    """A day, or as much of it as the text says. ``name`` is a weekday or a month without a day."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    name: str | None = None

    def within(self, other: Date) -> bool:
        """Return whether ``other`` says everything that this date says."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day), (self.name, other.name))
        return all(mine is None or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Token:
    """Something that must be grounded: its ``text``, and a ``value`` that does not depend on how it is written.

    The value of a relative day is ``("relative", its text, the words around it)``.
    """

    start: int
    text: str
    kind: Kind
    value: tuple[str, ...] | Date


def fold(text: str) -> str:
    """Return ``text`` as bare lower-case words with spaces around each, to compare names and quotations."""
    return " " + " ".join(re.findall(r"[^\W_]+", text.casefold())) + " "


@lru_cache(maxsize=4096)  # the client book's texts are indexed for every message
def tokens(text: str) -> tuple[Token, ...]:
    """Return everything in ``text`` that must be grounded, in order of appearance."""
    quotations = tuple(_quotations(text))
    found = [*_precise(text), *quotations, *_relative(text, quotations)]
    # Blank precise values, so that "3 March" does not yield a name.
    bare = list(text)
    for token in found:
        if token.kind != "quotation":
            bare[token.start : token.start + len(token.text)] = "#" * len(token.text)
    found += _names("".join(bare))
    return tuple(sorted(found, key=lambda token: (token.start, token.kind)))


def _precise(text: str) -> Iterator[Token]:
    taken: list[tuple[int, int]] = []
    for match in _PRECISE.finditer(text):
        kind, raw = match.lastgroup or "number", match[0]
        taken.append(match.span())
        if kind == "code" and (scaled := _SCALED_CODE.match(raw)) and scaled.end() == len(raw):
            yield Token(match.start(), raw, "number", ("number", _value(raw)))
        elif kind == "code":
            yield Token(match.start(), raw, "number", ("code", raw.casefold()))
        elif kind == "date":
            yield Token(match.start(), raw, "date", _date(raw))
        elif kind == "word":
            yield Token(match.start(), raw, "number", ("number", _word_value(raw)))
        elif kind == "percentage":
            yield Token(match.start(), raw, "percentage", ("percentage", _value(raw)))
        elif kind == "amount":
            yield Token(match.start(), raw, "amount", ("amount", _currency(raw), _value(raw)))
        else:
            yield Token(match.start(), raw, "number", ("number", _value(raw)))
    for match in _CALENDAR.finditer(text):
        if not any(start <= match.start() < end for start, end in taken):
            name = match[0].casefold()
            month = _MONTHS[0].index(name) + 1 if name in _MONTHS[0] else None
            yield Token(match.start(), match[0], "date", Date(month=month, name=None if month else name))


def _relative(text: str, quotations: tuple[Token, ...]) -> Iterator[Token]:
    """Yield "yesterday", "next week" and the like outside of quotations, which are as of the source's day."""
    for match in _RELATIVE.finditer(text):
        start, end = match.span()
        quoted = any(token.start <= start < token.start + len(token.text) for token in quotations)
        if quoted or (match[0][0].isupper() and not _SENTENCE_START.search(text[max(0, start - 12) : start])):
            continue  # a capital within a sentence is a name: "Ledger Today"
        line = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        before = fold(text[line[0] : start]).split()[-_AROUND:]
        after = fold(text[end : line[1] if line[1] >= 0 else len(text)]).split()[:_AROUND]
        around = " ".join([*before, *fold(match[0]).split(), *after])
        yield Token(start, match[0], "date", ("relative", match[0].casefold(), f" {around} "))


def _quotations(text: str) -> Iterator[Token]:
    for match in QUOTATION.finditer(text):
        inner = next((group for group in match.groups() if group is not None), "")
        if fold(inner).strip():
            # An ellipsis marks an omission: the source must contain each piece around it.
            pieces = tuple(fold(piece) for piece in re.split(r"\[?(?:…|\.\.\.)\]?", inner) if fold(piece).strip())
            yield Token(match.start(), match[0], "quotation", pieces)


def _names(text: str) -> Iterator[Token]:
    run: list[re.Match[str]] = []
    for match in _NAME.finditer(text):
        word = match[0]
        adjoining = run and text[run[-1].end() : match.start()] in (" ", "\u00a0", "-", " & ", "&")
        capital = word != word.lower() and word not in _TRIVIAL
        if run and not (adjoining and capital):
            yield from _name(text, run)
            run = []
        if capital:
            run.append(match)
    if run:
        yield from _name(text, run)


def _name(text: str, run: list[re.Match[str]]) -> Iterator[Token]:
    while run and _common(run[0][0]) and _SENTENCE_START.search(text[max(0, run[0].start() - 12) : run[0].start()]):
        run = run[1:]
        if run and _common(run[0][0]):
            continue
        break
    if not run:
        return
    start, end = run[0].start(), run[-1].end()
    name = re.sub(r"[’']s?$", "", text[start:end])
    yield Token(start, name, "name", (fold(name),))


def _common(word: str) -> bool:
    bare = re.split(r"[’'-]", word)[0].casefold()
    return bare in word_list("common") or is_gerund(bare)


def _value(raw: str) -> str:
    """Return the number in ``raw`` with its scale, in one spelling: 1300000000 for "1.3bn" and "1,300 million"."""
    match = re.search(rf"({_NUMBER})(?:[\s-]?({_SCALE})\b)?", raw, re.IGNORECASE)
    if match is None:
        return raw
    digits, scale = re.sub(r"['’\s\u00a0\u202f]", "", match[1]), (match[2] or "").casefold()
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    digits = digits.replace(",", ".")
    if digits.count(".") > 1:
        return digits
    value = Decimal(digits) * _SCALES.get(scale, 1)
    return format(value.normalize(), "f")


def _word_value(raw: str) -> str:
    word, *scale = re.split(r"[\s-]", raw.casefold())
    factor = _SCALES.get(scale[0].rstrip("s"), 1) if scale else 1
    return str(_WORDS[word] * factor)


def _currency(raw: str) -> str:
    rest = re.sub(rf"{_NUMBER}|\s|-", "", raw.casefold())
    for sign in sorted(_CURRENCIES, key=len, reverse=True):
        if rest.startswith(sign) or rest.endswith(sign):
            return _CURRENCIES[sign]
    return rest


def _date(raw: str) -> Date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
        year, month, day = (int(part) for part in raw.split("-"))
        return Date(year, month, day)
    word = next(part for part in re.findall(r"[a-z]+", raw.casefold()) if part[:3] in _MONTHS[1])
    numbers = [int(number) for number in re.findall(r"\d+", raw)]
    years = [number for number in numbers if number > 31]
    days = [number for number in numbers if number <= 31]
    month = _MONTHS[1].index(word[:3]) + 1
    return Date(years[0] if years else None, month, days[0] if days else None)
