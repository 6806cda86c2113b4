"""A replay always gives the same bytes, in memory and in a data folder, and a second run adds nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firstword.book import load_book
from firstword.compose import common, embedded
from firstword.runtimes.replay import EMITTABLE, Emit, Replay, in_time_order, item_events
from firstword.sample.files import example
from firstword.sample.newswire import read_newswire, schedule
from schemas.alerts import Alert
from schemas.clients import Book
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import SourceGrade
from services.common.settings import read_settings

START = datetime(2026, 1, 6, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Book:
    found, problems = load_book(example("book.yaml").read_text(encoding="utf-8"), "book.yaml")
    assert found is not None, problems
    return found


@pytest.fixture(scope="module")
def items() -> list[Item]:
    newswire = read_newswire(example("newswire.yaml"))
    return [
        Item(
            id=f"itm_{entry.number}",
            url=f"https://{publisher.domain}/{entry.number}",
            title=entry.story.title,
            summary=entry.story.summary,
            body=entry.story.body,
            language="en",
            published_at=entry.at,
            source=Source(feed_url=f"https://{publisher.domain}/feed", host=publisher.domain, publisher=publisher.name),
        )
        for entry in schedule(newswire, START)
        for publisher in [newswire.publishers[entry.story.by]]
    ]


def grades() -> list[SourceGrade]:
    return [publisher.source_grade() for publisher in read_newswire(example("newswire.yaml")).publishers.values()]


def replayed(book: Book, items: list[Item], emit: tuple[Emit, ...] = EMITTABLE) -> list[str]:
    run = Replay(book, common.build_pipeline(), emit, sources=grades())
    return [emitted.model_dump_json() for emitted in run.run(in_time_order(items))]


def test_the_same_input_gives_the_same_bytes(book: Book, items: list[Item]) -> None:
    first = replayed(book, items)
    assert first == replayed(book, items)
    assert {line.split('"')[3] for line in first} == {"mention", "reading", "story", "claim", "alert", "draft"}


def test_items_are_replayed_in_order_of_time(book: Book, items: list[Item]) -> None:
    assert replayed(book, items[::-1]) == replayed(book, items)


def test_every_item_has_a_story_and_a_claim(book: Book, items: list[Item]) -> None:
    unwatched = Item(id="itm_rain", url="https://x.example/r", title="Rain in the north", published_at=START)
    lines = replayed(book, [*items, unwatched], ("stories", "claims"))
    assert len(lines) == 2 * (len(items) + 1)


def test_selecting_fewer_results_does_not_change_them(book: Book, items: list[Item]) -> None:
    everything = [line for line in replayed(book, items) if line.startswith('{"type":"alert"')]
    assert replayed(book, items, ("alerts",)) == everything


@pytest.mark.slow
def test_a_persistent_replay_gives_the_same_and_a_second_one_adds_nothing(
    book: Book, items: list[Item], tmp_path: Path
) -> None:
    settings = read_settings(data=tmp_path)
    emit: tuple[Emit, ...] = ("alerts", "drafts")
    emitted = list(embedded.replay_into_folder(settings, book, in_time_order(items), emit))
    alerts = [result for result in emitted if isinstance(result, Alert)]
    in_memory = Replay(book, common.build_pipeline(), emit).run(in_time_order(items))
    assert sorted(result.model_dump_json() for result in in_memory) == sorted(
        result.model_dump_json() for result in emitted
    )
    assert list(embedded.replay_into_folder(settings, None, in_time_order(items), emit)) == []
    with common.open_store(settings) as store:
        assert store.find_alert(alerts[0].id) == alerts[0]


def test_a_repeated_item_is_dropped_and_a_changed_one_is_a_revision() -> None:
    item = Item(id="itm_1", url="https://x.example/1", title="Profit of 3 million", published_at=START)
    changed = item.model_copy(update={"title": "Profit of 4 million", "updated_at": START + timedelta(hours=1)})
    found = [event.data for event in item_events([item, item, changed])]
    assert all(isinstance(data, ItemIngested) for data in found)
    assert [(data.revision, data.change) for data in found if isinstance(data, ItemIngested)] == [
        (0, "new"),
        (1, "revised"),
    ]


def test_an_id_of_another_feed_is_another_item() -> None:
    ours = Source(feed_url="https://x.example/feed", host="x.example")
    evil = Source(feed_url="https://evil.example/feed", host="x.example")
    item = Item(id="itm_1", url="https://x.example/1", title="Profit of 3 million", published_at=START, source=ours)
    forged = item.model_copy(update={"title": "We retract our report", "source": evil})
    found = [event.data for event in item_events([item, forged, item, forged])]
    assert [(data.item.title, data.revision) for data in found if isinstance(data, ItemIngested)] == [
        ("Profit of 3 million", 0),
        ("We retract our report", 0),
    ]
    assert len({data.item.id for data in found if isinstance(data, ItemIngested)}) == 2


def test_event_times_never_decrease() -> None:
    late = Item(id="itm_2", url="https://x.example/2", title="Late", published_at=START - timedelta(days=1))
    early = Item(id="itm_1", url="https://x.example/1", title="Early", published_at=START)
    assert [event.time for event in item_events([early, late])] == [START, START]
