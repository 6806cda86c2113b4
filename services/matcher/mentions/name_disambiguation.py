"""Is this occurrence of a name the thing that is watched, or a word, a person, a longer name, somebody who is quoted?

Each question is one function of the words around; none of them knows the client book.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from services.matcher.mentions.terms import Kind, Style, Word
from services.matcher.text.field_text import FieldText, LetterCase
from services.matcher.text.word_lists import word_lists

__all__ = ["Place", "Trust", "legal_form", "part_of_another_name", "quoted", "trust"]

#: Tickers of this many letters are taken without a mark such as "$" or "(NASDAQ:".
_BARE_TICKER = 3
#: Acronyms up to this length must stand in capitals: "Den" is not DEN.
_ACRONYM = 3
_SPEECH = frozenset(
    {"says", "said", "told", "tells", "reports", "reported", "by", "via", "source", "cites", "citing", "to", "with"}
)
#: Of these the ones that need a word of speech before them: according to, an interview with.
_ADDRESS = frozenset({"to", "with"})
_MEDIA_SPEECH = frozenset({"says", "said", "reports", "reported", "poll", "survey", "writes", "reporting"})
_ANALYSTS = frozenset(
    {
        "analyst",
        "analysts",
        "economist",
        "economists",
        "strategist",
        "strategists",
        "note",
        "survey",
        "poll",
        "research",
    }
)


#: Behind "Group" these are its several houses, or their shares.
_HOUSES = frozenset({"stocks", "companies", "firms", "cos", "counters", "scrips", "entities"})
#: A research house that does this speaks of another company; the second kind only where a price target is named.
_RATES = frozenset({"upgrades", "downgrades", "initiates", "reiterates", "upgraded", "downgraded", "reiterated"})
_CHANGES = frozenset({"cuts", "raises", "lifts", "trims", "lowers", "boosts", "ups", "hikes", "slashes"})


class Trust(IntEnum):
    """How far an occurrence can be taken for the name: not at all, only if something else says so, or by itself."""

    NONE = 0
    WEAK = 1
    FULL = 2


class Place(NamedTuple):
    """Words ``first`` to ``last`` of a reading; ``plural`` where an s was added to the name."""

    reading: FieldText
    first: int
    last: int
    plural: bool

    @property
    def surface(self) -> str:
        """As it is written."""
        start, end = self.bounds
        return self.reading.text[start:end]

    @property
    def bounds(self) -> tuple[int, int]:
        """Where it stands in the field's text, end exclusive."""
        places = self.reading.places
        return places[self.first][0], places[self.last][1]


def trust(place: Place, style: Style) -> Trust:
    """Whether letter case and the words beside it allow to read the occurrence as the name."""
    if style.kind is Kind.PHRASE:
        return Trust.FULL
    if style.size > 1:
        if style.umlaut and place.surface.isascii():
            return Trust.NONE
        return _several_words(place, style)
    surface = place.surface
    if style.word is not Word.NONE and surface[0].islower() and place.reading.case is not LetterCase.LOWER:
        return Trust.NONE
    if style.umlaut and surface.isascii():
        return Trust.NONE
    if _inside_a_token(place):
        return Trust.NONE
    if surface.isupper() and _ticker_form(place, alone=style.word is not Word.INSTITUTION):
        return Trust.FULL
    if style.kind is Kind.TICKER:
        return _bare_ticker(place, style)
    return _one_word(place, style)


def _inside_a_token(place: Place) -> bool:
    """Whether the occurrence is a piece of something written without blanks: T in AT&T, a host name."""
    text = place.reading.text
    start, end = place.bounds
    left = text[start - 1 : start]
    if left == "&" or (left == "." and text[start - 2 : start - 1].isalnum()):
        return True
    return text[end : end + 1] == "&" and text[end + 1 : end + 2].isalnum()


def _ticker_form(place: Place, alone: bool = True) -> bool:
    """``$AAPL``, ``(NASDAQ: AAPL)``, ``<AAPL.O>``, ``AAPL.O``, ``(AAPL US)``, ``NYSE: T``; if ``alone`` ``(AAPL)``."""
    reading, text = place.reading, place.reading.text
    start, end = place.bounds
    left, right = text[start - 1 : start], text[end : end + 1]
    if left in ("$", "<") or (alone and left == "(" and right == ")"):
        return True
    if _exchange_behind(place, left):
        return True
    exchange = place.first - 1
    return (
        exchange >= 0
        and reading.listed(exchange, word_lists().exchanges)
        and reading.between(exchange, place.first).strip() == ":"
    )


