from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from firstword.storage.engine import open_database
from services.common.db import reading
from services.notifier import queries
from services.notifier.expiry import DraftExpirer, nothing_expires
from services.notifier.lifecycle import DECIDABLE
from services.notifier.scope import EVERYTHING
from services.notifier.tables import drafts
from tests.desk_data import NOW
from tests.desk_world import World

LONG_AFTER = NOW + timedelta(days=60)


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def expirer(world: World) -> DraftExpirer:
    return DraftExpirer(world.engine, world.publisher, world.clock)


def test_a_draft_expires_at_its_deadline_and_leaves_inbox_and_counts(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with world.engine.begin() as connection:
        connection.execute(update(drafts).values(deadline_at=LONG_AFTER))
        connection.execute(update(drafts).where(drafts.c.id == line.id).values(deadline_at=line.deadline_at))
    world.at(line.deadline_at - timedelta(seconds=1))
    assert expirer(world).expire_due() == 0
    with reading(world.engine) as connection:
        before = queries.counts(connection, EVERYTHING, world.clock.now())
    world.at(line.deadline_at)
    assert expirer(world).expire_due() == 1
    assert expirer(world).expire_due() == 0
    with reading(world.engine) as connection:
        after = queries.counts(connection, EVERYTHING, world.clock.now())
        inbox = queries.inbox(connection, EVERYTHING, world.clock.now(), number=1, size=100)
        listed = queries.expired(connection, EVERYTHING, number=1, size=100)
    assert (after.inbox, after.expired) == (before.inbox - 1, before.expired + 1)
    assert line.id not in [entry.id for entry in inbox.items]
    assert [entry.id for entry in listed.items] == [line.id]
    assert world.types() == ["draft.expired"]
    world.apply(world.publisher.events)
    assert world.line(line.id).state == "expired"


@pytest.mark.postgres
def test_nothing_expires_while_past_news_is_played_into_the_database(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    world = World.on(engine)
    line = world.draft("claire-arnaud", "warn")
    world.at(line.deadline_at)
    with nothing_expires(engine):
        assert expirer(world).expire_due() == 0
    assert expirer(world).expire_due() > 0
    engine.dispose()


def test_a_correction_does_not_expire_and_nothing_that_is_decided(world: World) -> None:
    approved, corrected = world.draft("claire-arnaud", "warn"), world.draft("claire-arnaud", "correct")
    world.desk("approve", approved.id, approved.version)
    world.at(LONG_AFTER)
    expirer(world).expire_due()
    assert world.line(approved.id).state == "approved"
    assert world.line(corrected.id).state in DECIDABLE
    with reading(world.engine) as connection:
        left = connection.execute(select(drafts.c.verdict).where(drafts.c.state.in_(DECIDABLE))).scalars().all()
    assert set(left) == {"correct"}


def test_rebuilt_tables_know_what_expired_and_was_reopened(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.at(line.deadline_at)
    expirer(world).expire_due()
    world.clock.set(line.deadline_at + timedelta(minutes=1))
    world.desk("reopen", line.id, world.line(line.id).version, "She was traveling")
    decided = [event for event in world.publisher.events if getattr(event.data, "draft_id", None) == line.id]
    with world.engine.begin() as connection:
        fresh = {"state": "open", "changed_at": NOW, "deadline_at": line.deadline_at}
        connection.execute(update(drafts).where(drafts.c.id == line.id).values(fresh))
    world.apply(decided[:1])
    assert world.line(line.id).state == "expired"
    world.apply(decided[1:])
    again = world.line(line.id)
    assert (again.state, again.deadline_at) == ("open", world.clock.now() + timedelta(days=1))
