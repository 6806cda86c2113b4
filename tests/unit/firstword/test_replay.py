"""A replay gives the same bytes every time, in memory and kept in a folder, and a second run adds nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firstword.book import load_book
from firstword.compose import common, embedded
from firstword.runtimes.replay import EMITTABLE, Emit, Replay, in_time_order, item_events
from firstword.sample.files import example
from firstword.sample.newswire import dated, read_newswire
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
            id=f"itm_{one.number}",
            url=f"https://{publisher.domain}/{one.number}",
            title=one.story.title,
            summary=one.story.summary,
            body=one.story.body,
            language="en",
            published_at=one.at,
            source=Source(host=publisher.domain, publisher=publisher.name),
        )
        for one in dated(newswire, START)
        for publisher in [newswire.publishers[one.story.by]]
    ]


def grades() -> list[SourceGrade]:
    return [publisher.standing() for publisher in read_newswire(example("newswire.yaml")).publishers.values()]


def replayed(book: Book, items: list[Item], emit: tuple[Emit, ...] = EMITTABLE) -> list[str]:
    run = Replay(book, common.build_pipeline(), emit, sources=grades())
    return [emitted.model_dump_json() for emitted in run.run(in_time_order(items))]


def test_the_same_input_gives_the_same_bytes(book: Book, items: list[Item]) -> None:
    first = replayed(book, items)
    assert first == replayed(book, items)
    assert {line.split('"')[3] for line in first} == {"mention", "story", "claim", "alert", "draft"}


def test_items_are_taken_in_the_order_of_their_times(book: Book, items: list[Item]) -> None:
    assert replayed(book, items[::-1]) == replayed(book, items)


def test_every_item_has_a_claim_and_a_story(book: Book, items: list[Item]) -> None:
    watched_by_nobody = Item(id="itm_rain", url="https://x.example/r", title="Rain in the north", published_at=START)
    lines = replayed(book, [*items, watched_by_nobody], ("stories", "claims"))
    assert len(lines) == 2 * (len(items) + 1)


def test_what_was_not_asked_for_changes_nothing_of_the_rest(book: Book, items: list[Item]) -> None:
    everything = [line for line in replayed(book, items) if line.startswith('{"type":"alert"')]
    assert replayed(book, items, ("alerts",)) == everything


def test_a_kept_replay_says_the_same_and_a_second_one_adds_nothing(
    book: Book, items: list[Item], tmp_path: Path
) -> None:
    settings = read_settings(data=tmp_path)
    emit: tuple[Emit, ...] = ("alerts", "drafts")
    kept = list(embedded.replay_kept(settings, book, in_time_order(items), emit))
    alerts = [one for one in kept if isinstance(one, Alert)]
    in_memory = Replay(book, common.build_pipeline(), emit).run(in_time_order(items))
    assert sorted(one.model_dump_json() for one in in_memory) == sorted(one.model_dump_json() for one in kept)
    assert list(embedded.replay_kept(settings, None, in_time_order(items), emit)) == []
    with common.open_store(settings) as store:
        assert store.find_alert(alerts[0].id) == alerts[0]


def test_a_repeated_item_is_left_out_and_a_changed_one_is_a_revision() -> None:
    item = Item(id="itm_1", url="https://x.example/1", title="Profit of 3 million", published_at=START)
    changed = item.model_copy(update={"title": "Profit of 4 million", "updated_at": START + timedelta(hours=1)})
    found = [event.data for event in item_events([item, item, changed])]
    assert all(isinstance(data, ItemIngested) for data in found)
    assert [(data.revision, data.change) for data in found if isinstance(data, ItemIngested)] == [
        (0, "new"),
        (1, "revised"),
    ]


def test_time_never_runs_back() -> None:
    late = Item(id="itm_2", url="https://x.example/2", title="Late", published_at=START - timedelta(days=1))
    early = Item(id="itm_1", url="https://x.example/1", title="Early", published_at=START)
    assert [event.time for event in item_events([early, late])] == [START, START]
