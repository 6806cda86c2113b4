"""Measure how well reports on watched names are grouped into events, and what messages say of them, on real news.

    python bench/eval_events.py [--annotated FILE] [--names N] [--list FILE]

The items of ../shared/data/news are annotated for every name of its watch list (minutes; ``--annotated`` keeps the
result for the next run) and judged for a client of each. Three things are measured:

- *pairs*: of the pairs in training/labels/events.csv, how many are of one story, against what readers say;
- *order*: items of one name within 72 hours that stay together or apart when each arrives up to six hours late;
- *said*: of the sentences "X also reports it" and "it is now confirmed", how many rest on reports of the same event;
  and of "here is an update on what I wrote", how many are on that event or its next step, by the labels in
  training/labels/said.csv (``item_a,item_b,entity,label``). ``--list`` writes pairs without a label, to be labeled,
  with their texts, which do not belong into the repository.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import orjson

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from bench.eval_chains import read  # noqa: E402
from firstword.runtimes.replay import item_events  # noqa: E402
from schemas.alerts import Alert, AlertRaised  # noqa: E402
from schemas.base import content_id, event  # noqa: E402
from schemas.clients import Client, ClientChanged, Firm, Manager, TopicScope, Watch  # noqa: E402
from schemas.mentions import ItemAnnotated  # noqa: E402
from services.common.processing import AnyEvent  # noqa: E402
from services.matcher.annotate import Annotate  # noqa: E402
from services.matcher.judge import Judge  # noqa: E402
from services.matcher.stories.threads import TOLD, JudgeState  # noqa: E402
from services.notifier.drafting.brief import DraftedStory  # noqa: E402
from services.notifier.drafting.claimed_support import is_confirmed_since  # noqa: E402
from services.notifier.drafting.corroboration import without_weak_evidence  # noqa: E402
from services.notifier.drafting.supporters import corroborating  # noqa: E402
from services.notifier.outreach.messages import new_story  # noqa: E402

NEWS = ROOT.parent / "shared" / "data" / "news"
LABELS = ROOT / "training" / "labels"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW, DELAY = timedelta(hours=72), timedelta(hours=6)
_NOT_ID = re.compile(r"[^a-z0-9]+")
Pair = tuple[str, str, str]


class Said(NamedTuple):
    """A sentence that rests on two reports of one event: which sentence, the name, and both items."""

    what: str
    entity: str
    item: str
    other: str

    @property
    def pair(self) -> Pair:
        """The two items in a fixed order, and the name."""
        first, second = sorted((self.item, self.other))
        return first, second, self.entity


class Course(NamedTuple):
    """The story of each item by name, and the alerts, after all items of the names were judged."""

    story_of: dict[tuple[str, str], str]
    alerts: list[Alert]


def book() -> list[AnyEvent]:
    """Return a client for each name of the watch list."""
    changes: list[AnyEvent] = []
    for entry in orjson.loads((NEWS / "watch.json").read_bytes()):
        client = _client(entry)
        data = ClientChanged(client=client, firm=Firm(name="Bench"), manager=Manager(id="m", name="M"))
        identity = content_id("evt", client.id)
        changes.append(event(data, key=client.id, id=identity, source="bench", time=BEGINNING))
    return changes


def entity_of(name: str) -> str:
    """Return the entity id of a name of the watch list."""
    return _NOT_ID.sub("-", name.lower()).strip("-")


def _client(entry: dict[str, Any]) -> Client:
    kind = {"company": "holding", "product": "product"}.get(entry["type"], "topic")
    limits: dict[str, Any] = {"weight": 0.1} if kind == "holding" else {}
    if kind == "topic":
        limits = {"scope": TopicScope()}
    watch = Watch.model_validate(
        {
            "entity_id": entity_of(entry["name"]),
            "name": entry["name"],
            "kind": kind,
            "ticker": entry["ticker"],
            **limits,
        }
        | {"aliases": tuple(entry["aliases"])}
    )
    return Client(
        id=f"c-{watch.entity_id}",
        name=entry["name"],
        manager_id="m",
        trade="it" if kind == "product" else "wealth",
        assets=(watch,) if watch.is_asset else (),
        interests=() if watch.is_asset else (watch,),
    )


def annotated_news(cache: Path | None) -> list[AnyEvent]:
    """Return every annotation of the news, from ``cache`` if it exists; else it is written there, one a line."""
    if cache is not None and cache.exists():
        return [_event(*orjson.loads(line)) for line in cache.read_bytes().splitlines()]
    annotate = Annotate()
    for change in book():
        annotate.update_reference(change)
    found = [annotated for item in item_events(read()) for annotated in annotate.process(None, item, item.time)[1]]
    if cache is not None:
        cache.write_bytes(b"".join(orjson.dumps((e.time, e.data.model_dump(mode="json"))) + b"\n" for e in found))
    return found


def _event(time: str, data: dict[str, Any]) -> AnyEvent:
    annotated = ItemAnnotated.model_validate(data)
    identity = content_id("evt", annotated.item.id, annotated.revision, annotated.entity_id)
    return event(annotated, key=annotated.entity_id, id=identity, source="bench", time=datetime.fromisoformat(time))


def judge_all(events: Iterable[AnyEvent]) -> Course:
    """Judge annotations in the order in which they are given."""
    judge = Judge()
    for change in book():
        judge.update_reference(change)
    states: dict[str, JudgeState] = {}
    alerts: list[Alert] = []
    story_of: dict[tuple[str, str], str] = {}
    gone: dict[tuple[str, str], str] = {}
    for annotated in events:
        key = judge.key(annotated)
        state, out = judge.process(states.get(key) or judge.initial(key), annotated, annotated.time)
        states[key] = state
        alerts += [raised.data.alert for raised in out if isinstance(raised.data, AlertRaised)]
        item = annotated.data
        assert isinstance(item, ItemAnnotated)
        story = next((story.id for story in state.window.stories if item.item.id in story.items), None)
        if story is not None:
            story_of[key, item.item.id] = story
            thread = state.thread_at(story)
            gone.update(((key, merged), story) for merged in (thread.merged if thread else ()))
    for place, story in story_of.items():
        while (place[0], story) in gone:
            story = gone[place[0], story]
        story_of[place] = story
    return Course(story_of, alerts)


def late(events: Sequence[AnyEvent], seed: int = 7) -> list[AnyEvent]:
    """Return the annotations as they come if each is up to six hours late, in the order of arrival."""
    dice = random.Random(seed)  # noqa: S311 - a measurement, no secret
    delays: dict[str, timedelta] = {}
    arriving = []
    for annotated in events:
        data = annotated.data
        assert isinstance(data, ItemAnnotated)
        at = annotated.time + delays.setdefault(data.item.id, dice.random() * DELAY)
        seen = data.model_copy(update={"seen_at": at})
        arriving.append(annotated.model_copy(update={"time": at, "data": seen}))
    return sorted(arriving, key=lambda annotated: annotated.time)


def agreement(events: Sequence[AnyEvent], one: Course, other: Course) -> tuple[float, float]:
    """Return the share of pairs of items within the window that both courses join or separate, and of those joined."""
    by_name: dict[str, list[tuple[datetime, str]]] = {}
    for annotated in events:
        data = annotated.data
        assert isinstance(data, ItemAnnotated)
        by_name.setdefault(data.entity_id, []).append((annotated.time, data.item.id))
    same = every = both = either = 0
    for name, items in by_name.items():
        for (at, left), (later, right) in combinations(sorted(set(items)), 2):
            if later - at > WINDOW or left == right:
                continue
            joined = [
                course.story_of.get((name, left)) == course.story_of.get((name, right)) for course in (one, other)
            ]
            every += 1
            same += joined[0] == joined[1]
            both += all(joined)
            either += any(joined)
    return same / every, both / either


def labeled(path: Path) -> dict[Pair, list[str]]:
    """Return the labels of each pair of items, by the name in both."""
    found: dict[Pair, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            first, second = sorted((row["item_a"], row["item_b"]))
            found.setdefault((first, second, entity_of(row["entity"])), []).append(row["label"])
    return found


def of_pairs(course: Course) -> tuple[float, float, int]:
    """Return precision and recall of "one story" by the labels of readers, and the number of pairs."""
    right = joined = gold = count = 0
    for (first, second, entity), votes in labeled(LABELS / "events.csv").items():
        stories = course.story_of.get((entity, first)), course.story_of.get((entity, second))
        if None in stories:
            continue
        is_same, is_joined = votes.count("same") * 2 > len(votes), stories[0] == stories[1]
        count += 1
        right += is_same and is_joined
        joined += is_joined
        gold += is_same
    return right / (joined or 1), right / (gold or 1), count


def said_in(alerts: Iterable[Alert]) -> Iterator[Said]:
    """Yield what a message on each alert may say of other reports, once for each pair of items."""
    told: dict[str, Alert] = {}
    seen: set[tuple[str, Pair]] = set()
    for alert in alerts:
        if alert.verdict not in TOLD:
            continue
        for said in _said_of(alert, told.get(alert.earlier_alert_id or "")):
            if (said.what, said.pair) not in seen:
                seen.add((said.what, said.pair))
                yield said
        told[alert.id] = alert


def _said_of(whole: Alert, earlier: Alert | None) -> Iterator[Said]:
    alert = without_weak_evidence(whole)
    beside = [item for item in whole.evidence if item not in alert.evidence]
    lead = alert.evidence[0]
    for other in corroborating(alert, lead)[:2]:
        yield Said("also reports", alert.entity_id, lead.item_id, other.item_id)
    if earlier is None or earlier.evidence[0].item_id == lead.item_id:
        return
    before = earlier.evidence[0].item_id
    confirmed = earlier.verdict == "warn" and is_confirmed_since(alert, _drafted(earlier), beside)
    yield Said("confirmed" if confirmed else "update", alert.entity_id, lead.item_id, before)


def _drafted(alert: Alert) -> DraftedStory:
    """Return the message on ``alert`` as it is remembered."""
    lead = without_weak_evidence(alert).evidence[0]
    story = new_story(alert, alert.id, alert.raised_at)
    return story.model_copy(update={"item_ids": (lead.item_id,), "quote": lead.quote})


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotated", type=Path, help="keep the annotations in this file")
    parser.add_argument("--names", type=int, help="measure the order for the first so many names only")
    parser.add_argument("--list", type=Path, help="write what is said on pairs without a label")
    options = parser.parse_args()
    events = annotated_news(options.annotated)
    course = judge_all(events)
    precision, recall, count = of_pairs(course)
    print(f"pairs: precision {precision:.3f}, recall {recall:.3f} of {count:,} labeled pairs")
    saids = list(said_in(course.alerts))
    labels = labeled(LABELS / "said.csv")
    for what in ("also reports", "confirmed", "update"):
        votes = [labels[said.pair][0] for said in saids if said.what == what and said.pair in labels]
        right = sum(vote == "same" or (what == "update" and vote == "follow") for vote in votes)
        of_all = sum(said.what == what for said in saids)
        print(f"said: {what}: {right} of {len(votes)} right ({right / (len(votes) or 1):.3f}), {of_all} in all")
    if options.list:
        _write_unlabeled(options.list, [said for said in saids if said.pair not in labels], events)
    names = sorted({event.subject for event in events if event.subject})[: options.names]
    chosen = [event for event in events if event.subject in set(names)]
    in_order = course if options.names is None else judge_all(chosen)
    same, joined = agreement(chosen, in_order, judge_all(late(chosen)))
    print(f"order: {same:.4f} of pairs as before, {joined:.3f} of those joined in either order")


def _write_unlabeled(path: Path, saids: Sequence[Said], events: Iterable[AnyEvent]) -> None:
    texts: dict[str, str] = {}
    for annotated in events:
        data = annotated.data
        assert isinstance(data, ItemAnnotated)
        item = data.item
        texts[item.id] = (
            f"{data.seen_at:%m-%d %H:%M} [{item.source.publisher}] {item.title} | {(item.summary or '')[:260]}"
        )
    lines = [
        f"{said.what}\t{said.entity}\t{said.item}\t{said.other}\n  {texts[said.item]}\n  {texts[said.other]}"
        for said in saids
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
