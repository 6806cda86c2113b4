"""The contract of every queue, in both modes, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, Mode
from tests.unit.services.common.queue.world import BUSY, DELIVERED, NOW, QueueWorld


@pytest.fixture(params=["at_most_once", "at_least_once"])
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def world(database: Engine, mode: Mode) -> QueueWorld:
    return QueueWorld.on(database, mode)


def test_work_is_claimed_when_it_is_due_and_only_once(world: QueueWorld) -> None:
    world.add("a")
    world.add("later", at=NOW + timedelta(seconds=1))
    assert world.due() == ["a"]
    assert world.claim("a", "later") == [Attempt("a", 1)]
    assert world.claim("a", "later") == []
    assert world.outcomes("a") == [None], "the attempt is recorded before it is made"


def test_of_many_workers_one_gets_each_piece_of_work(world: QueueWorld) -> None:
    ids = [f"w{number}" for number in range(12)]
    world.add(*ids)

    def claim_all(_: int) -> Sequence[Attempt]:
        return [attempt for id in ids for attempt in world.claim(id)]

    with ThreadPoolExecutor(4) as threads:
        claimed = [attempt for batch in threads.map(claim_all, range(4)) for attempt in batch]
    assert sorted(attempt.id for attempt in claimed) == sorted(ids)


def test_many_are_claimed_and_finished_in_one_transaction(world: QueueWorld) -> None:
    world.add("a", "b", "c")
    attempts = world.claim("a", "b", "c")
    outcomes = dict(zip(attempts, (DELIVERED, BUSY, Outcome("rejected", "no such address")), strict=True))
    with world.engine.begin() as connection:
        settled = world.queue.finish(connection, [Finished(*end) for end in outcomes.items()], NOW)
    assert [work.status for work in settled] == ["delivered", "pending", "failed"]
    assert [world.row(id)["last_error"] for id in "abc"] == [None, "it is busy", "no such address"]
    assert [world.outcomes(id) for id in "abc"] == [["delivered"], ["retry"], ["rejected"]]


def test_the_schedule_is_followed_to_its_end(world: QueueWorld) -> None:
    world.add("a")
    for number, wait in enumerate((60, 3_600), start=1):
        (attempt,) = world.claim("a")
        assert world.finish(attempt, BUSY) == ["pending"]
        world.clock.advance(seconds=wait - 1)
        assert world.claim("a") == []
        world.clock.advance(seconds=1)
        assert attempt.number == number
    (attempt,) = world.claim("a")
    assert world.finish(attempt, BUSY) == ["failed"]
    assert world.row("a")["next_attempt_at"] is None
    assert world.outcomes("a") == ["retry"] * 3


def test_the_other_side_may_ask_for_more_patience(world: QueueWorld) -> None:
    world.add("a")
    (attempt,) = world.claim("a")
    world.finish(attempt, Outcome("retry", "not now", retry_after_seconds=7_200))
    assert world.row("a")["next_attempt_at"] == NOW + timedelta(hours=2)


def test_an_unknown_outcome_is_repeated_only_where_that_does_no_harm(world: QueueWorld, mode: Mode) -> None:
    world.add("a")
    (attempt,) = world.claim("a")
    expected = "unknown" if mode == "at_most_once" else "pending"
    assert world.finish(attempt, Outcome("unknown", "no answer")) == [expected]
    world.clock.advance(days=30)
    assert (world.claim("a") == []) is (mode == "at_most_once")


def test_a_crash_before_the_end_is_an_unknown_outcome(world: QueueWorld, mode: Mode) -> None:
    world.add("a", "b")
    world.claim("a")
    world.clock.advance(minutes=5)
    world.claim("b")
    assert world.recover(NOW) == ["a"], "the other one began later, and may be under way"
    assert world.row("a")["status"] == ("unknown" if mode == "at_most_once" else "pending")
    assert "stopped while this was being sent" in world.row("a")["last_error"]
    assert world.outcomes("a") == ["unknown"]
    assert world.recover(NOW) == []


def test_an_outcome_that_comes_after_the_recovery_counts_only_where_it_can(world: QueueWorld, mode: Mode) -> None:
    world.add("a")
    (attempt,) = world.claim("a")
    world.recover(NOW)
    assert world.finish(attempt, DELIVERED) == ([] if mode == "at_most_once" else ["delivered"])
    assert world.outcomes("a") == ["delivered"], "the log says what happened"


def test_an_old_attempt_does_not_end_a_new_one(database: Engine) -> None:
    world = QueueWorld.on(database, "at_least_once")
    world.add("a")
    (old,) = world.claim("a")
    world.recover(NOW)
    world.clock.advance(minutes=2)
    (new,) = world.claim("a")
    assert world.finish(old, BUSY) == []
    assert world.row("a")["status"] == "sending"
    assert world.finish(new, DELIVERED) == ["delivered"]
    assert world.outcomes("a") == ["retry", "delivered"]


def test_an_owner_may_decide_otherwise_and_write_more(world: QueueWorld) -> None:
    world.add("a")
    (attempt,) = world.claim("a")
    rejected = Outcome("rejected", "no such address")
    assert world.finish(attempt, rejected, status="pending", next_attempt_at=NOW, note="another way") == ["pending"]
    assert world.row("a")["note"] == "another way"
    assert world.claim("a") == [Attempt("a", 2)]