def _exchange_behind(place: Place, left: str) -> bool:
    """``ORV.N``, ``(ORV US)``, ``ORV LN Equity``: the exchange's code in capitals behind the ticker."""
    reading, code = place.reading, place.last + 1
    if code > reading.last or not reading.surface(code).isupper():
        return False
    lists, gap = word_lists(), reading.between(place.last, code)
    if gap == ".":
        return reading.listed(code, lists.reuters_codes)
    if gap != " " or not reading.listed(code, lists.bloomberg_codes):
        return False
    closed = left == "(" and reading.text[reading.places[code][1] :][:1] == ")"
    return closed or reading.listed(reading.after(code), frozenset({"equity"}))


def _bare_ticker(place: Place, style: Style) -> Trust:
    surface = place.surface
    if not surface.isupper() or place.plural or style.word is not Word.NONE:
        return Trust.NONE
    needed = _BARE_TICKER + (place.reading.case is LetterCase.UPPER)
    return Trust.FULL if len(surface) >= needed else Trust.NONE


def _several_words(place: Place, style: Style) -> Trust:
    if style.word is Word.NONE:
        return Trust.FULL
    reading = place.reading
    if reading.case in (LetterCase.LOWER, LetterCase.UPPER):
        return Trust.WEAK
    named = [k for k in range(place.first, place.last + 1) if not reading.listed(k, word_lists().function_words)]
    return Trust.FULL if all(reading.is_capitalized(k) for k in named) else Trust.NONE


def _one_word(place: Place, style: Style) -> Trust:
    if style.word is not Word.NONE:
        return _ordinary_word(place, style)
    reading, surface = place.reading, place.surface
    name = surface[:-1] if place.plural and surface.endswith("s") else surface
    if style.upper and len(name) <= _ACRONYM and not name.isupper():
        return Trust.WEAK if reading.case is LetterCase.LOWER else Trust.NONE
    if style.capital and surface[0].islower() and reading.case is not LetterCase.LOWER:
        return Trust.NONE if style.given_name else Trust.WEAK
    return Trust.FULL


def _ordinary_word(place: Place, style: Style) -> Trust:
    """A name that is also a word: Apple, Target, Gap, Take, Oil."""
    reading, surface, k = place.reading, place.surface, place.first
    if reading.case is LetterCase.LOWER or style.word is Word.INSTITUTION:
        return Trust.WEAK
    if not surface[0].isupper() or place.plural:
        return Trust.NONE
    following = reading.after(k)
    if legal_form(reading, k) is not None:
        return Trust.FULL
    if reading.case is LetterCase.UPPER:
        speaks = style.word is Word.COMMON and reading.listed(following, word_lists().company_predicates)
        return Trust.FULL if speaks else Trust.WEAK
    if (surface.isupper() and style.upper) or not surface[1:].islower():
        return Trust.FULL  # written as the book writes it, or with a capital inside, as no word is
    if style.word is not Word.COMMON:
        return Trust.WEAK
    previous = reading.before(k)
    if reading.case is LetterCase.SENTENCE and not reading.opens_sentence(k):
        return Trust.FULL
    if reading.listed(previous, word_lists().verb_markers):
        return Trust.WEAK
    if reading.listed(following, word_lists().company_predicates) or reading.listed(
        previous, word_lists().company_introducers
    ):
        return Trust.FULL
    return Trust.FULL if _possessive(place) or _listed_among_names(place) else Trust.WEAK


def legal_form(reading: FieldText, k: int) -> int | None:
    """The word after ``k`` if it is a legal form such as "Inc" or "plc", with or without a comma before it."""
    following = k + 1
    if following > reading.last or reading.between(k, following).strip() not in ("", ","):
        return None
    if not reading.listed(following, word_lists().legal_forms):
        return None
    return following if reading.is_capitalized(following) or reading.norms[following] == "plc" else None


def _possessive(place: Place) -> bool:
    return place.surface.endswith(("'s", "’s"))


def _listed_among_names(place: Place) -> bool:
    """``Apple, Google and Intel``: followed by a comma and a capital, which ordinary words seldom are."""
    reading, following = place.reading, place.last + 1
    if following > reading.last or reading.between(place.last, following).strip() not in (",", "/"):
        return False
    return reading.is_capitalized(following) and reading.case is LetterCase.SENTENCE


