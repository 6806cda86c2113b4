"""Contact agreements are published once for each change of the client book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.base import event
from schemas.clients import ClientChanged, ContactPolicy
from schemas.interactions import ContactAgreed
from services.notifier.agreement_publisher import AgreementPublisher
from tests.desk_data import NOW
from tests.desk_world import World
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.make(tmp_path, [])
    yield world
    world.engine.dispose()


def book(world: World, client_id: str, revision: int, **contact: object) -> None:
    client = a_client(id=client_id, contact=ContactPolicy.model_validate(contact))
    changed = ClientChanged(client=client, firm=a_firm(), manager=a_manager(), revision=revision)
    at = world.clock.now()
    world.apply([event(changed, key=client_id, id=f"evt_{client_id}_{revision}", source="test", time=at)])
    world.at(at + timedelta(seconds=6))


def published(world: World) -> list[tuple[str, str | None, int | None]]:
    events = [event.data for event in world.publisher.events if isinstance(event.data, ContactAgreed)]
    return [(agreed.client_id, agreed.cadence, agreed.max_silence_days) for agreed in events]


def test_each_agreement_and_its_end_are_published_once(world: World) -> None:
    agreements = AgreementPublisher(world.engine, world.publisher, world.clock)
    assert agreements.publish_changes() == 0
    book(world, "a", 1, cadence="weekly, Friday by noon")
    book(world, "b", 1)
    book(world, "c", 1, max_silence_days=10)
    assert agreements.publish_changes() == 2
    assert published(world) == [("a", "weekly, Friday by noon", None), ("c", None, 10)]
    assert agreements.publish_changes() == 0
    book(world, "a", 2, cadence="daily by 9")
    book(world, "c", 2)
    book(world, "b", 2)
    assert agreements.publish_changes() == 2
    assert published(world)[2:] == [("a", "daily by 9", None), ("c", None, None)]
    book(world, "c", 3)
    assert agreements.publish_changes() == 0


def test_another_process_publishes_the_same_event_id(world: World) -> None:
    book(world, "a", 1, cadence="daily by 9")
    assert AgreementPublisher(world.engine, world.publisher, world.clock).publish_changes() == 1
    world.at(NOW + timedelta(days=3))
    assert AgreementPublisher(world.engine, world.publisher, world.clock).publish_changes() == 0


def test_a_recent_change_is_not_published_yet(world: World) -> None:
    book(world, "a", 1, cadence="daily by 9")
    world.at(NOW)
    assert AgreementPublisher(world.engine, world.publisher, world.clock).publish_changes() == 0
