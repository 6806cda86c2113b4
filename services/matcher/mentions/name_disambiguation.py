"""Decides whether an occurrence of a name means the watched thing.

It may instead be an ordinary word, part of a person's or another company's name, or a source that is only quoted. Each
question is one function of the surrounding words. None of them uses the client book.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from services.matcher.mentions.terms import TermKind, TermStyle, WordClass
from services.matcher.text.field_text import FieldText, LetterCase
from services.matcher.text.word_lists import word_lists

__all__ = [
    "Certainty",
    "Occurrence",
    "disambiguate",
    "is_part_of_another_name",
    "is_quoted_source",
    "legal_form_after",
    "may_be_meant",
]

#: A ticker needs this many letters to count without a mark such as "$" or "(NASDAQ:".
_BARE_TICKER = 3
#: Acronyms up to this length must be in capitals: "Den" is not DEN.
_ACRONYM = 3
_SPEECH = frozenset(
    {"says", "said", "told", "tells", "reports", "reported", "by", "via", "source", "cites", "citing", "to", "with"}
)
#: Words of _SPEECH that need another one before them: "according to", "an interview with".
_PREPOSITIONS = frozenset({"to", "with"})
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
#: After "Group", these mean the companies of the group, or their shares.
_GROUP_COMPANIES = frozenset({"stocks", "companies", "firms", "cos", "counters", "scrips", "entities"})
#: A research firm that does this speaks of another company; _CHANGES only if a price target is named.
_RATES = frozenset({"upgrades", "downgrades", "initiates", "reiterates", "upgraded", "downgraded", "reiterated"})
_CHANGES = frozenset({"cuts", "raises", "lifts", "trims", "lowers", "boosts", "ups", "hikes", "slashes"})


class Certainty(IntEnum):
    """The certainty that an occurrence means the watched thing.

    A POSSIBLE occurrence counts only if the item contains a CERTAIN one as well.
    """

    NONE = 0
    POSSIBLE = 1
    CERTAIN = 2


class Occurrence(NamedTuple):
    """An occurrence of a term: words ``first`` to ``last`` of a field; ``plural`` if the text adds an "s"."""

    field_text: FieldText
    first: int
    last: int
    plural: bool

    @property
    def surface(self) -> str:
        """The occurrence as it is written."""
        start, end = self.bounds
        return self.field_text.text[start:end]

    @property
    def bounds(self) -> tuple[int, int]:
        """The start and end (exclusive) in the field's text."""
        spans = self.field_text.word_spans
        return spans[self.first][0], spans[self.last][1]


def disambiguate(occurrence: Occurrence, style: TermStyle) -> Certainty:
    """Return the certainty that the occurrence is the name, judged by letter case and the words beside it."""
    if style.plus and not _plus_follows(occurrence):
        return Certainty.NONE
    if style.kind is TermKind.PHRASE:
        return Certainty.CERTAIN
    if style.initials:
        return (
            Certainty.POSSIBLE if occurrence.surface.removesuffix("'s").removesuffix("’s").isupper() else Certainty.NONE
        )
    if style.word_count > 1:
        if style.needs_umlaut and occurrence.surface.isascii():
            return Certainty.NONE
        return _several_words(occurrence, style)
    surface = occurrence.surface
    if (
        style.word_class is not WordClass.NONE
        and surface[0].islower()
        and occurrence.field_text.case is not LetterCase.LOWER
    ):
        return Certainty.NONE
    if style.needs_umlaut and surface.isascii():
        return Certainty.NONE
    if _is_inside_a_token(occurrence):
        return Certainty.NONE
    if surface.isupper() and _is_marked_ticker(
        occurrence, allow_parentheses=style.word_class is not WordClass.INSTITUTION
    ):
        return Certainty.CERTAIN
    if style.kind is TermKind.TICKER:
        return _bare_ticker(occurrence, style)
    return _one_word(occurrence, style)


def _plus_follows(occurrence: Occurrence) -> bool:
    end = occurrence.bounds[1]
    return occurrence.field_text.text[end : end + 1] == "+"


def _is_inside_a_token(occurrence: Occurrence) -> bool:
    """Return whether the occurrence is part of something written without spaces: T in AT&T, a host name."""
    text = occurrence.field_text.text
    start, end = occurrence.bounds
    left = text[start - 1 : start]
    if left == "&" or (left == "." and text[start - 2 : start - 1].isalnum()):
        return True
    return text[end : end + 1] == "&" and text[end + 1 : end + 2].isalnum()


