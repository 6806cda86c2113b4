"""For clients of whom no news ever came, what the book agrees is said once for each change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.base import event
from schemas.clients import ClientChanged, ContactPolicy
from schemas.interactions import ContactAgreed
from services.notifier.agreement_publisher import ContactClocks
from tests.desk_data import NOW
from tests.desk_world import World
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path, [])
    yield made
    made.engine.dispose()


def book(world: World, client_id: str, revision: int, **contact: object) -> None:
    client = a_client(id=client_id, contact=ContactPolicy.model_validate(contact))
    changed = ClientChanged(client=client, firm=a_firm(), manager=a_manager(), revision=revision)
    at = world.clock.now()
    world.apply([event(changed, key=client_id, id=f"evt_{client_id}_{revision}", source="test", time=at)])
    world.at(at + timedelta(seconds=6))


def said(world: World) -> list[tuple[str, str | None, int | None]]:
    agreed = [one.data for one in world.publisher.events if isinstance(one.data, ContactAgreed)]
    return [(one.client_id, one.cadence, one.max_silence_days) for one in agreed]


def test_each_agreement_is_said_once_and_its_end_too(world: World) -> None:
    clocks = ContactClocks(world.engine, world.publisher, world.clock)
    assert clocks.look() == 0
    book(world, "a", 1, cadence="weekly, Friday by noon")
    book(world, "b", 1)
    book(world, "c", 1, max_silence_days=10)
    assert clocks.look() == 2
    assert said(world) == [("a", "weekly, Friday by noon", None), ("c", None, 10)]
    assert clocks.look() == 0
    book(world, "a", 2, cadence="daily by 9")
    book(world, "c", 2)
    book(world, "b", 2)
    assert clocks.look() == 2
    assert said(world)[2:] == [("a", "daily by 9", None), ("c", None, None)]
    book(world, "c", 3)
    assert clocks.look() == 0


def test_another_process_says_the_same_under_the_same_id(world: World) -> None:
    book(world, "a", 1, cadence="daily by 9")
    assert ContactClocks(world.engine, world.publisher, world.clock).look() == 1
    world.at(NOW + timedelta(days=3))
    assert ContactClocks(world.engine, world.publisher, world.clock).look() == 0


def test_a_change_settles_before_it_is_spoken_of(world: World) -> None:
    book(world, "a", 1, cadence="daily by 9")
    world.at(NOW)
    assert ContactClocks(world.engine, world.publisher, world.clock).look() == 0
