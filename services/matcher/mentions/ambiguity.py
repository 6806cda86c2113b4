"""Finds names in the client book that also mean something else, and suggests how to make them unambiguous.

It follows the rules of :mod:`services.matcher.mentions.name_disambiguation`, so every suggestion changes what matches.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, NamedTuple

from schemas.clients import Watch
from services.matcher.lexicon import read_yaml
from services.matcher.mentions.terms import TermKind, TermStyle, WordClass, is_phrase, name_terms, word_class
from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["AmbiguousName", "find_ambiguous_names", "suggest_context"]

#: Acronyms of up to this length stand for dozens of things.
_FEW_LETTERS = 2
#: Context words suggested at most; with more of them, unrelated news would match.
_MAX_SUGGESTED = 5


class AmbiguousName(NamedTuple):
    """A name that also means something else, the reason and the suggested fix as sentences."""

    name: str
    field: Literal["name", "aliases"]
    why: str
    fix: str


def find_ambiguous_names(watch: Watch) -> tuple[AmbiguousName, ...]:
    """Return the ambiguous names of ``watch``; none if context, a topic or a query narrows it already."""
    if watch.context or watch.topic is not None or watch.query is not None:
        return ()
    ambiguous = []
    for name in dict.fromkeys((watch.name, *watch.aliases)):
        why = _ambiguous_phrase(name) if is_phrase(watch) else _ambiguous_name(name, watch)
        if why is not None:
            field: Literal["name", "aliases"] = "name" if name == watch.name else "aliases"
            ambiguous.append(AmbiguousName(name, field, why, _fix(name, watch)))
    return tuple(ambiguous)


def _ambiguous_phrase(name: str) -> str | None:
    norms = words(name)
    if len(norms) != 1 or word_class(norms) not in (WordClass.COMMON, WordClass.FUNCTION):
        return None
    return f"{name!r} is an ordinary word and will match wherever it occurs, in any letter case."


def _ambiguous_name(name: str, watch: Watch) -> str | None:
    if " " in name and not name.islower():
        return None  # several capitalized words seldom mean anything else
    own_terms = name_terms((name,), (), False)
    if not own_terms:
        return f"{name!r} contains no word to search for."
    if len(name) < _FEW_LETTERS:
        return f"{name!r} is a single character and will match where something else is meant."
    all_terms = name_terms((watch.name, *watch.aliases), (), False)
    return _why(name, next(style for norm, style in all_terms if norm == own_terms[0].norm))


def _why(name: str, style: TermStyle) -> str | None:
    if style.kind is TermKind.PHRASE and style.word_class is not WordClass.NONE:
        return f"{name!r} is written without a capital and is an ordinary word, so it will match wherever it occurs."
    if style.word_count > 1:
        return None
    if style.word_class is WordClass.INSTITUTION:
        return (
            f"{name!r} is better known as an authority's name, so it counts only beside the full name or as a ticker."
        )
    if style.word_class is WordClass.GOODS:
        return f"{name!r} is a commodity that is traded, and seldom means the company."
    if style.word_class is not WordClass.NONE and not style.upper_case:
        return f"{name!r} is also an ordinary word and may match where something else is meant."
    if style.word_class is not WordClass.NONE:
        return f"{name!r} is also an ordinary word, and some headlines are written in capitals."
    if style.is_given_name:
        return f"{name!r} is also a person's name and may match where a person is meant."
    if style.upper_case and len(name) <= _FEW_LETTERS:
        return f"{name!r} has only {len(name)} letters and stands for many things."
    return None


def _fix(name: str, watch: Watch) -> str:
    context = f"Add `context: [{', '.join(suggest_context(watch)) or f'words that occur near {name}'}]`"
    if is_phrase(watch):
        return f"{context}, use a longer phrase, or write a query such as `all_of: [{name}, …]`."
    longer = next((other for other in (watch.name, *watch.aliases) if _is_longer(other, name)), None)
    if longer is not None:
        return f"{context}, or remove {name!r}: {longer!r} is searched for as well."
    plain = name.title() if name.isupper() or name.islower() else name
    if watch.kind == "place":
        return f"{context}."
    # A legal form would not help: "Titan Ltd" is searched for as Titan.
    longer_form = f"<maker> {plain}" if watch.kind == "product" else f"{plain} <Bank, Foods …>"
    return f"{context}, or use a longer name, as in `name: {longer_form}`."


def _is_longer(other: str, name: str) -> bool:
    """Return whether ``other`` adds more to ``name`` than a legal form."""
    own_words, other_words = (set(words(text)) - word_lists().legal_forms for text in (name, other))
    return len(other_words) > max(len(own_words), 1)


def suggest_context(watch: Watch) -> tuple[str, ...]:
    """Return words that occur near ``watch`` in the news: first those of its trade, then those of its kind.

    The trade is known from the words of the names and the note.
    """
    table = _context_words()
    own_words = [word for text in (watch.name, *watch.aliases, watch.note or "") for word in words(text)]
    suggested = [context for word in own_words for context in table["by_word"].get(word, ())]
    names = {word for text in (watch.name, *watch.aliases) for word in words(text)}
    return tuple(_without(dict.fromkeys([*suggested, *table["by_kind"][watch.kind]]), names))[:_MAX_SUGGESTED]


def _without(suggested: Iterable[str], names: set[str]) -> Iterable[str]:
    """Yield the suggestions that are not part of a name; such a word would match every time."""
    return (word for word in suggested if word not in names)


@cache
def _context_words() -> Any:
    return read_yaml("context_words.yaml")
