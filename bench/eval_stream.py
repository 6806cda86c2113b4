"""Measure what a client is told of whole days of news, in the order in which it came, story by story.

    python bench/eval_stream.py [--half dev|kept]

The client holds, uses or follows all labeled names. Every item of the days is judged, labeled or not, so that further
reports of a story count. A story is worth telling if half of its labeled reports or more are, and told if the client
was ever told or warned of it; a report counts as told if its story was. An item counts once for all names in it, since
it is the same client who hears of it: it is told, or worth telling, if it is for any of them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from bench.eval_readings import ITEMS, TOLD_LABELS, TOLD_VERDICTS, book_of, kept, watches_of
from schemas.alerts import AlertRaised
from schemas.base import event
from schemas.items import Item, ItemIngested
from schemas.mentions import ItemAnnotated
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.sources.channels import trust_source
from services.matcher.sources.publishers import default_sources
from services.matcher.stories.threads import JudgeState
from training.rows import day_is_kept, day_is_tuning

__all__ = ["Counts", "StreamFigures", "measure"]

#: A story of a watched name.
_Story = tuple[str, str]
_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)


class Counts(NamedTuple):
    """The number told, of those worth telling, and of those that are both."""

    told: int
    worth: int
    hits: int

    @property
    def precision(self) -> float:
        """The share of those told that are worth telling."""
        return self.hits / max(1, self.told)

    @property
    def recall(self) -> float:
        """The share of those worth telling that are told."""
        return self.hits / max(1, self.worth)


class StreamFigures(NamedTuple):
    """The figures by story, by labeled report (an item for one name), and by item for all labeled names in it."""

    stories: Counts
    reports: Counts
    items: Counts


class _Outcome(NamedTuple):
    """The story of each report, by item and entity, and the stories that were told."""

    stories: dict[tuple[str, str], _Story]
    told: set[_Story]


def measure(half: str) -> StreamFigures:
    """Judge all items of one half's days in their order, and compare the stories told with the labels."""
    rows = kept(half).rows
    watches = watches_of(rows)
    outcome = _judge(_items(half), book_of(list(watches.values())))
    labels: dict[_Story, list[bool]] = defaultdict(list)
    items: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for row in rows:
        if row.targets["tell"]:
            report = row.item_id, watches[row.entity].entity_id
            story, worth = outcome.stories.get(report, report), row.labels["tell"] in TOLD_LABELS
            labels[story].append(worth)
            items[row.item_id].append((story in outcome.told, worth))
    groups = [(story in outcome.told, reports) for story, reports in labels.items()]
    return StreamFigures(
        _counts([(told, 2 * sum(reports) >= len(reports)) for told, reports in groups]),
        _counts([(told, worth) for told, reports in groups for worth in reports]),
        _counts([(any(told for told, _ in names), any(worth for _, worth in names)) for names in items.values()]),
    )


def _counts(found: Sequence[tuple[bool, bool]]) -> Counts:
    return Counts(
        sum(told for told, _ in found), sum(worth for _, worth in found), sum(told and worth for told, worth in found)
    )


def _judge(items: Sequence[Item], book: AnyEvent) -> _Outcome:
    annotate, judge = Annotate(), Judge()
    annotate.update_reference(book)
    judge.update_reference(book)
    states: dict[str, JudgeState] = {}
    outcome = _Outcome({}, set())
    for item in items:
        at = item.fetched_at or _UNDATED
        ingested = event(ItemIngested(item=item), key=item.id, id=f"evt_{item.id}", source="bench", time=at)
        for annotated in annotate.process(None, ingested, at)[1]:
            assert isinstance(annotated.data, ItemAnnotated)
            entity_id = annotated.data.entity_id
            state = states.get(entity_id) or judge.initial(entity_id)
            states[entity_id], events = judge.process(state, annotated, at)
            found = states[entity_id].thread_of(item.id, annotated.data.revision)
            if found is None:
                continue
            story = outcome.stories[item.id, entity_id] = entity_id, found[0].story_id
            alerts = [raised.data.alert for raised in events if isinstance(raised.data, AlertRaised)]
            if any(alert.verdict in TOLD_VERDICTS for alert in alerts):
                outcome.told.add(story)
    return outcome


def _items(half: str) -> list[Item]:
    """Return all items of the half's days as they were fetched when they were published, in that order."""
    found = []
    with ITEMS.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            day = (row.get("published_at") or row.get("fetched_at") or "")[:10]
            if day_is_kept(day) and day_is_tuning(day) == (half == "dev"):
                item = Item.model_validate({name: row[name] for name in Item.model_fields if name in row})
                at = item.published_at or _UNDATED
                found.append(trust_source(item.model_copy(update={"fetched_at": at}), default_sources()))
    return sorted(found, key=lambda item: (item.fetched_at or _UNDATED, item.id))


def _lines(found: StreamFigures) -> Iterator[str]:
    for name, counts in zip(found._fields, found, strict=True):
        yield (f"{name}: {counts.told} told, {counts.worth} worth it, P {counts.precision:.2f}, R {counts.recall:.2f}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("dev", "kept"), default="dev")
    print("\n".join(_lines(measure(parser.parse_args().half))))


if __name__ == "__main__":
    main()