def _is_marked_ticker(occurrence: Occurrence, allow_parentheses: bool) -> bool:
    """Return whether the occurrence is marked as a ticker.

    Marks are ``$AAPL``, ``(NASDAQ: AAPL)``, ``<AAPL.O>``, ``AAPL.O``, ``(AAPL US)``, ``NYSE: T``, and ``(AAPL)`` if
    ``allow_parentheses``.
    """
    field_text, text = occurrence.field_text, occurrence.field_text.text
    start, end = occurrence.bounds
    left, right = text[start - 1 : start], text[end : end + 1]
    if left in ("$", "<") or (allow_parentheses and left == "(" and right == ")"):
        return True
    if _exchange_follows(occurrence, left):
        return True
    exchange = occurrence.first - 1
    return (
        exchange >= 0
        and field_text.is_listed(exchange, word_lists().exchanges)
        and field_text.gap(exchange, occurrence.first).strip() == ":"
    )


def _exchange_follows(occurrence: Occurrence, left: str) -> bool:
    """Return whether an exchange's code in capitals follows: ``ORV.N``, ``(ORV US)``, ``ORV LN Equity``."""
    field_text, code = occurrence.field_text, occurrence.last + 1
    if code > field_text.last_word or not field_text.surface(code).isupper():
        return False
    lists, gap = word_lists(), field_text.gap(occurrence.last, code)
    if gap == ".":
        return field_text.is_listed(code, lists.reuters_codes)
    if gap != " " or not field_text.is_listed(code, lists.bloomberg_codes):
        return False
    in_parentheses = left == "(" and field_text.text[field_text.word_spans[code][1] :][:1] == ")"
    return in_parentheses or field_text.is_listed(field_text.word_after(code), frozenset({"equity"}))


def _bare_ticker(occurrence: Occurrence, style: TermStyle) -> Certainty:
    surface = occurrence.surface
    if not surface.isupper() or occurrence.plural or style.word_class is not WordClass.NONE:
        return Certainty.NONE
    needed = _BARE_TICKER + (occurrence.field_text.case is LetterCase.UPPER)
    return Certainty.CERTAIN if len(surface) >= needed else Certainty.NONE


def _several_words(occurrence: Occurrence, style: TermStyle) -> Certainty:
    if style.word_class is WordClass.NONE:
        return Certainty.CERTAIN
    field_text = occurrence.field_text
    if field_text.case in (LetterCase.LOWER, LetterCase.UPPER):
        return Certainty.POSSIBLE
    needs_capital = (
        k
        for k in range(occurrence.first, occurrence.last + 1)
        if not field_text.is_listed(k, word_lists().function_words)
    )
    return Certainty.CERTAIN if all(field_text.is_capitalized(k) for k in needs_capital) else Certainty.NONE


def _one_word(occurrence: Occurrence, style: TermStyle) -> Certainty:
    if style.word_class is not WordClass.NONE:
        return _ordinary_word(occurrence, style)
    field_text, surface = occurrence.field_text, occurrence.surface
    name = surface[:-1] if occurrence.plural and surface.endswith("s") else surface
    if style.upper_case and occurrence.plural and surface.endswith("S") and field_text.case is not LetterCase.UPPER:
        return Certainty.NONE  # another abbreviation: "VXRS" is no plural of "VXR"
    if style.upper_case and len(name) <= _ACRONYM and not name.isupper():
        return Certainty.POSSIBLE if field_text.case is LetterCase.LOWER else Certainty.NONE
    if style.capitalized and surface[0].islower() and field_text.case is not LetterCase.LOWER:
        return Certainty.NONE if style.is_given_name else Certainty.POSSIBLE
    return Certainty.CERTAIN


