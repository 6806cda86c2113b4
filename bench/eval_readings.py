"""Measure the shipped reader on labeled pairs of the days kept out of training, and what clients would be told of them.

    python bench/eval_readings.py [--half dev|kept] [--errors]

The items and older labels are in ../shared/data/news, ours in training/labels. Of the days kept out of training,
thresholds are chosen on one half (``dev``); the other is for the final check. ``--errors`` prints the worst errors with
their titles, instead of the figures of each value and each confidence.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from bench.event_families import detect, family_lines
from schemas.alerts import AlertRaised
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, Firm, Manager, TopicScope, Watch, WatchKind
from schemas.items import Item, ItemIngested
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.reading.model.encoding import NameType
from services.matcher.reading.model.network import Scores, default_network
from services.matcher.sources.channels import trust_source
from services.matcher.sources.publishers import default_sources
from services.matcher.thresholds import default_thresholds
from training.figures import Figures, ReadingError, compare, figure_lines, worst_errors
from training.rows import Row, load_rows

NEWS = Path(__file__).parents[2] / "shared" / "data" / "news"
ITEMS = NEWS / "items.jsonl"
SOURCES = ("readers", "older")
WORST = 50
#: A client's watch for each sort of name.
KINDS: dict[NameType, WatchKind] = {
    "company": "holding",
    "product": "product",
    "regulator": "regulation",
    "topic": "topic",
    "person": "topic",
    "place": "place",
}
#: The labels say what matters to somebody who follows all news of these.
SUBJECTS: frozenset[WatchKind] = frozenset(("topic", "regulation", "place"))
TOLD_LABELS = ("tell", "warn")
TOLD_VERDICTS = ("tell", "information", "warn")
NO_MENTION, NO_ALERT = "not found in the text", "no alert"


class Kept(NamedTuple):
    """The rows of kept days, with the shipped model's scores."""

    rows: list[Row]
    scores: list[Scores]

    def of(self, source: str) -> Kept:
        """Return those with the labels of ``source``."""
        chosen = [pair for pair in zip(self.rows, self.scores, strict=True) if pair[0].source == source]
        return Kept([row for row, _ in chosen], [scores for _, scores in chosen])

    def figures(self) -> Figures:
        """Compare the scores with the labels, at the shipped threshold."""
        return compare(self.rows, self.scores, default_thresholds().worth_telling)


class Outcome(NamedTuple):
    """The verdict for a client who watches the name, and the rule behind it."""

    row: Row
    verdict: str
    rule: str

    @property
    def is_told(self) -> bool:
        """True if the client is told or warned."""
        return self.verdict in TOLD_VERDICTS

    @property
    def should_be_told(self) -> bool:
        """True if the readers would tell or warn the client."""
        return self.row.labels["tell"] in TOLD_LABELS


class ToldFigures(NamedTuple):
    """The number of pairs told, of those that should be, and how far both agree."""

    told: int
    worth: int
    precision: float
    recall: float


@cache
def kept(half: str) -> Kept:
    """Read the rows of one half of the kept days with the shipped model."""
    rows = [row for row in load_rows(NEWS) if row.kept_out and row.tuning == (half == "dev")]
    return Kept(rows, default_network().scores([row.text for row in rows]))


@cache
def outcomes(half: str) -> list[Outcome]:
    """Judge each kept pair of one half by itself, for a client who holds, uses or follows all the names."""
    rows = kept(half).rows
    judge = Judge()
    judge.update_reference(book_of(list(watches_of(rows).values())))
    found = []
    for row, annotated in annotated_pairs(rows):
        if annotated is None:
            found.append(Outcome(row, "none", NO_MENTION))
            continue
        _, events = judge.process(judge.initial(annotated.subject), annotated, annotated.time)
        alerts = [raised.data.alert for raised in events if isinstance(raised.data, AlertRaised)]
        verdict, rule = (alerts[0].verdict, alerts[0].reasons[0].rule) if alerts else ("none", NO_ALERT)
        found.append(Outcome(row, verdict, rule))
    return found


def annotated_pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, AnyEvent | None]]:
    """Yield each row with its item as the matcher annotates it for the name; None where the name is not found."""
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        rows_of[row.item_id].append(row)
    watches = watches_of(rows)
    annotate = Annotate()
    annotate.update_reference(book_of(list(watches.values())))
    for item in items_of(rows_of):
        at = item.published_at or datetime(2026, 1, 1, tzinfo=UTC)
        fresh = item.model_copy(update={"fetched_at": at})
        ingested = event(ItemIngested(item=fresh), key=item.id, id=f"evt_{item.id}", source="bench", time=at)
        annotated = {mention.subject: mention for mention in annotate.process(None, ingested, at)[1]}
        for row in rows_of[item.id]:
            yield row, annotated.get(watches[row.entity].entity_id)


