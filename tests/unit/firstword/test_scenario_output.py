"""What ``firstword explain --as-scenario`` prints is a scenario that comes out as the alert did."""

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
    """A folder in which the sample newswire was replayed."""
    newswire = read_newswire(example("newswire.yaml"))
    items = [
        Item(
            id=f"itm_{one.number}",
            title=one.story.title,
            summary=one.story.summary,
            body=one.story.body,
            published_at=one.at,
            source=Source(host=publisher.domain, publisher=publisher.name),
        )
        for one in schedule(newswire, START)
        for publisher in [newswire.publishers[one.story.by]]
    ]
    book, _ = load_book(example("book.yaml").read_text(encoding="utf-8"), "book.yaml")
    assert book is not None
    clock = ManualClock(BEGINNING)
    with common.open_store(read_settings(data=tmp_path_factory.mktemp("data")), clock) as opened:
        opened.import_book(book)
        with opened.engine.begin() as connection:
            grades = [source_graded_event(each.source_grade(), BEGINNING) for each in newswire.publishers.values()]
            opened.events.publish(connection, grades)
        replay = PersistentReplay(opened.engine, EventLog(), clock, ("alerts",))
        list(replay.run(in_time_order(items), embedded.build_runtime(opened, replay.collect)))
        yield opened


def stories(store: Store) -> Iterator[tuple[list[Alert], list[str]]]:
    """Every story of every client, with what is printed for it."""
    book = store.book()
    assert book is not None
    clients: dict[str, Client] = {client.id: client for client in book.clients}
    with store.engine.connect() as connection:
        raised = [each.data for each in EventLog().scan(connection, "alerts")]
    seen: set[tuple[str, str, str]] = set()
    for data in raised:
        assert isinstance(data, AlertRaised)
        key = data.alert.client_id, data.alert.story_id, data.alert.entity_id
        if key not in seen:
            seen.add(key)
            told, items = store.load_story(data.alert)
            yield told, scenario_lines(told, items, clients[data.alert.client_id], grades_of(told))


def grades_of(told: list[Alert]) -> list[SourceGrade]:
    hosts = {each.host for one in told for each in one.evidence}
    known = [each.source_grade() for each in read_newswire(example("newswire.yaml")).publishers.values()]
    return [each for each in known if each.domain in hosts]


def test_each_story_of_the_sample_comes_out_as_it_did(store: Store) -> None:
    counted = 0
    for told, lines in stories(store):
        remarks = [line[2:] for line in lines if line.startswith("# ")][1:]
        publishers = {key: SourceGrade(**entry) for line in remarks for key, entry in yaml.safe_load(line).items()}
        (scenario,) = parse_scenarios("\n".join(lines), "explained", publishers)
        runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
        for event in scenario.setting:
            list(runtime.push(event))
        got: list[str] = []
        for step in scenario.steps:
            following = list(runtime.finish(step.at)) + (list(runtime.push(step.event)) if step.event else [])
            got += [each.data.alert.verdict for each in following if isinstance(each.data, AlertRaised)]
        assert got == [alert.verdict for alert in told], lines
        counted += 1
    assert counted >= 10
