"""What faults cost: for how long nobody said anything, and how long an item took to its draft."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from schemas.alerts import AlertRaised
from schemas.drafts import DraftCreated
from schemas.items import ItemIngested
from schemas.topics import decode
from tests.kafka.lab import Lab

__all__ = ["Fault", "report"]


@dataclass
class Fault:
    """What was done, from when to when (seconds since 1970): how long something was away, or only a moment."""

    what: str
    began: float
    ended: float = 0.0


def report(lab: Lab, faults: list[Fault]) -> str:
    """A line for each fault until the last item came. A wait counts for the last fault before it ended."""
    spoken = sorted({record.timestamp_ms / 1000 for topic in ("mentions", "drafts") for record in lab.read(topic)})
    waits = waits_of(lab)
    over = max(came for came, _ in waits)
    lines = [f"{'fault':<36} {'away':>6} {'silent':>7} {'then resumed after':>19} {'longest item to draft':>22}"]
    for fault, end in zip(faults, [*(fault.began for fault in faults[1:]), over], strict=True):
        if fault.began >= over:
            continue
        stamps = spoken[bisect_right(spoken, fault.began) : bisect_right(spoken, min(end, over))]
        silent = max((b - a for a, b in pairwise([fault.began, *stamps])), default=0.0)
        first = next((at for at in spoken if at > fault.ended), fault.ended) - fault.ended
        longest = max((wait for at, wait in waits if fault.began <= at + wait < end), default=0.0)
        lines.append(
            f"{fault.what:<36} {fault.ended - fault.began:>4.0f} s {silent:>5.1f} s {first:>17.1f} s {longest:>20.1f} s"
        )
    cuts = quantiles([wait for _, wait in waits], n=100)
    lines.append(f"item to draft, all {len(waits):,}: p50 {cuts[49]:.1f} s, p90 {cuts[89]:.1f} s, p99 {cuts[98]:.1f} s")
    return "\n".join(lines)


def waits_of(lab: Lab) -> list[tuple[float, float]]:
    """Of each draft, when the item came that led to it, and how many seconds later the draft was on Kafka."""
    came = {}
    for record in lab.read("items"):
        data = decode("items", record.payload or b"").data
        assert isinstance(data, ItemIngested)
        came[data.item.id] = data.item.fetched_at.timestamp() if data.item.fetched_at else 0.0
    because = {}
    for record in lab.read("alerts"):
        raised = decode("alerts", record.payload or b"").data
        assert isinstance(raised, AlertRaised)
        because[raised.alert.id] = max(came[each.item_id] for each in raised.alert.evidence)
    said: dict[str, float] = {}
    for record in lab.read("drafts"):
        made = decode("drafts", record.payload or b"").data
        if isinstance(made, DraftCreated):
            at = record.timestamp_ms / 1000
            said[made.draft.alert_id] = min(at, said.get(made.draft.alert_id, at))
    return sorted((because[alert], at - because[alert]) for alert, at in said.items())