def told(found: Iterable[Outcome]) -> ToldFigures:
    """Compare verdicts with labels."""
    judged = [outcome for outcome in found if outcome.row.targets["tell"]]
    is_told = sum(outcome.is_told for outcome in judged)
    worth = sum(outcome.should_be_told for outcome in judged)
    hits = sum(outcome.is_told and outcome.should_be_told for outcome in judged)
    return ToldFigures(is_told, worth, hits / max(1, is_told), hits / max(1, worth))


def errors(half: str) -> list[ReadingError]:
    """Return the worst errors of the shipped reader."""
    return worst_errors(*kept(half), default_thresholds().worth_telling, WORST)


def detail_lines(half: str) -> Iterator[str]:
    """Yield all figures by value and by confidence, and what was told by sort of name, label and rule."""
    for source in SOURCES:
        yield f"labels of {source}:"
        yield from figure_lines(kept(half).of(source).figures(), whole=True)
    yield "events, by family:"
    yield from family_lines(detect(*kept(half)))
    judged = sorted(outcomes(half), key=lambda outcome: outcome.row.type)
    for type, group in groupby(judged, key=lambda outcome: outcome.row.type):
        yield f"told, {type}: {_told_line(list(group))}"
    yield f"told, all: {_told_line(judged)}"
    wrong = [outcome.row.labels for outcome in judged if outcome.is_told and not outcome.should_be_told]
    parts = Counter(" ".join(labels.get(field, "–") for field in ("role", "genre", "weight")) for labels in wrong)
    yield f"told wrongly, by label: {_most_common(parts)}"
    missed = Counter(outcome.rule for outcome in judged if outcome.should_be_told and not outcome.is_told)
    yield f"not told, by rule: {_most_common(missed)}"


def error_lines(half: str) -> Iterator[str]:
    """Yield the worst errors with their titles, grouped by kind, the most frequent first."""
    groups: dict[str, list[ReadingError]] = defaultdict(list)
    for error in errors(half):
        groups[error.kind].append(error)
    for kind, group in sorted(groups.items(), key=lambda found: -len(found[1])):
        yield f"{kind}  ({len(group)})"
        for error in group:
            yield f"  {error.confidence:.2f}  {error.row.item_id}  [{error.row.entity}]  {error.row.title}"


def _told_line(found: Sequence[Outcome]) -> str:
    result = told(found)
    return (
        f"{len(found)} pairs, {result.told} told, {result.worth} worth it, "
        f"P {result.precision:.2f}, R {result.recall:.2f}"
    )


def _most_common(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(12))


def items_of(wanted: Iterable[str]) -> Iterator[Item]:
    """Yield the items with the ids ``wanted``, each as published by whom it names."""
    ids = set(wanted)
    with ITEMS.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["id"] in ids:
                item = Item.model_validate({name: row[name] for name in Item.model_fields if name in row})
                yield trust_source(item, default_sources())


def watches_of(rows: Iterable[Row]) -> dict[str, Watch]:
    """Return a watch for each name, with the aliases of the watch list."""
    listed = listed_aliases()
    return {
        row.entity: Watch(
            entity_id=content_id("ent", row.entity),
            name=row.entity,
            kind=KINDS[row.type],
            aliases=listed.get(row.entity, ()),
            scope=TopicScope() if KINDS[row.type] in SUBJECTS else None,
        )
        for row in rows
    }


def listed_aliases() -> dict[str, tuple[str, ...]]:
    """Return the other names of each name in the watch list."""
    entries = json.loads((NEWS / "watch.json").read_text(encoding="utf-8"))
    return {entry["name"]: tuple(entry.get("aliases", ())) for entry in entries}


def book_of(watches: Sequence[Watch]) -> AnyEvent:
    """Return the client who holds, uses or follows all of ``watches``."""
    client = Client(
        id="client",
        name="A client",
        manager_id="manager",
        trade="wealth",
        assets=tuple(watch for watch in watches if watch.is_asset),
        interests=tuple(watch for watch in watches if not watch.is_asset),
    )
    data = ClientChanged(client=client, firm=Firm(name="A firm"), manager=Manager(id="manager", name="A manager"))
    return event(data, key="client", id="evt_client", source="bench", time=datetime(2014, 1, 1, tzinfo=UTC))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("dev", "kept"), default="dev")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    print("\n".join(error_lines(options.half) if options.errors else detail_lines(options.half)))


if __name__ == "__main__":
    main()
