"""Report what faults cost: the time without output, and the time from item to draft."""

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
    """A fault, with its begin and end in seconds since 1970."""

    name: str
    began: float
    ended: float = 0.0


def report(lab: Lab, faults: list[Fault]) -> str:
    """Return a line per fault until the last item came. A draft counts for the last fault before it was written."""
    output_times = sorted(
        {record.timestamp_ms / 1000 for topic in ("mentions", "drafts") for record in lab.read(topic)}
    )
    waits = waits_of(lab)
    over = max(came for came, _ in waits)
    lines = [f"{'fault':<36} {'lasted':>6} {'silent':>7} {'then resumed after':>19} {'longest item to draft':>22}"]
    for fault, end in zip(faults, [*(fault.began for fault in faults[1:]), over], strict=True):
        if fault.began >= over:
            continue
        stamps = output_times[bisect_right(output_times, fault.began) : bisect_right(output_times, min(end, over))]
        silent = max((b - a for a, b in pairwise([fault.began, *stamps])), default=0.0)
        first = next((at for at in output_times if at > fault.ended), fault.ended) - fault.ended
        longest = max((wait for at, wait in waits if fault.began <= at + wait < end), default=0.0)
        lines.append(
            f"{fault.name:<36} {fault.ended - fault.began:>4.0f} s {silent:>5.1f} s {first:>17.1f} s {longest:>20.1f} s"
        )
    cuts = quantiles([wait for _, wait in waits], n=100)
    lines.append(f"item to draft, all {len(waits):,}: p50 {cuts[49]:.1f} s, p90 {cuts[89]:.1f} s, p99 {cuts[98]:.1f} s")
    return "\n".join(lines)


def waits_of(lab: Lab) -> list[tuple[float, float]]:
    """Return, for each draft, when its item came and how many seconds later the draft was on Kafka."""
    came = {}
    for record in lab.read("items"):
        data = decode("items", record.payload or b"").data
        assert isinstance(data, ItemIngested)
        came[data.item.id] = data.item.fetched_at.timestamp() if data.item.fetched_at else 0.0
    alert_items = {}
    for record in lab.read("alerts"):
        raised = decode("alerts", record.payload or b"").data
        assert isinstance(raised, AlertRaised)
        alert_items[raised.alert.id] = max(came[evidence.item_id] for evidence in raised.alert.evidence)
    drafted: dict[str, float] = {}
    for record in lab.read("drafts"):
        made = decode("drafts", record.payload or b"").data
        if isinstance(made, DraftCreated):
            at = record.timestamp_ms / 1000
            drafted[made.draft.alert_id] = min(at, drafted.get(made.draft.alert_id, at))
    return sorted((alert_items[alert], at - alert_items[alert]) for alert, at in drafted.items())
