"""Which names of a watch mean other things as well, why, and what would make them sure: told to whoever keeps the book.

Knows what the rules on occurrences do with such a name, so a proposal is something that changes what is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, NamedTuple

from schemas.clients import Watch
from services.matcher.lexicon import read_yaml
from services.matcher.mentions.terms import Kind, Style, Word, is_phrase, terms_of, word_class
from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["AmbiguousName", "find_ambiguous_names", "suggest_context"]

#: Acronyms of so many letters stand for dozens of things.
_FEW_LETTERS = 2
#: Proposed context: more words would find more than is meant.
_PROPOSED = 5


class AmbiguousName(NamedTuple):
    """A name that misleads: as it is written, why, and what to do, each as a sentence."""

    name: str
    where: Literal["name", "aliases"]
    why: str
    fix: str


def find_ambiguous_names(watch: Watch) -> tuple[AmbiguousName, ...]:
    """The risky names of ``watch``; none where context, a topic or a query says already what is meant."""
    if watch.context or watch.topic is not None or watch.query is not None:
        return ()
    found = []
    for name in dict.fromkeys((watch.name, *watch.aliases)):
        why = _ambiguous_phrase(name) if is_phrase(watch) else _ambiguous_name(name, watch)
        if why is not None:
            found.append(AmbiguousName(name, "name" if name == watch.name else "aliases", why, _mend(name, watch)))
    return tuple(found)


def _ambiguous_phrase(name: str) -> str | None:
    parts = words(name)
    if len(parts) != 1 or word_class(parts) not in (Word.COMMON, Word.FUNCTION):
        return None
    return f"{name!r} is an ordinary word and will be found wherever it stands, whatever its case."


def _ambiguous_name(name: str, watch: Watch) -> str | None:
    if " " in name and not name.islower():
        return None  # several words in capitals are seldom anything else
    own = terms_of((name,), (), False)
    if not own:
        return f"{name!r} holds no word that could be looked for."
    if len(name) < _FEW_LETTERS:
        return f"{name!r} is a single character and will be found where it isn't meant."
    all_terms = terms_of((watch.name, *watch.aliases), (), False)
    return _why(name, next(style for norm, style in all_terms if norm == own[0].norm))


def _why(name: str, style: Style) -> str | None:
    if style.kind is Kind.PHRASE and style.word is not Word.NONE:
        return f"{name!r} is written without a capital and is an ordinary word, so it will be found wherever it stands."
    if style.size > 1:
        return None
    if style.word is Word.INSTITUTION:
        return f"{name!r} is better known as an authority's name, and counts only beside the full name or as a ticker."
    if style.word is Word.GOODS:
        return f"{name!r} is a thing that is traded, and seldom the company."
    if style.word is not Word.NONE and not style.upper:
        return f"{name!r} is an ordinary word as well, and may be found where it isn't meant."
    if style.word is not Word.NONE:
        return f"{name!r} in capitals is also an ordinary word that headlines shout."
    if style.given_name:
        return f"{name!r} is a person's name as well, and may be found where a person is meant."
    if style.upper and len(name) <= _FEW_LETTERS:
        return f"{name!r} has only {len(name)} letters and stands for many things."
    return None


def _mend(name: str, watch: Watch) -> str:
    context = f"Add `context: [{', '.join(suggest_context(watch)) or f'words that stand near {name}'}]`"
    if is_phrase(watch):
        return f"{context}, use a longer phrase, or a query such as `all_of: [{name}, …]`."
    longer = next((other for other in (watch.name, *watch.aliases) if _is_longer(other, name)), None)
    if longer is not None:
        return f"{context}, or leave {name!r} out, for {longer!r} is looked for as well."
    plain = name.title() if name.isupper() or name.islower() else name
    if watch.kind == "place":
        return f"{context}."
    # no legal form: "Titan Ltd" is looked for as Titan
    whole = f"<maker> {plain}" if watch.kind == "product" else f"{plain} <Bank, Foods …>"
    return f"{context}, or the longer name instead, as in `name: {whole}`."


def _is_longer(other: str, name: str) -> bool:
    """Whether ``other`` says more than ``name`` and a legal form."""
    mine, theirs = (set(words(each)) - word_lists().legal_forms for each in (name, other))
    return len(theirs) > max(len(mine), 1)


def suggest_context(watch: Watch) -> tuple[str, ...]:
    """Words that stand beside ``watch`` when it is meant: of the trade that its other words tell, then of its kind."""
    table = _context_words()
    told = [word for text in (watch.name, *watch.aliases, watch.note or "") for word in words(text)]
    proposed = [each for word in told for each in table["by_word"].get(word, ())]
    names = {word for text in (watch.name, *watch.aliases) for word in words(text)}
    return tuple(_without(dict.fromkeys([*proposed, *table["by_kind"][watch.kind]]), names))[:_PROPOSED]


def _without(proposed: Iterable[str], names: set[str]) -> Iterable[str]:
    """What is not one of the names itself: it would stand there always."""
    return (each for each in proposed if each not in names)


@cache
def _context_words() -> Any:
    return read_yaml("context_words.yaml")