def _ordinary_word(occurrence: Occurrence, style: TermStyle) -> Certainty:
    """Return the certainty for a name that is also a word: Apple, Target, Gap, Take, Oil."""
    field_text, surface, k = occurrence.field_text, occurrence.surface, occurrence.first
    if field_text.case is LetterCase.LOWER or style.word_class is WordClass.INSTITUTION:
        return Certainty.POSSIBLE
    if not surface[0].isupper() or occurrence.plural:
        return Certainty.NONE
    lists = word_lists()
    following = field_text.word_after(k)
    if legal_form_after(field_text, k) is not None:
        return Certainty.CERTAIN
    acts_as_company = field_text.is_listed(following, lists.company_predicates)
    if field_text.case is LetterCase.UPPER:
        common = style.word_class is WordClass.COMMON
        return Certainty.CERTAIN if common and acts_as_company else Certainty.POSSIBLE
    if (surface.isupper() and style.upper_case) or not surface[1:].islower():
        return Certainty.CERTAIN  # written as the book writes it, or with a capital inside, unlike any word
    if style.word_class is not WordClass.COMMON:
        return Certainty.POSSIBLE
    previous = field_text.word_before(k)
    if field_text.case is LetterCase.SENTENCE and not field_text.opens_sentence(k):
        return Certainty.CERTAIN
    if field_text.is_listed(previous, lists.verb_markers):
        return Certainty.POSSIBLE
    if acts_as_company or field_text.is_listed(previous, lists.company_introducers):
        return Certainty.CERTAIN
    return Certainty.CERTAIN if _is_possessive(occurrence) or _is_listed_among_names(occurrence) else Certainty.POSSIBLE


def legal_form_after(field_text: FieldText, index: int) -> int | None:
    """Return the next word if it is a legal form such as "Inc" or "plc", with or without a comma before it."""
    following = index + 1
    if following > field_text.last_word or field_text.gap(index, following).strip() not in ("", ","):
        return None
    if not field_text.is_listed(following, word_lists().legal_forms):
        return None
    return following if field_text.is_capitalized(following) or field_text.norms[following] == "plc" else None


def _is_possessive(occurrence: Occurrence) -> bool:
    return occurrence.surface.endswith(("'s", "’s"))


def _is_listed_among_names(occurrence: Occurrence) -> bool:
    """Return whether a comma and a capital follow, as in ``Apple, Google and Intel``: rare for ordinary words."""
    field_text, following = occurrence.field_text, occurrence.last + 1
    if following > field_text.last_word or field_text.gap(occurrence.last, following).strip() not in (",", "/"):
        return False
    return field_text.is_capitalized(following) and field_text.case is LetterCase.SENTENCE


def is_part_of_another_name(occurrence: Occurrence, style: TermStyle) -> bool:
    """Return whether the words beside the occurrence make it part of a person's or another company's name."""
    field_text = occurrence.field_text
    if style.kind is not TermKind.NAME or field_text.case in (LetterCase.UPPER, LetterCase.LOWER):
        return False
    if _means_group_companies(occurrence):
        return True
    following = None if _is_possessive(occurrence) else field_text.word_after(occurrence.last)
    acronym = style.upper_case and style.word_count == 1 and occurrence.surface.isupper()
    if acronym and field_text.is_listed(following, word_lists().company_classes):
        return True
    if following is not None and _continues_name(occurrence, style, following):
        return True
    previous = field_text.word_before(occurrence.first)
    if previous is None:
        return False
    if style.word_count == 1:
        return _begins_name(occurrence, style, previous)
    return _is_another_bank(occurrence, previous)


def may_be_meant(occurrence: Occurrence, style: TermStyle) -> bool:
    """Return whether the longer name that this one word is part of may be the watched thing's all the same.

    ``Orvane Outlook`` and ``Selva Orvane`` may be a product of Orvane, and Orvane one of Selva, or other companies.
    ``Orvane Labs`` may be the whole name of Orvane. ``Orvane Foundation`` is another body, and ``Ada Orvane`` a person.
    """
    if style.word_count != 1 or style.word_class is not WordClass.NONE or style.is_given_name:
        return False
    field_text, lists = occurrence.field_text, word_lists()
    previous, following = field_text.word_before(occurrence.first), field_text.word_after(occurrence.last)
    if field_text.is_listed(previous, lists.given_names) or _means_group_companies(occurrence):
        return False
    if field_text.is_listed(following, lists.company_classes):
        return False
    is_longer = field_text.is_listed(following, lists.longer_name_words)
    return not is_longer or field_text.is_listed(following, lists.full_name_words)


def _means_group_companies(occurrence: Occurrence) -> bool:
    """Return whether all companies of a group are meant, as in ``Orvane Group stocks``."""
    field_text = occurrence.field_text
    last = occurrence.last if field_text.norms[occurrence.last] == "group" else field_text.word_after(occurrence.last)
    if last is None or field_text.norms[last] != "group":
        return False
    return field_text.is_listed(field_text.word_after(last), _GROUP_COMPANIES)


