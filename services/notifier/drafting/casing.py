"""Puts headlines in sentence case: capitals stay where they show a name, and only there.

A word is a name if running text writes it with a capital, if the client book or the evidence lists it, if it has digits
or inner capitals, or if it is no ordinary word. What stays in doubt keeps its capital.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from services.notifier.drafting.data_files import word_sections
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.firm_names import could_be_firm, is_firm
from services.notifier.drafting.verbs import is_certain_verb, is_verb_form

__all__ = ["Names", "capitalized", "first_lowered", "is_given_name", "is_known_name", "is_title_case", "sentence_case"]

#: A headline that capitalizes so many longer words, and no fewer, shows no names by its capitals.
TITLE_WORDS = 3
#: Shorter words are mostly in lower case in any headline, and so are these.
SHORT = 4
_SMALL_WORDS = frozenset(" ".join(word_sections("names")["small"]).split())
#: Words that many headlines with capitals do not capitalize: these, and "$4 billion".
_LOWER_IN_ANY = _SMALL_WORDS | {"million", "billion", "trillion"}
#: "May" and "March" are months after one of these, or before a number.
_BEFORE_MONTH = frozenset(" ".join(word_sections("names")["before_month"]).split())
_WORD = re.compile(r"[^\W_](?:[\w’'.&]*[^\W_])?")
_MID_SENTENCE = re.compile(r"[\w,;’'”\"%)&-] ?[“‘(\"]?$")
_PREFIX = re.compile(r"^(?:re|un|pre|co|over|under|anti|non)(?=\w{4})")
_POSSESSIVE = re.compile(r"[’']s?$")
#: Ends one clause of a headline and begins another.
_CLAUSE_END = re.compile(r"[,;:–—|?!()]|\.\s|\s-\s")
#: No letter but the first of an ordinary word is a capital.
_INNER_CAPITAL = re.compile(r"[^\W\d_].*[A-ZÀ-Þ]|\d")


#: What stands behind a company's name only.
_LEGAL_FORMS = frozenset(("inc", "corp", "ltd", "llc", "plc"))
#: The same written out, which is an ordinary word elsewhere.
_LEGAL_FORMS_IN_FULL = frozenset(("corporation", "incorporated", "limited", "holdings"))
#: A name that begins with a small letter.
_OWN_SMALL = re.compile(r"[a-z]{1,2}[A-Z]")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that are known for one story, and the words that its running text writes in lower case.

    ``words`` and ``lower`` are single words, ``phrases`` names of several words; all in lower case. ``shown`` are those
    of ``words`` that running text writes with a capital, and nowhere without.
    """

    words: frozenset[str] = frozenset()
    phrases: frozenset[tuple[str, ...]] = frozenset()
    lower: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listed: Iterable[str], texts: Iterable[str]) -> Names:
        """Collect ``listed`` names and what the capitals of ``texts`` show, where they are running text."""
        words: set[str] = set()
        single: set[str] = set()
        phrases: set[tuple[str, ...]] = set()
        lower: set[str] = set()
        for name in listed:
            bare = tuple(_bare(match[0]) for match in _WORD.finditer(name))
            (single.update if len(bare) == 1 else phrases.add)(bare)
        for text in texts:
            if is_title_case(text):
                continue
            for run in _runs(text):
                if len(run) == 1 and run[0].islower():
                    lower.add(run[0])
                elif len(run) == 1:
                    if not _is_shouted(run[0]):
                        words.add(_bare(run[0]))
                else:
                    phrases.add(tuple(map(_bare, run)))
        named = words | single
        return cls(frozenset(named), frozenset(phrases), frozenset(lower - named), frozenset(words - lower))


#: Before a word with a capital: an authority of that country. After it: an authority, or what it makes.
_COUNTRIES = frozenset(("us", "u.s", "uk", "u.k", "eu", "un"))
_OFFICES = frozenset(
    (
        "minister", "ministry", "secretary", "department", "chief", "regulator", "authority", "watchdog", "agency",
        "commission", "commissioner", "council", "act", "bill", "law", "code", "directive", "ombudsman", "office",
    )
)  # fmt: skip


def is_title_case(text: str) -> bool:
    """Return whether ``text`` capitalizes all but small words, so that its capitals show no names."""
    longer = [match[0] for match in _WORD.finditer(text)][1:]
    longer = [word for word in longer if len(word) >= SHORT and word[0].isalpha() and word.lower() not in _LOWER_IN_ANY]
    if len(longer) < TITLE_WORDS:
        # "Halden to Buy Canadian Pumps": few words, and a verb with a capital
        words = [match[0] for match in _WORD.finditer(text)][1:]
        return (
            len(words) >= TITLE_WORDS
            and len(longer) > 1
            and all(word[0].isupper() for word in longer)
            and any(map(_is_titled_verb, words))
        )
    return all(word[0].isupper() or _INNER_CAPITAL.search(word) for word in longer)


