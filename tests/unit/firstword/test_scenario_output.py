"""The scenario that ``firstword explain --as-scenario`` prints leads to the same alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from firstword.book import load_book
from firstword.cli.scenario import scenario_lines
from firstword.compose import common, embedded
from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from firstword.runtimes.replay import BEGINNING, PersistentReplay, in_time_order, source_graded_event
from firstword.sample.files import example
from firstword.sample.newswire import read_newswire, schedule
from firstword.storage.event_log import EventLog
from firstword.store import Store
from schemas.alerts import Alert, AlertRaised
from schemas.clients import Client
from schemas.items import Item, Source
from schemas.mentions import SourceGrade
from services.common.clock import ManualClock
from services.common.settings import read_settings
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from tests.scenarios.loader import parse_scenarios

START = datetime(2026, 1, 6, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A data folder with the alerts of the sample newswire."""
    newswire = read_newswire(example("newswire.yaml"))
    items = [
        Item(
            id=f"itm_{timed.number}",
            title=timed.story.title,
            summary=timed.story.summary,
            body=timed.story.body,
            published_at=timed.at,
            source=Source(feed_url=f"https://{publisher.domain}/feed", host=publisher.domain, publisher=publisher.name),
        )
        for timed in schedule(newswire, START)
        for publisher in [newswire.publishers[timed.story.by]]
    ]
    book, _ = load_book(example("book.yaml").read_text(encoding="utf-8"), "book.yaml")
    assert book is not None
    clock = ManualClock(BEGINNING)
    with common.open_store(read_settings(data=tmp_path_factory.mktemp("data")), clock) as opened:
        opened.import_book(book)
        with opened.engine.begin() as connection:
            grades = [publisher.source_grade() for publisher in newswire.publishers.values()]
            opened.events.publish(connection, [source_graded_event(grade, BEGINNING) for grade in grades])
        replay = PersistentReplay(opened.engine, EventLog(), clock, ("alerts",))
        list(replay.run(in_time_order(items), embedded.build_runtime(opened, replay.collect)))
        yield opened


def stories(store: Store) -> Iterator[tuple[list[Alert], list[str]]]:
    """Yield the alerts of each story of each client, with the lines of its scenario."""
    book = store.book()
    assert book is not None
    clients: dict[str, Client] = {client.id: client for client in book.clients}
    with store.engine.connect() as connection:
        raised = [event.data for event in EventLog().scan(connection, "alerts")]
    seen: set[tuple[str, str, str]] = set()
    for data in raised:
        assert isinstance(data, AlertRaised)
        key = data.alert.client_id, data.alert.story_id, data.alert.entity_id
        if key not in seen:
            seen.add(key)
            alerts, items = store.load_story(data.alert)
            yield alerts, scenario_lines(alerts, items, clients[data.alert.client_id], grades_of(alerts))


def grades_of(alerts: list[Alert]) -> list[SourceGrade]:
    hosts = {item.host for alert in alerts for item in alert.evidence}
    publishers = read_newswire(example("newswire.yaml")).publishers.values()
    return [publisher.source_grade() for publisher in publishers if publisher.domain in hosts]


@pytest.mark.slow
def test_each_story_of_the_sample_leads_to_the_same_verdicts(store: Store) -> None:
    counted = 0
    for alerts, lines in stories(store):
        comments = [line[2:] for line in lines if line.startswith("# ")][1:]
        publishers = {key: SourceGrade(**entry) for line in comments for key, entry in yaml.safe_load(line).items()}
        (scenario,) = parse_scenarios("\n".join(lines), "explained", publishers)
        runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
        for event in scenario.setting:
            list(runtime.push(event))
        verdicts: list[str] = []
        for step in scenario.steps:
            following = list(runtime.finish(step.at)) + (list(runtime.push(step.event)) if step.event else [])
            verdicts += [event.data.alert.verdict for event in following if isinstance(event.data, AlertRaised)]
        assert verdicts == [alert.verdict for alert in alerts], lines
        counted += 1
    assert counted >= 10
