"""A blackout that begins after a message was approved keeps it from going out, and the manager reads why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from schemas.base import event
from schemas.clients import Blackout, ClientChanged
from services.common.db import reading
from services.notifier import queries
from services.notifier.scope import EVERYTHING
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.fakes import ScriptedChannel

LEAVE = Blackout(until=date(2026, 3, 8), reason="a death in the family")
DEAL = Blackout(until=date(2026, 3, 8), reason="a deal is open", about=("Corvane Pharma",))
OTHER = Blackout(until=date(2026, 3, 8), reason="a deal is open", about=("Halden Energy",))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


def black_out(world: World, *blackouts: Blackout, minutes: int = 0) -> None:
    """The book has it so from ``minutes`` after NOW on."""
    claire = next(one for one in clients() if one.id == "claire-arnaud")
    contact = claire.contact.model_copy(update={"blackouts": blackouts})
    changed = ClientChanged(
        client=claire.model_copy(update={"contact": contact}), firm=FIRM, manager=MANAGERS["mara"], revision=7
    )
    at = NOW + timedelta(minutes=minutes)
    world.apply([event(changed, key=claire.id, id=f"evt_{minutes}", source="test", time=at)])


def approve(world: World, *, at_once: bool = False) -> str:
    """A draft on Corvane Pharma."""
    line = world.draft("claire-arnaud", "warn")
    assert line.alert is not None
    assert line.alert.entity_name == "Corvane Pharma"
    world.desk("approve", line.id, line.version, at_once=at_once)
    return line.id


@pytest.mark.parametrize(
    ("blackout", "said"),
    [(LEAVE, "Claire Arnaud is not written to until Monday 9 March"), (DEAL, "Nothing is said on Corvane Pharma")],
)
async def test_it_does_not_go_out_and_returns_with_the_reason(world: World, blackout: Blackout, said: str) -> None:
    draft_id = approve(world)
    black_out(world, blackout, minutes=1)
    world.at(NOW + timedelta(minutes=2))
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    assert channel.sent == []
    line = world.line(draft_id)
    assert line.state == "failed"
    assert said in (line.outcome or "")
    assert blackout.reason in (line.outcome or "")


@pytest.mark.parametrize("blackouts", [(), (OTHER,)])
async def test_what_is_about_something_else_goes_out(world: World, blackouts: tuple[Blackout, ...]) -> None:
    approve(world)
    black_out(world, *blackouts, minutes=1)
    world.at(NOW + timedelta(minutes=2))
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    assert len(channel.sent) == 1


async def test_who_sends_it_now_anyway_has_seen_the_blackout(world: World) -> None:
    black_out(world, LEAVE)
    approve(world, at_once=True)
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    assert len(channel.sent) == 1


async def test_but_not_for_long(world: World) -> None:
    black_out(world, LEAVE)
    approve(world, at_once=True)
    world.at(NOW + timedelta(minutes=16))
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    assert channel.sent == []


def test_a_deal_is_known_by_any_of_its_names_when_a_message_is_approved(world: World) -> None:
    black_out(world, DEAL.model_copy(update={"about": ("hldn",)}))
    with reading(world.engine) as connection:
        lines = queries.drafts_of(connection, EVERYTHING, client_id="claire-arnaud")
    line = next(one for one in lines if one.decidable and one.alert and one.alert.entity_name == "Halden Energy")
    leaves_at = world.desk("approve", line.id, line.version)
    assert isinstance(leaves_at, datetime)
    assert leaves_at.date() == date(2026, 3, 9)
