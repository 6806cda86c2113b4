"""Finds grammar mistakes offline with Harper: verbs that don't agree, a and an, its and it's, could of.

One check takes as long as writing many drafts, so only text that people wrote is checked. Tests check our own wording.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from threading import Lock

from harper import Dialect, Language, Lint, Linter

from schemas.drafts import Finding
from services.notifier.drafting.data_files import word_list

__all__ = ["check_grammar", "is_english"]

#: Harper's kinds whose findings are right in letters like ours. The others are matters of taste, or are checked
#: elsewhere; see docs/adr/0014.
KINDS = frozenset(
    ("Agreement", "BoundaryError", "Capitalization", "Eggcorn", "Grammar", "Malapropism", "Nonstandard", "Punctuation",
     "Redundancy", "Typo", "WordChoice")
)  # fmt: skip
#: The only rule of Harper's kind "Miscellaneous" that is used.
ARTICLE = "Incorrect indefinite article."
#: American and British spelling are both accepted, and Harper's dialects differ in little else.
DIALECT = Dialect.BRITISH


def check_grammar(own: str) -> Iterator[Finding]:
    """Report grammar mistakes in ``own``, a text with its quotations blanked; nothing if it is not English."""
    text = re.sub(r"“\s*”", "“…”", own)
    for rule, message, wrong, fixes in _lint(text):
        if rule in KINDS or message == ARTICLE:
            fix = f"Write {_either(fixes)}." if any(fixes) else "Check it again."
            yield Finding(rule="grammar", text=wrong.strip(), message=re.sub(r"`([^`]*)`", r"“\1”", message), mend=fix)


def is_english(text: str) -> bool:
    """Return whether most of ``text`` is English, judging by the words in the dictionary. Empty text is."""
    linter, lock = _linter()
    with lock:
        return not text.strip() or linter.is_likely_english(text)


def _lint(text: str) -> list[tuple[str, str, str, list[str]]]:
    """Return kind, message, mistake and suggestions of each finding. Harper's linter takes one text at a time."""
    linter, lock = _linter()
    with lock:
        if not linter.is_likely_english(text):
            return []
        lints = linter.lint(text, language=Language.PLAINTEXT)
        return [
            (lint.lint_kind, lint.message, _shown(text, lint), [fix.replacement_text for fix in lint.suggestions])
            for lint in lints
            if lint.problem_text.casefold() not in word_list("known")
        ]


def _shown(text: str, lint: Lint) -> str:
    """Return the mistake, with a neighboring word if ``text`` uses the same word correctly elsewhere."""
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
    """Build the linter once: loading its dictionary takes a good part of a second."""
    return Linter(dialect=DIALECT), Lock()
