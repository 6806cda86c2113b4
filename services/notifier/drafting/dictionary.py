"""Tells ordinary English words from names, offline: Harper's dictionary knows which words are written in lower case."""

from __future__ import annotations

from functools import cache, lru_cache
from threading import Lock

from harper import Dialect, Language, Linter, get_default_lint_config

from services.notifier.drafting.data_files import word_list
from services.notifier.drafting.spelling import american_forms

__all__ = ["is_ordinary"]


@lru_cache(maxsize=50_000)
def is_ordinary(word: str) -> bool:
    """Return whether ``word``, in lower case, is an English word as it stands: "quarter", but not "london"."""
    if word in word_list("known"):
        return True
    linter, lock = _speller()
    with lock:
        return any(not linter.lint(form, language=Language.PLAINTEXT) for form in american_forms(word))


@cache
def _speller() -> tuple[Linter, Lock]:
    """Build a linter that only looks words up. It takes one text at a time."""
    linter = Linter(dialect=Dialect.AMERICAN)
    linter.set_lint_config({rule: rule == "SpellCheck" for rule in get_default_lint_config()})
    return linter, Lock()