def part_of_another_name(place: Place, style: Style) -> str | None:
    """The neighbour that makes the occurrence part of a person's or another company's name, or None."""
    if style.kind is not Kind.NAME or place.reading.case in (LetterCase.UPPER, LetterCase.LOWER):
        return None
    following = None if _possessive(place) else place.reading.after(place.last)
    if _of_a_group(place):
        return "group"
    if (
        style.upper
        and style.size == 1
        and place.surface.isupper()
        and place.reading.listed(following, word_lists().company_classes)
    ):
        return place.reading.surface(place.last + 1)
    if following is not None and _continues(place, style, following):
        return place.reading.surface(following)
    previous = place.reading.before(place.first)
    if previous is None:
        return None
    if style.size == 1:
        return place.reading.surface(previous) if _begins(place, style, previous) else None
    return place.reading.surface(previous) if _is_another_bank(place, previous) else None


def _of_a_group(place: Place) -> bool:
    """``Orvane Group stocks`` are those of all its houses."""
    reading = place.reading
    last = place.last if reading.norms[place.last] == "group" else reading.after(place.last)
    if last is None or reading.norms[last] != "group":
        return False
    return reading.listed(reading.after(last), _HOUSES)


def _is_another_bank(place: Place, previous: int) -> bool:
    """State, Reserve, Royal … Bank of Norwick are no Bank of Norwick."""
    reading = place.reading
    if reading.norms[place.first : place.first + 2] != ["bank", "of"] or not reading.is_capitalized(previous):
        return False
    return reading.listed(previous, word_lists().bank_prefixes)


def _continues(place: Place, style: Style, following: int) -> bool:
    reading = place.reading
    if not reading.is_capitalized(following) or "-" in reading.between(place.last, following):
        return False
    if reading.listed(following, word_lists().legal_forms):
        return False
    if style.size > 1:
        return reading.listed(following, word_lists().group_units)
    if reading.listed(following, word_lists().longer_name_words):
        return True
    if reading.listed(following, word_lists().same_company):
        return False
    if reading.case is LetterCase.TITLE:
        return style.given_name and not reading.listed(following, word_lists().company_predicates)
    return not reading.surface(following).isupper()


def _begins(place: Place, style: Style, previous: int) -> bool:
    reading = place.reading
    written = reading.surface(previous)
    if not written[0].isupper() or written.endswith(("'s", "’s")):
        return False
    if reading.listed(previous, word_lists().given_names):
        return True
    if place.surface.isupper() and len(place.surface) > 1:
        return False  # persons and most longer names don't end in an acronym
    if written.isupper():
        return len(written) == 1 or (style.word is not Word.NONE and not reading.opens_sentence(previous))
    lists, norm = word_lists(), reading.norms[previous]
    if reading.case is LetterCase.TITLE or any(
        norm in known
        for known in (lists.sentence_openers, lists.company_introducers, lists.same_company, lists.legal_forms)
    ):
        return False
    if reading.opens_sentence(previous):
        return not any(norm in known for known in (lists.common_words, lists.function_words, lists.goods))
    return True


def quoted(place: Place, style: Style, publisher: bool) -> bool:
    """Whether a news or research house only speaks here. ``publisher``: it is the item's own."""
    media = style.media or publisher
    if not media and not style.research:
        return False
    reading = place.reading
    previous, following = reading.before(place.first), reading.after(place.last)
    if previous is not None and reading.norms[previous] in _SPEECH:
        told = reading.norms[previous] not in _ADDRESS
        return told or reading.listed(reading.before(previous), word_lists().speech_introducers)
    if following is not None:
        norm = reading.norms[following]
        if norm in _ANALYSTS or (media and norm in _MEDIA_SPEECH):
            return True
        if style.research and (norm in _RATES or (norm in _CHANGES and " price target" in reading.padded)):
            return True
    return _signs(place) or (media and _dateline(place))


def _dateline(place: Place) -> bool:
    text = place.reading.text
    start, end = place.bounds
    return text[start - 1 : start] == "(" and text[end : end + 1] == ")"


def _signs(place: Place) -> bool:
    """``…: Goldman Sachs`` or ``…: Ann Lee, Goldman Sachs`` or ``… - BBC News``, at the end of the field."""
    reading = place.reading
    if place.last != reading.last or place.first == 0:
        return False
    mark = reading.between(place.first - 1, place.first).strip()
    if mark in (":", "-", "–", "—", "|", "- ", "(", "/"):
        return True
    if mark != ",":
        return False
    k = place.first - 1
    while k > 0 and place.first - k < 4 and reading.is_capitalized(k) and reading.between(k - 1, k).strip() == "":
        k -= 1
    return k > 0 and reading.between(k - 1, k).strip() == ":"
