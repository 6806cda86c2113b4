"""Write an alert as a scenario for ``tests/scenarios``: the items, the client, and the expected alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import yaml

from schemas.alerts import Alert
from schemas.clients import Client
from schemas.items import Item, ItemIngested
from schemas.mentions import SourceGrade
from services.common.processing import AnyEvent
from services.matcher.sources.channels import host_of_feed

__all__ = ["scenario_lines"]

#: Fields of a watch that a scenario repeats if they are set.
_WATCH_FIELDS = {"aliases", "tickers", "isin", "cik", "context", "exclude", "topic", "query", "weight", "scope"}


def scenario_lines(
    alerts: Sequence[Alert], items: Sequence[AnyEvent], client: Client | None, sources: Iterable[SourceGrade]
) -> list[str]:
    """Return the lines of the scenario. ``alerts`` are those of the story, in order; ``sources`` become a comment."""
    last = alerts[-1]
    times = [event.time for event in items] or [item.published_at or last.raised_at for item in last.evidence]
    start = min((*times, *(alert.raised_at for alert in alerts)))
    steps = [_item_step(event, start) for event in items] or [_evidence_step(last, start)]
    by_time = {step["at"]: step for step in steps}
    for alert in alerts:
        at = _hours(alert.raised_at, start)
        step = by_time.setdefault(at, {"at": at})
        step.setdefault("then", []).append(_expected(alert))
    scenario = {
        "name": f"{last.headline} (replace all names with invented ones, and say what the scenario shows)",
        "clients": [{"trade": client.trade if client else "wealth", "watches": [_watch(client, last)]}],
        "items": [{**by_time[at], "then": by_time[at].get("then", [])} for at in sorted(by_time)],
    }
    text = yaml.safe_dump([scenario], sort_keys=False, allow_unicode=True, width=120)
    lines = ["# Add to publishers.yaml what is missing there:"]
    for source in sources:
        entry = source.model_dump(include={"domain", "publisher", "kind", "grade", "owner"}, exclude_none=True)
        flow = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10_000)
        lines.append(f"# {source.domain}: {flow.strip()}")
    return [*lines, *text.splitlines()]


def _hours(time: datetime, start: datetime) -> float:
    return round((time - start).total_seconds() / 3600, 4)


def _item_step(event: AnyEvent, start: datetime) -> dict[str, Any]:
    data = event.data
    assert isinstance(data, ItemIngested)  # noqa: S101 - the topic carries nothing else
    item = data.item
    step: dict[str, Any] = {"at": _hours(event.time, start), "by": item.source.host or "unknown.example"}
    channel = _channel(item)
    if channel != step["by"]:
        step["feed"] = channel
    if data.revision:
        step |= {"id": item.id, "revision": data.revision}
    if item.published_at is not None and item.published_at != event.time:
        step["published"] = _hours(item.published_at, start)
    return step | _text(item)


def _channel(item: Item) -> str:
    """Return the host of the item's channel; empty if it is unknown."""
    vouched = item.source.speaks_for
    return vouched[0] if len(vouched) == 1 else host_of_feed(item.source.feed_url) or ""


def _text(item: Item) -> dict[str, Any]:
    fields = {"title": item.title, "summary": item.summary, "body": item.body, "language": item.language}
    return {name: value for name, value in fields.items() if value}


def _evidence_step(alert: Alert, start: datetime) -> dict[str, Any]:
    """Return the alert's first item, from its title and quote, for alerts whose items are no longer kept."""
    first = alert.evidence[0]
    at = _hours(alert.raised_at, start)
    return {"at": at, "by": first.host or "unknown.example", "title": first.title, "summary": first.quote}


def _expected(alert: Alert) -> dict[str, Any]:
    return {
        "verdict": alert.verdict,
        "because": alert.reasons[0].rule,
        "grade": f"{alert.source_grade}{alert.information_grade}",
        "origins": alert.origins,
        "kind": alert.kind,
        "direction": alert.direction,
    }


def _watch(client: Client | None, alert: Alert) -> dict[str, Any]:
    watches = client.watches if client else ()
    watch = next((watch for watch in watches if watch.entity_id == alert.entity_id), None)
    if watch is None:
        return {"name": alert.entity_name, "kind": "holding" if alert.stance == "holds" else "topic"}
    own = watch.model_dump(mode="json", include=_WATCH_FIELDS, exclude_defaults=True)
    return {"name": watch.name, "kind": watch.kind, **own}
