"""Measures how far an item is about a thing that it mentions, and explains the result in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.items import Item
from schemas.mentions import Span

__all__ = ["salience"]

# Our own choice: a mention in the title alone passes 0.5, one in the lead alone does not, and one in the body alone
# stays below 0.3.
_IN_TITLE, _EARLY_IN_TITLE = 0.55, 0.15
_IN_LEAD = 0.3
_IN_BODY = 0.1
_REPEATED, _MAX_REPEATS = 0.15, 4
_SHARE = 0.15
#: Length of the lead in characters: the beginning of the summary, or of the body if there is no summary.
_LEAD_CHARS = 220


def salience(
    item: Item, name: str, spans: Sequence[Span], share: float, *, by_query: bool = False
) -> tuple[float, str]:
    """Return the salience, 0–1, and one sentence that explains it.

    ``spans`` are in reading order and not empty. ``share`` (0–1) is their part of all mentions in the item.
    ``by_query`` says that a query matched, so the spans are words of the query and not names.
    """
    first = spans[0]
    if first.field == "title":
        position = first.start / max(len(item.title), 1)
        weight = _IN_TITLE + _EARLY_IN_TITLE * (1 - position)
        where = "at the start of the title" if position < 0.25 else "in the title"
    elif _in_lead(item, first):
        weight, where = _IN_LEAD, "in the opening lines"
    else:
        weight, where = _IN_BODY, f"only further down in the {first.field}"
    weight += _REPEATED * min(len(spans) - 1, _MAX_REPEATS) / _MAX_REPEATS
    weight += _SHARE * share
    times = "once" if len(spans) == 1 else f"{len(spans)} times in total"
    named = "is named"
    if by_query:
        named = f"is matched by “{first.text}”"
    elif first.text != name:
        named = f"is named as “{first.text}”"
    others = "" if share == 1 else f", along with other watched names ({share:.0%} of the mentions)"
    return round(min(weight, 1.0), 3), f"{name} {named} {where}, {times}{others}."


def _in_lead(item: Item, span: Span) -> bool:
    return span.start < _LEAD_CHARS and (span.field == "summary" or not item.summary)