def _is_another_bank(occurrence: Occurrence, previous: int) -> bool:
    """Return whether a word such as State, Reserve or Royal makes "Bank of Norwick" a different bank."""
    field_text = occurrence.field_text
    starts_with_bank = field_text.norms[occurrence.first : occurrence.first + 2] == ["bank", "of"]
    if not starts_with_bank or not field_text.is_capitalized(previous):
        return False
    return field_text.is_listed(previous, word_lists().bank_prefixes)


def _continues_name(occurrence: Occurrence, style: TermStyle, following: int) -> bool:
    field_text, lists = occurrence.field_text, word_lists()
    if not field_text.is_capitalized(following) or "-" in field_text.gap(occurrence.last, following):
        return False
    if field_text.is_listed(following, lists.legal_forms):
        return False
    if style.word_count > 1:
        return field_text.is_listed(following, lists.group_units)
    if field_text.is_listed(following, lists.longer_name_words):
        return True
    if field_text.is_listed(following, lists.same_company):
        return False
    if field_text.case is LetterCase.TITLE:
        return style.is_given_name and not field_text.is_listed(following, lists.company_predicates)
    return not field_text.surface(following).isupper()


def _begins_name(occurrence: Occurrence, style: TermStyle, previous: int) -> bool:
    field_text = occurrence.field_text
    written = field_text.surface(previous)
    if not written[0].isupper() or written.endswith(("'s", "’s")):
        return False
    if field_text.is_listed(previous, word_lists().given_names):
        return True
    if occurrence.surface.isupper() and len(occurrence.surface) > 1:
        return False  # names of persons and most longer names do not end in an acronym
    if written.isupper():
        return len(written) == 1 or (style.word_class is not WordClass.NONE and not field_text.opens_sentence(previous))
    lists, norm = word_lists(), field_text.norms[previous]
    if field_text.case is LetterCase.TITLE or any(
        norm in word_list
        for word_list in (lists.sentence_openers, lists.company_introducers, lists.same_company, lists.legal_forms)
    ):
        return False
    if field_text.opens_sentence(previous):
        return not any(norm in word_list for word_list in (lists.common_words, lists.function_words, lists.goods))
    return True


def is_quoted_source(occurrence: Occurrence, style: TermStyle, is_publisher: bool) -> bool:
    """Return whether a newsroom or research firm is only quoted here. ``is_publisher``: it published the item."""
    media = style.is_media or is_publisher
    if not media and not style.is_research:
        return False
    field_text = occurrence.field_text
    previous, following = field_text.word_before(occurrence.first), field_text.word_after(occurrence.last)
    if previous is not None and field_text.norms[previous] in _SPEECH:
        if field_text.norms[previous] not in _PREPOSITIONS:
            return True
        return field_text.is_listed(field_text.word_before(previous), word_lists().speech_introducers)
    if following is not None:
        norm = field_text.norms[following]
        if norm in _ANALYSTS or (media and norm in _MEDIA_SPEECH):
            return True
        if style.is_research and (norm in _RATES or (norm in _CHANGES and " price target" in field_text.padded)):
            return True
    return _signs_the_text(occurrence) or (media and _is_dateline(occurrence))


def _is_dateline(occurrence: Occurrence) -> bool:
    text = occurrence.field_text.text
    start, end = occurrence.bounds
    return text[start - 1 : start] == "(" and text[end : end + 1] == ")"


def _signs_the_text(occurrence: Occurrence) -> bool:
    """Return whether it ends the field as in ``…: Goldman Sachs``, ``…: Ann Lee, Goldman Sachs``, ``… - BBC News``."""
    field_text = occurrence.field_text
    if occurrence.last != field_text.last_word or occurrence.first == 0:
        return False
    mark = field_text.gap(occurrence.first - 1, occurrence.first).strip()
    if mark in (":", "-", "–", "—", "|", "- ", "(", "/"):
        return True
    if mark != ",":
        return False
    k = occurrence.first - 1
    while (
        k > 0 and occurrence.first - k < 4 and field_text.is_capitalized(k) and field_text.gap(k - 1, k).strip() == ""
    ):
        k -= 1
    return k > 0 and field_text.gap(k - 1, k).strip() == ":"
