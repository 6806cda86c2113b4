"""Digests go out once a day at the manager's hour, late after downtime, and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import RowMapping, select, update

from firstword.kit.db import reading
from schemas.base import content_id, event
from schemas.clients import ClientChanged, DigestWish, Manager
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.digests import DigestPost
from services.notifier.tables import digests
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.fakes import ScriptedChannel

#: Half past seven in Stockholm on the sample's Thursday.
HOUR = datetime(2026, 3, 5, 6, 30, tzinfo=UTC)


def world_of(folder: Path, wish: DigestWish, *, empty: bool = False) -> World:
    world = World.make(folder, [] if empty else None)
    manager = MANAGERS["mara"].model_copy(update={"digest": wish})
    _book(world, manager)
    return world


def _book(world: World, manager: Manager) -> None:
    client = clients()[0]
    changed = ClientChanged(client=client, firm=FIRM, manager=manager, revision=9)
    world.apply(
        [event(changed, key=client.id, id=content_id("evt", "9"), source="test", time=NOW + timedelta(seconds=1))]
    )


def rows(world: World) -> Sequence[RowMapping]:
    with reading(world.engine) as connection:
        return connection.execute(select(digests).order_by(digests.c.day)).mappings().all()


def post(world: World, channel: ScriptedChannel) -> DigestPost:
    return DigestPost(world.engine, world.clock, channel, "https://desk.example")


async def test_one_a_day_at_the_hour(tmp_path: Path) -> None:
    world, channel = world_of(tmp_path, DigestWish()), ScriptedChannel()
    world.at(HOUR - timedelta(minutes=1))
    assert await post(world, channel).post_due() == 0
    world.at(HOUR)
    assert await post(world, channel).post_due() == 1
    world.at(HOUR + timedelta(hours=9))
    assert await post(world, channel).post_due() == 0
    (mail,) = channel.sent
    assert mail.recipient == "mara@harbour-vane.example"
    assert mail.subject.startswith("Thursday 5 March: ")
    assert "Claire Arnaud" in mail.body
    assert "Claire Arnaud" in (mail.html or "")
    assert "Nadia Brightwater" not in mail.body, "another manager's client"
    world.at(HOUR + timedelta(days=1))
    assert await post(world, channel).post_due() == 1


async def test_after_downtime_one_comes_late_and_says_so(tmp_path: Path) -> None:
    world, channel = world_of(tmp_path, DigestWish()), ScriptedChannel()
    world.at(HOUR + timedelta(days=1, hours=4))
    assert await post(world, channel).post_due() == 1
    assert "Friday 6 March (late)" in channel.sent[0].subject
    assert "later than you wanted it" in channel.sent[0].body


async def test_an_empty_day_is_a_line_or_nothing(tmp_path: Path) -> None:
    for at, (wish, count) in enumerate(((DigestWish(), 1), (DigestWish(empty="nothing"), 0))):
        (folder := tmp_path / str(at)).mkdir()
        world, channel = world_of(folder, wish, empty=True), ScriptedChannel()
        world.at(HOUR)
        assert await post(world, channel).post_due() == count
        assert [row["status"] for row in rows(world)] == ["sent" if count else "empty"]


async def test_a_mail_server_that_is_away_is_tried_again_and_one_that_is_unclear_is_not(tmp_path: Path) -> None:
    world = world_of(tmp_path, DigestWish())
    channel = ScriptedChannel(Outcome("retry", "busy"), Outcome("unknown", "no answer"))
    world.at(HOUR)
    await post(world, channel).post_due()
    assert rows(world)[0]["status"] == "pending"
    world.at(HOUR + timedelta(minutes=5))
    await post(world, channel).post_due()
    assert [(row["status"], row["last_error"]) for row in rows(world)] == [("failed", "no answer")]
    world.at(HOUR + timedelta(hours=3))
    assert await post(world, channel).post_due() == 0


async def test_an_attempt_that_was_cut_off_is_not_repeated(tmp_path: Path) -> None:
    world, channel = world_of(tmp_path, DigestWish()), ScriptedChannel()
    world.at(HOUR)
    await post(world, channel).post_due()
    with world.engine.begin() as connection:
        connection.execute(update(digests).values(status="sending", next_attempt_at=HOUR))
    world.at(HOUR + timedelta(hours=1))
    assert await post(world, channel).post_due() == 0
    assert rows(world)[0]["status"] == "failed"
    assert len(channel.sent) == 1


async def test_a_manager_without_an_address_is_told_so_in_the_row(tmp_path: Path) -> None:
    world, channel = World.make(tmp_path), ScriptedChannel()
    _book(world, MANAGERS["mara"].model_copy(update={"digest": DigestWish(), "email": None}))
    world.at(HOUR)
    assert await post(world, channel).post_due() == 0
    assert rows(world)[0]["last_error"] == "The book has no mail address for Mara Lindqvist."
