"""Finds faults of grammar with Harper's rules, offline: verbs that don't agree, a and an, its and it's, could of.

It takes as long as many drafts do, so it looks at what people wrote; our own wording is looked through by tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from threading import Lock

from harper import Dialect, Language, Lint, Linter

from schemas.drafts import Finding
from services.notifier.drafting.data import word_list

__all__ = ["grammar", "is_english"]

#: Kinds of Harper's whose findings are right in letters like ours. The others are matters of taste, or are looked for
#: elsewhere; see docs/adr/0014.
KINDS = frozenset(
    ("Agreement", "BoundaryError", "Capitalization", "Eggcorn", "Grammar", "Malapropism", "Nonstandard", "Punctuation",
     "Redundancy", "Typo", "WordChoice")
)  # fmt: skip
#: Of Harper's kind "Miscellaneous" this one alone.
ARTICLE = "Incorrect indefinite article."
#: Both are right somewhere in the world, and Harper's own dialects differ in little else.
DIALECT = Dialect.BRITISH


def grammar(own: str) -> Iterator[Finding]:
    """What is wrong in ``own``, in which the words of others are blanked; nothing where it isn't English."""
    text = re.sub(r"“\s*”", "“…”", own)
    for rule, message, wrong, fixes in _lint(text):
        if rule in KINDS or message == ARTICLE:
            fix = f"Write {_either(fixes)}." if any(fixes) else "Look at it again."
            yield Finding(rule="grammar", text=wrong.strip(), message=re.sub(r"`([^`]*)`", r"“\1”", message), mend=fix)


def is_english(text: str) -> bool:
    """Whether most of ``text`` is English, as far as its words are in the dictionary; True where there is none."""
    linter, lock = _linter()
    with lock:
        return not text.strip() or linter.is_likely_english(text)


def _lint(text: str) -> list[tuple[str, str, str, list[str]]]:
    """Kind, message, what is wrong and what could stand instead, in order. Harper's linter takes one text at a time."""
    linter, lock = _linter()
    with lock:
        if not linter.is_likely_english(text):
            return []
        found = linter.lint(text, language=Language.PLAINTEXT)
        return [
            (one.lint_kind, one.message, _shown(text, one), [fix.replacement_text for fix in one.suggestions])
            for one in found
            if one.problem_text.casefold() not in word_list("known")
        ]


def _shown(text: str, lint: Lint) -> str:
    """What is wrong, with the word after or before it where it is right elsewhere in ``text``: it is shown in place."""
    wrong, span = lint.problem_text, lint.span
    after = re.match(r" [\w’'-]+", text[span.end :])
    before = re.search(r"[\w’'-]+ $", text[: span.start])
    if after and lint.message == ARTICLE:
        return f"{wrong}{after[0]}"
    if len(re.findall(rf"(?<!\w){re.escape(wrong)}(?!\w)", text)) < 2:
        return wrong
    return f"{before[0]}{wrong}" if before else f"{wrong}{after[0]}" if after else wrong


def _either(fixes: list[str]) -> str:
    return " or ".join(f"“{fix}”" for fix in fixes[:2] if fix)


@cache
def _linter() -> tuple[Linter, Lock]:
    """Built once: it loads its dictionary for a good part of a second."""
    return Linter(dialect=DIALECT), Lock()
