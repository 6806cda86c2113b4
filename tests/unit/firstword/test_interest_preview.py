"""An interest is tried on the stored stories and items, without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from firstword.interest_preview import InterestPreviewer
from schemas.base import event
from schemas.clients import Query, TopicScope, Watch, WatchKind
from schemas.items import Item, ItemIngested
from services.common.processing import AnyEvent
from services.notifier.client_book.port import InterestPreview
from tests.desk_data import NOW
from tests.desk_world import Newest, World


def ingested(number: int, title: str, summary: str = "", at: datetime = NOW) -> AnyEvent:
    item = Item(id=f"item_{number}", title=title, summary=summary or None, url=f"https://news.example/{number}")
    return event(ItemIngested(item=item), key=item.id, id=f"evt_{number}", source="test", time=at)


ITEMS = (
    ingested(1, "Ransomware closes three clinics in Bavaria", "Hospitals in Germany restore from backups."),
    ingested(2, "Ransomware gang hits a shipyard in Chile"),
    ingested(3, "Ransomware closes three clinics in Bavaria", "The same news again."),
    ingested(4, "Oat prices rise for a third week"),
    ingested(5, "Ransomware in Germany's hospitals last year", at=NOW - timedelta(days=31)),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


def preview(world: World, name: str, kind: WatchKind, **more: object) -> InterestPreview:
    watch = Watch(entity_id="", name=name, kind=kind, **more)  # type: ignore[arg-type]
    return InterestPreviewer(world.engine, Newest(ITEMS)).preview(watch, NOW)


def test_a_scope_leaves_out_what_concerns_others(world: World) -> None:
    everything = preview(world, "ransomware", "topic", topic="ransomware")
    assert [story.title for story in everything.stories] == [ITEMS[0].data.item.title, ITEMS[1].data.item.title]  # type: ignore[attr-defined]
    assert everything.unlimited
    scoped = preview(
        world, "ransomware", "topic", topic="ransomware",
        scope=TopicScope(industries=("healthcare",), regions=("Germany",)),
    )  # fmt: skip
    assert [story.title for story in scoped.stories] == [ITEMS[0].data.item.title]  # type: ignore[attr-defined]
    assert (scoped.total, scoped.unlimited) == (1, False)
    assert scoped.stories[0].by == ("Ransomware", "healthcare", "Germany")


def test_an_event_counts_once_and_the_stories_of_clients_are_searched_too(world: World) -> None:
    found = preview(world, "Tillgate POS", "competitor")
    assert found.total == 1, "two reports of one event"
    assert found.stories[0].publisher in ("CERT Nordmark", "Patch Notes Weekly")
    assert found.searched > len(ITEMS) - 1


def test_a_query_is_tried_as_it_will_be_matched(world: World) -> None:
    query = Query(any_of=("oats", "oat"), all_of=("price | prices",))
    assert preview(world, "Oats", "topic", query=query).total == 1
    assert preview(world, "Oats", "topic", query=Query(any_of=("oat",), none_of=("rise",))).total == 0
