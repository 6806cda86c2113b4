"""A blackout that begins after the approval stops the message, and the account manager sees the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.base import event
from schemas.clients import Blackout, ClientChanged
from services.common.db import reading
from services.common.errors import BadInput
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
    """Add blackouts to the client book at ``minutes`` after NOW."""
    claire = next(client for client in clients() if client.id == "claire-arnaud")
    contact = claire.contact.model_copy(update={"blackouts": blackouts})
    changed = ClientChanged(
        client=claire.model_copy(update={"contact": contact}), firm=FIRM, manager=MANAGERS["mara"], revision=7
    )
    at = NOW + timedelta(minutes=minutes)
    world.apply([event(changed, key=claire.id, id=f"evt_{minutes}", source="test", time=at)])


def approve(world: World) -> str:
    """Approve a draft on Corvane Pharma; return its id."""
    line = world.draft("claire-arnaud", "warn")
    assert line.alert is not None
    assert line.alert.entity_name == "Corvane Pharma"
    world.desk("approve", line.id, line.version)
    return line.id


@pytest.mark.parametrize(
    ("blackout", "said"),
    [
        (LEAVE, "Claire Arnaud must not be contacted until Monday 9 March"),
        (DEAL, "Claire Arnaud must not be contacted about Corvane Pharma"),
    ],
)
async def test_a_blackout_returns_the_message_with_the_reason(world: World, blackout: Blackout, said: str) -> None:
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
async def test_a_blackout_on_another_topic_stops_nothing(world: World, blackouts: tuple[Blackout, ...]) -> None:
    approve(world)
    black_out(world, *blackouts, minutes=1)
    world.at(NOW + timedelta(minutes=2))
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    assert len(channel.sent) == 1


def test_no_reason_sends_a_message_during_a_blackout(world: World) -> None:
    black_out(world, LEAVE)
    line = world.draft("claire-arnaud", "warn")
    with pytest.raises(BadInput, match="a death in the family"):
        world.desk("approve", line.id, line.version, at_once=True, override_reason="She asked for it")
    assert world.line(line.id).state == "open"


def test_a_blackout_on_a_topic_applies_to_all_its_names(world: World) -> None:
    black_out(world, DEAL.model_copy(update={"about": ("hldn",)}))
    with reading(world.engine) as connection:
        lines = queries.drafts_of(connection, EVERYTHING, client_id="claire-arnaud")
    line = next(line for line in lines if line.decidable and line.alert and line.alert.entity_name == "Halden Energy")
    with pytest.raises(BadInput, match="Nothing about hldn is sent to Claire Arnaud until Monday 9 March"):
        world.desk("approve", line.id, line.version)
