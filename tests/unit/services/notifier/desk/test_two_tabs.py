"""Two tabs, a worker and a mail server in any order send one message at most, and only an approved one."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.db import reading
from services.common.errors import FirstwordError
from services.notifier import queries
from services.notifier.delivery.channels.base import Outcome, OutcomeKind
from services.notifier.scope import EVERYTHING
from tests.desk_world import World
from tests.fakes import ScriptedChannel

TAB_ACTS = ("look", "edit", "approve", "take_back", "dismiss", "mark_sent")
OUTCOMES = ("delivered", "retry", "rejected", "unknown")

steps = st.one_of(
    st.tuples(st.sampled_from(TAB_ACTS), st.sampled_from((0, 1))),
    st.tuples(st.just("work"), st.sampled_from(OUTCOMES)),
    st.tuples(st.sampled_from(("confirm_arrival", "send_again", "sinks")), st.none()),
)


class Play:
    def __init__(self, world: World) -> None:
        self.world = world
        self.id = world.draft("claire-arnaud", "warn").id
        self.seen = [0, 0]
        self.edits = 0
        self.wanted = 0  # how often a person approved sending it
        self.attempts = 0  # attempts that may have reached the client

    def step(self, act: str, about: object) -> None:
        try:
            self._do(act, about)
        except FirstwordError:
            return

    def _do(self, act: str, about: object) -> None:
        world = self.world
        if act == "sinks":
            world.apply(world.publisher.events)
        elif act == "work":
            self._work(cast("OutcomeKind", about))
        elif act in ("confirm_arrival", "send_again"):
            with reading(world.engine) as connection:
                found = queries.deliveries_of(connection, EVERYTHING, self.id)
            for row, _ in found:
                world.desk(act, row["id"])
                self.wanted += act == "send_again"
        elif act == "look":
            self.seen[int(about == 1)] = world.line(self.id).version
        else:
            self.edits += 1
            more = {"edit": (f"Subject {self.edits}", "Text"), "dismiss": ("too_late",)}.get(act, ())
            world.desk(act, self.id, self.seen[int(about == 1)], *more)
            self.wanted += act == "approve"

    def _work(self, kind: OutcomeKind) -> None:
        channel = ScriptedChannel(Outcome(kind, "told so"))
        self.world.clock.advance(days=2)
        asyncio.run(self.world.worker(channel).deliver_due())
        if channel.sent and kind in ("delivered", "unknown"):
            self.attempts += len(channel.sent)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(steps, max_size=25))
def test_nothing_happens_twice(script: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World.make(Path(folder))
        play = Play(world)
        for act, about in script:
            play.step(act, about)
            types = world.types()
            assert types.count("draft.sent") <= 1
            assert types.count("draft.sent") + types.count("draft.dismissed") <= 1
            assert play.attempts <= play.wanted, "every attempt was approved"
            sent = world.line(play.id).state == "sent"
            assert sent == ("draft.sent" in types)
        world.engine.dispose()
