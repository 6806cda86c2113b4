"""Tells companies that are named with an ordinary word ("Target", "Gap") from the word, by what stands around it. Pure.

It serves headlines that capitalize every word. In running text, the capital itself shows the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from services.notifier.drafting.data_files import word_sections
from services.notifier.drafting.verbs import is_certain_verb, is_verb_form

__all__ = ["could_be_firm", "is_firm"]


def could_be_firm(word: str) -> bool:
    """Return whether ``word``, in lower case, names a company and is an ordinary word more often."""
    return word in _words("firms")


def is_firm(before: str, following: Sequence[str], *, listed: bool, owns: bool, among_names: bool) -> bool:
    """Return whether a word of which :func:`could_be_firm` holds is a company's name.

    ``before`` is the word right before it, "" at the beginning of a clause; ``following`` are the words after it in the
    clause; all in lower case. ``listed``: the client book names the company. ``owns``: the word is in the possessive.
    ``among_names``: a comma or "and" joins it to another name.
    """
    after = following[0] if following else ""
    if before in _words("determiners") or after in _words("compounds"):
        return False
    if before in _words("kinds") and not owns:
        return False
    if before in _words("done_to") and after != "over" and not owns:
        return False
    if listed or among_names or before in _words("roles"):
        return True
    opens = not before or before in _words("leads")
    if opens and (owns or _acts(following)):
        return True
    if after in _words("has"):
        return opens or before in _words("beside")
    return before in _words("beside") and (not after or after in _words("closes") or is_verb_form(after))


def _acts(following: Sequence[str]) -> bool:
    """Return whether a company is likely to do what begins with ``following``: "closes stores", "to close"."""
    first, second = (*following, "", "")[:2]
    if first in _words("things_do"):
        return False
    return (
        is_certain_verb(first)
        or (first == "to" and is_verb_form(second))
        or (first.endswith("s") and is_verb_form(first))
    )


@cache
def _words(section: str) -> frozenset[str]:
    return frozenset(" ".join(word_sections("firms")[section]).split())
