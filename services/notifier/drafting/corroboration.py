"""Decides on which evidence a message rests, and which of it is independent and of one event beyond doubt.

Where better sources report, what those say that make nothing true by themselves is left out: neither their words nor
their names are told.
"""

from __future__ import annotations

from schemas.alerts import Alert, Evidence
from schemas.mentions import SourceLetter

__all__ = ["are_independent", "cited_origin", "may_be_said_together", "without_weak_evidence"]

#: The grades of the sources on which a message rests, by the grade of the story's best one; of any other, all.
_BEARING: dict[SourceLetter, str] = {"A": "AB", "B": "AB", "C": "ABC"}
#: Evidence of these sorts states nothing by which a message could tell the news.
_SILENT = frozenset(("copy", "context"))


def without_weak_evidence(alert: Alert) -> Alert:
    """Return ``alert`` with the evidence on which a message rests: that of sources as good as it takes to believe it.

    Of what others add to such a story, nobody knows whether it is true.
    """
    bearing = _BEARING.get(alert.source_grade)
    if bearing is None:
        return alert
    kept = tuple(item for item in alert.evidence if item.source_grade in bearing)
    if len(kept) == len(alert.evidence) or all(item.supports in _SILENT for item in kept):
        return alert
    return alert.model_copy(update={"evidence": kept})


def cited_origin(item: Evidence) -> str | None:
    """Return the origin that the item names in its text; None if only its link, name or credit claims it."""
    return None if item.origin == item.claimed_publisher else item.origin


def are_independent(left: Evidence, right: Evidence) -> bool:
    """Return whether two items came through different channels and from different origins."""
    return _channel(left) != _channel(right) and left.origin.casefold() != right.origin.casefold()


def may_be_said_together(item: Evidence, other: Evidence) -> bool:
    """Return whether it is sure beyond doubt that both report the same event; in older alerts, their story says so."""
    return item.same_event is None or other.item_id in item.same_event


def _channel(item: Evidence) -> str:
    return item.channel or item.publisher.casefold()
