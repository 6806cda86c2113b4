"""Recognizes by the form of a headline that the text is a column, a guide, an analysis, a preview, a list or a routine.

The model reads title and lead together, and a lead that mentions a large event can outweigh what the headline shows.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Literal, cast

from services.matcher.lexicon import read_yaml

__all__ = ["HeadlineForm", "find_form"]

HeadlineForm = Literal["opinion", "feature", "analysis", "preview", "routine", "list"]
_UNLESS_NAMED = "list_unless_named"


def find_form(title: str, names: Collection[str]) -> HeadlineForm | None:
    """Return the form of ``title``, or None if it reads like news. ``names``: how the watched thing is written."""
    for form, pattern in _patterns():
        if pattern.search(title) is None:
            continue
        if form != _UNLESS_NAMED:
            return cast("HeadlineForm", form)
        if not any(name in title for name in names):
            return "list"
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the patterns of ``lexicon/headline_forms.yaml``, one for each form, in the file's order."""
    forms: dict[str, list[str]] = read_yaml("headline_forms.yaml")
    return tuple((form, re.compile("|".join(patterns), re.IGNORECASE)) for form, patterns in forms.items())
