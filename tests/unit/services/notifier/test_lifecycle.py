from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from schemas.drafts import DraftState
from services.common.db import reading
from services.notifier import lifecycle
from services.notifier.delivery import outbox
from services.notifier.lifecycle import (
    TERMINAL,
    TRANSITIONS,
    Actor,
    Command,
    DeliveryCommand,
    IllegalTransition,
    ManagerCommand,
    PipelineCommand,
    StaleDraft,
    TimeCommand,
    next_state,
)
from services.notifier.tables import deliveries, drafts
from tests.desk_data import NOW
from tests.desk_world import World

STATES: tuple[DraftState, ...] = get_args(DraftState)
ACTORS: tuple[Actor, ...] = get_args(Actor)
COMMANDS: dict[Actor, tuple[Command, ...]] = {
    "account manager": get_args(ManagerCommand),
    "delivery": get_args(DeliveryCommand),
    "pipeline": get_args(PipelineCommand),
    "time": get_args(TimeCommand),
}
LATER = NOW + timedelta(minutes=1)
DOCUMENT = Path(__file__).parents[4] / "docs" / "lifecycle.md"

steps = st.tuples(st.sampled_from(tuple(TRANSITIONS)), st.sampled_from(ACTORS))


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def test_every_command_has_one_row_and_belongs_to_its_actor() -> None:
    assert {command for commands in COMMANDS.values() for command in commands} == set(TRANSITIONS)
    for actor, commands in COMMANDS.items():
        assert {TRANSITIONS[command].actor for command in commands} == {actor}


@given(st.lists(steps, max_size=40))
def test_no_sequence_of_commands_leads_to_an_undefined_state(sequence: list[tuple[Command, Actor]]) -> None:
    state: DraftState = "open"
    for command, actor in sequence:
        before = state
        with suppress(IllegalTransition):
            state = next_state(state, command, actor)
        assert state in STATES
        assert before not in TERMINAL or state == before


def test_every_state_is_reachable() -> None:
    reached: set[DraftState] = {"open"}
    for _ in STATES:
        reached |= {row.target for row in TRANSITIONS.values() if reached & set(row.sources)}
    assert reached == set(STATES)


def test_only_withdrawn_is_terminal() -> None:
    assert {"withdrawn"} == TERMINAL


@given(state=st.sampled_from(STATES), step=steps)
def test_nobody_may_give_another_actors_command(state: DraftState, step: tuple[Command, Actor]) -> None:
    command, actor = step
    if actor != TRANSITIONS[command].actor:
        with pytest.raises(IllegalTransition, match=f"Only the {TRANSITIONS[command].actor}"):
            next_state(state, command, actor)


@pytest.mark.parametrize("command", TRANSITIONS)
def test_the_writer_follows_the_table(world: World, command: Command) -> None:
    row = TRANSITIONS[command]
    draft_id = world.draft("claire-arnaud", "warn").id
    for state in STATES:
        with world.engine.begin() as connection:
            connection.execute(drafts.update().where(drafts.c.id == draft_id).values(state=state, version=3))
        with world.engine.begin() as connection:
            if state in row.sources:
                assert lifecycle.change(connection, draft_id, command, row.actor, LATER, version=3) == row.target
            else:
                with pytest.raises(IllegalTransition, match=state):
                    lifecycle.change(connection, draft_id, command, row.actor, LATER, version=3)
        line = world.line(draft_id)
        changed = state in row.sources
        assert (line.state, line.version) == ((row.target, 4) if changed else (state, 3))


def test_a_change_to_an_old_version_is_refused(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with world.engine.begin() as connection:
        lifecycle.change(connection, line.id, "edit", "account manager", LATER, version=line.version, subject="New")
        with pytest.raises(StaleDraft):
            lifecycle.change(connection, line.id, "dismiss", "account manager", LATER, version=line.version)
    assert (world.line(line.id).state, world.line(line.id).subject) == ("edited", "New")


def test_a_draft_that_is_there_is_not_created_again(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("dismiss", line.id, 0, "too_late")
    with world.engine.begin() as connection:
        lifecycle.create(connection, line.draft, LATER)
    assert world.line(line.id).state == "dismissed"


def test_a_delivery_whose_draft_was_decided_otherwise_is_not_sent(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, 0)
    with world.engine.begin() as connection:
        connection.execute(drafts.update().where(drafts.c.id == line.id).values(state="sent"))
    with reading(world.engine) as connection:
        delivery_id = connection.execute(select(deliveries.c.id)).scalar_one()
    with world.engine.begin() as connection:
        claimed = outbox.claim(connection, delivery_id, NOW + timedelta(days=2))
    assert claimed is not None
    assert claimed.blocked is not None
    assert world.line(line.id).state == "sent"


def test_the_documented_table_is_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    _, _, rest = text.partition("markdown_table -->\n")
    assert rest.partition("\n<!-- end")[0] == lifecycle.markdown_table()
    for state in STATES:
        assert f"| {state} |" in text
