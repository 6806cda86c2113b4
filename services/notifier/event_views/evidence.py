"""The evidence of an event in order: how firm it stands, who reported it first, and who only repeats it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alerts import Alert, Evidence, InformationGrade, Support
from schemas.event_views import EventEvidence, EventStatus, EvidencePosition, EvidenceRecordView
from schemas.mentions import ClaimStatus

__all__ = ["SeenEvidence", "fold_evidence", "position_of", "status_of"]

_STATUS: Mapping[InformationGrade, EventStatus] = {
    1: "confirmed",
    2: "probable",
    3: "unconfirmed",
    4: "unconfirmed",
    5: "false",
    6: "unjudged",
}
_BY_SUPPORT: Mapping[Support, EvidencePosition] = {
    "claim": "reports",
    "copy": "repeats",
    "context": "background",
    "denies": "denies",
    "withdraws": "withdraws",
}
_BY_STATUS: Mapping[ClaimStatus, EvidencePosition] = {
    "asserted": "reports",
    "hedged": "reports",
    "denied": "denies",
    "retracted": "withdraws",
}


class SeenEvidence(NamedTuple):
    """One item's statement, and when an alert first rested on it."""

    evidence: Evidence
    first_at: datetime


def position_of(evidence: Evidence) -> EvidencePosition:
    """Return what an item does for its story; a copy in an older alert is recognized by :func:`fold_evidence` only."""
    if evidence.supports is not None:
        return _BY_SUPPORT[evidence.supports]
    return _BY_STATUS[evidence.status]


def status_of(alert: Alert) -> EventStatus:
    """Return how firm a story stands. One that somebody denies is contested, unless it is credible or false."""
    status = _STATUS[alert.information_grade]
    denied = alert.contested or any(position_of(item) == "denies" for item in alert.evidence)
    return "contested" if denied and status in ("unconfirmed", "unjudged") else status


def fold_evidence(seen: Iterable[SeenEvidence]) -> tuple[EventEvidence, ...]:
    """Return the evidence in the order of time, with what only repeats another item under the first of its origin.

    An item's own date counts, at the latest the moment at which it was first seen; a copy never counts as the first.
    """
    originals: list[SeenEvidence] = []
    copies: dict[str, list[SeenEvidence]] = {}
    owner_of: dict[str, str] = {}
    for item in sorted(seen, key=_order):
        evidence, position = item.evidence, position_of(item.evidence)
        lead = owner_of.get(evidence.origin)
        repeats = position == "repeats" or (evidence.supports is None and position == "reports")
        if lead is not None and repeats and (position == "repeats" or evidence.publisher != evidence.origin):
            copies.setdefault(lead, []).append(item)
            continue
        originals.append(item)
        if position in ("reports", "repeats"):
            owner_of.setdefault(evidence.origin, evidence.item_id)
    originals.sort(key=_time)
    first = next((item for item in originals if position_of(item.evidence) in ("reports", "repeats")), None)
    return tuple(_entry(item, copies.get(item.evidence.item_id, ()), is_first=item is first) for item in originals)


def _entry(item: SeenEvidence, copies: Sequence[SeenEvidence], *, is_first: bool) -> EventEvidence:
    return EventEvidence(
        **item.evidence.model_dump(),
        position=position_of(item.evidence),
        first_seen_at=item.first_at,
        is_first=is_first,
        copies=tuple(
            EvidenceRecordView(**copy.evidence.model_dump(), position="repeats", first_seen_at=copy.first_at)
            for copy in sorted(copies, key=_time)
        ),
    )


def _order(item: SeenEvidence) -> tuple[bool, datetime, str]:
    """Sort copies last, so that the item that they repeat is known."""
    return (position_of(item.evidence) == "repeats", *_time(item))


def _time(item: SeenEvidence) -> tuple[datetime, str]:
    stated = item.evidence.published_at or item.first_at
    return min(stated, item.first_at), item.evidence.item_id