def _is_titled_verb(word: str) -> bool:
    return word.istitle() and is_verb_form(word.lower()) and not is_known_name(word.lower())


def is_in_proper_name(word: str, title: str) -> bool:
    """Return whether ``title`` has an ordinary word only as the end of a name: "energy" in "First Energy is fined".

    Where a title capitalizes all words, its capitals show no names. "US Energy chief" is the head of an authority.
    """
    plain = word.strip().casefold()
    if is_title_case(title) or not all(is_ordinary(part) for part in plain.split()):
        return False
    found = list(
        re.finditer(
            rf"(?:(?P<before>[\w&.’'-]+) )?(?<!\w)(?P<word>{re.escape(plain)})(?!\w)(?: (?P<after>[\w-]+))?",
            title,
            re.IGNORECASE,
        )
    )
    return bool(found) and all(_ends_proper_name(match) for match in found)


def _ends_proper_name(match: re.Match[str]) -> bool:
    before, after = match["before"] or "", match["after"] or ""
    of_authority = before.casefold().strip(".") in _COUNTRIES or after.casefold() in _OFFICES
    return match["word"][:1].isupper() and before[:1].isupper() and not after[:1].isupper() and not of_authority


def sentence_case(text: str, names: Names, *, title: bool | None = None) -> str:
    """Return ``text`` with a capital at its beginning and in names only. Running text keeps all capitals but shouts.

    ``title``: the capitals of the text that it was taken from show no names.
    """
    matches = list(_WORD.finditer(text))
    bare = [_bare(match[0]) for match in matches]
    kept = _in_phrases(bare, names)
    title = is_title_case(text) if title is None else title
    pieces: list[str] = []
    end = 0
    for index, match in enumerate(matches):
        word = match[0]
        if index not in kept and (_shouts(word, names) or (title and not _is_name(index, matches, kept, names))):
            word = word.lower()
        elif title:
            kept.add(index)
        pieces += [text[end : match.start()], word]
        end = match.end()
    joined = "".join([*pieces, text[end:]])
    first = _WORD.search(joined)
    if first is None or _INNER_CAPITAL.search(first[0][1:]):
        return joined
    return f"{joined[: first.start()]}{capitalized(joined[first.start() :])}"


def capitalized(text: str) -> str:
    """Return ``text`` with a capital at its beginning, unless its first word is a name with one within: "eBay"."""
    return text if _OWN_SMALL.match(text) else text[:1].upper() + text[1:]


def first_lowered(text: str, names: Names) -> str:
    """Return ``text`` as it stands within a sentence: without a capital at its beginning, if that is no name."""
    matches = list(_WORD.finditer(text))
    if not matches or matches[0].start():
        return text
    bare = [_bare(match[0]) for match in matches[:6]]
    if 0 in _in_phrases(bare, names) or _is_name(0, matches, set(), names):
        return text
    return text[0].lower() + text[1:]


def is_given_name(word: str) -> bool:
    """Return whether ``word`` is a person's given name, with a capital."""
    return word[:1].isupper() and word.casefold() in _known().given


def is_known_name(word: str) -> bool:
    """Return whether ``word``, in lower case, is listed as a name although it is an ordinary word as well."""
    return word in _known().words or word in _known().given


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word).casefold()


def _shouts(word: str, names: Names) -> bool:
    """Return whether a word in capitals is an ordinary word rather than an abbreviation or a name."""
    return _is_shouted(word) and _bare(word) not in names.words


def _is_shouted(word: str) -> bool:
    bare = _bare(word)
    is_word = len(bare) >= SHORT and word.isupper() and word.isalpha()
    return is_word and bare not in _known().words and is_ordinary(bare)


def _is_name(index: int, matches: list[re.Match[str]], kept: set[int], names: Names) -> bool:
    word = matches[index][0]
    bare = _bare(word)
    if matches[index].string[matches[index].end() :][:1] in ("™", "®", "℠"):
        return True
    if len(word) == 1 and word.isupper() and word != "A":
        return True  # "G-7", "Vitamin D"
    if word[0].isdigit() or _INNER_CAPITAL.search(word[1:]) or (word.isupper() and len(word) > 1):
        return True
    if bare in _LEGAL_FORMS or (bare in _LEGAL_FORMS_IN_FULL and index - 1 in kept):
        return True
    if could_be_firm(bare) and bare not in names.shown:
        return bare not in names.lower and _is_firm(index, matches, names)
    if bare in _known().words or bare in names.words:
        return True
    if index and bare in _known().surnames and _bare(matches[index - 1][0]) in _known().titles:
        return True
    if index + 1 < len(matches) and bare in _known().titles and _is_name(index + 1, matches, kept, names):
        return True
    if index and bare in _known().places and index - 1 in kept and _POSSESSIVE.search(matches[index - 1][0]) is None:
        return True
    if index and bare in _known().suffixes and index - 1 in kept and _ends_name(index, matches, names):
        return True
    if bare in ("may", "march") and index:
        following = matches[index + 1][0] if index + 1 < len(matches) else ""
        return _bare(matches[index - 1][0]) in _BEFORE_MONTH or following[:1].isdigit()
    if bare in names.lower:
        return False
    if index and index - 1 in kept and _follows_given_name(bare, matches[index - 1][0]):
        return True
    if bare in _known().given and index + 1 < len(matches):
        following = _bare(matches[index + 1][0])
        return following in _known().surnames or not is_ordinary(following) or not is_ordinary(bare)
    return not is_ordinary(re.sub(r"^(?:re|un|pre|co|over|under|anti|non)(?=\w{4})", "", bare)) and not is_ordinary(
        bare
    )


