"""Recognizes headlines of steps that sound large and are small: a mandate, a head of a unit, the start of a trial.

The model weighs the kind of event and who takes part. These are of weighty kinds and by well-known names, and seldom
matter to anybody who owns or uses them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from schemas.readings import EventFamily, Reading
from services.matcher.lexicon import read_yaml

__all__ = ["MOST_WORTH", "adjust_for_step"]

#: The probability that such a step is worth telling, at most. What many newsrooms report is told all the same.
MOST_WORTH = 0.3


class _Step(NamedTuple):
    """A form of headline. The lexicon explains the fields."""

    says: str
    kinds: frozenset[EventFamily]
    words: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str]


def adjust_for_step(reading: Reading, title: str, surface: str) -> Reading:
    """Return ``reading`` as that of a minor event if ``title`` reports a step that is small to the name ``surface``."""
    if reading.tell_score <= MOST_WORTH:
        return reading
    step = next((step for step in _steps() if reading.kind in step.kinds and _is_reported(step, title, surface)), None)
    if step is None:
        return reading
    reasons = (*reading.reasons, step.says)
    return reading.model_copy(update={"weight": "minor", "tell_score": MOST_WORTH, "reasons": reasons})


def _is_reported(step: _Step, title: str, surface: str) -> bool:
    if step.unless.search(title) is not None:
        return False
    found = (pattern.search(title) for pattern in step.words)
    return any(_concerns(match.groupdict(), surface) for match in found if match is not None)


def _concerns(parts: Mapping[str, str | None], surface: str) -> bool:
    """Return whether a step is small to ``surface``: it is the one chosen, or nobody is."""
    return not parts or any(surface in part for part in parts.values() if part is not None)


@cache
def _steps() -> tuple[_Step, ...]:
    """Return the steps of ``lexicon/small_steps.yaml``."""
    lexicon: dict[str, dict[str, Any]] = read_yaml("small_steps.yaml")
    return tuple(
        _Step(
            entry["says"],
            frozenset(entry["kinds"]),
            tuple(re.compile(words, re.IGNORECASE) for words in entry["words"]),
            re.compile(entry["unless"], re.IGNORECASE),
        )
        for entry in lexicon.values()
    )