def _is_firm(index: int, matches: list[re.Match[str]], names: Names) -> bool:
    """Return whether an ordinary word, which a company is named with, is the company's name here."""
    text, match = matches[index].string, matches[index]
    before = _CLAUSE_END.split(text[: match.start()])[-1].split()
    following = _CLAUSE_END.split(text[match.end() :])[0].split()
    around = [matches[at] for at in (index - 1, index + 1) if 0 <= at < len(matches)]
    beside = [other for other in around if _joined(text, match, other)]
    return is_firm(
        before[-1].casefold() if before else "",
        [word.casefold() for word in following],
        listed=_bare(match[0]) in names.words,
        owns=_POSSESSIVE.search(match[0]) is not None,
        among_names=any(_bare(other[0]) in names.words | _known().words for other in beside),
    )


def _ends_name(index: int, matches: list[re.Match[str]], names: Names) -> bool:
    """Return whether "Energy" and the like, after a listed name, end it: "Halden Energy climbs", not "energy costs"."""
    before, match = matches[index - 1], matches[index]
    if _bare(before[0]) not in names.words or _POSSESSIVE.search(before[0]):
        return False
    following = matches[index + 1][0].casefold() if index + 1 < len(matches) else ""
    return _POSSESSIVE.search(match[0]) is not None or (is_certain_verb(following) and _adjoins(before, match))


def _adjoins(first: re.Match[str], second: re.Match[str]) -> bool:
    return second.start() == first.end() + 1


def _joined(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    left, right = sorted((first, second), key=lambda match: match.start())
    return text[left.end() : right.start()].strip() in (",", "&", "/")


def _follows_given_name(word: str, before: str) -> bool:
    if _bare(before) not in _known().given or _POSSESSIVE.search(before):
        return False
    return word in _known().surnames or not is_verb_form(word)


def _in_phrases(bare: list[str], names: Names) -> set[int]:
    """Return the indexes of words that are part of a name of several words."""
    known = _known().phrases | names.phrases
    longest = max((len(phrase) for phrase in known), default=0)
    found: set[int] = set()
    for start in range(len(bare)):
        for size in range(min(longest, len(bare) - start), 1, -1):
            if tuple(bare[start : start + size]) in known:
                found.update(range(start, start + size))
                break
    return {index for index in found if bare[index] not in _JOINING}


#: Words within names that have no capital of their own.
_JOINING = frozenset(("of", "the", "and", "for", "in", "on", "de", "la", "du", "van", "von"))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of running text that do not begin a sentence: names of adjoining capitals together."""
    run: list[str] = []
    end = -1
    for match in _WORD.finditer(text):
        inside = _MID_SENTENCE.search(text[max(0, match.start() - 3) : match.start()]) is not None
        adjoins = match.start() == end + 1 and text[end] == " "
        if run and not (adjoins and match[0][0].isupper()):
            yield tuple(run)
            run = []
        end = match.end()
        if not inside or not match[0][0].isalpha():
            continue
        if match[0][0].isupper():
            run.append(match[0])
            if _POSSESSIVE.search(match[0]):
                yield tuple(run)
                run = []
        elif match[0].islower():
            yield (match[0],)
    if run:
        yield tuple(run)


_SECTIONS = ("words", "given", "surnames", "titles", "places", "suffixes")


@dataclass(frozen=True, slots=True)
class _Known:
    words: frozenset[str]
    phrases: frozenset[tuple[str, ...]]
    given: frozenset[str]
    surnames: frozenset[str]
    titles: frozenset[str]
    places: frozenset[str]
    suffixes: frozenset[str]


@cache
def _known() -> _Known:
    """Return the names in words/names.txt."""
    sections = word_sections("names")
    words = {section: frozenset(" ".join(sections[section]).split()) for section in _SECTIONS}
    phrases = (tuple(match[0] for match in _WORD.finditer(line)) for line in sections["phrases"])
    return _Known(phrases=frozenset(phrases), **words)
