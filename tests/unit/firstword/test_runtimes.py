"""The embedded runtime gives the same events as the one in memory, survives restarts and keeps bad events aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert

from firstword.book_events import build_book, diff_book
from firstword.pipeline import Pipeline
from firstword.runtimes.dead_letter_limit import DEAD_LETTERS_PER_HOUR, TooManyDeadLetters
from firstword.runtimes.embedded import EmbeddedRuntime
from firstword.runtimes.memory import MemoryRuntime
from firstword.storage.dead_letters import DeadLetters
from firstword.storage.engine import open_sqlite
from firstword.storage.event_log import EventLog
from firstword.storage.tables import events, metadata
from schemas.clients import Book, Client, Firm, Manager
from schemas.interactions import InteractionLogged
from services.common.db import reading
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from tests.fakes import FakeClock
from tests.unit.firstword.counting import Counter, item_event

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_sqlite(tmp_path / "test.db")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def timeline() -> list[AnyEvent]:
    return [item_event(number, START + timedelta(minutes=25 * number)) for number in range(12)]


def summaries(found: Sequence[AnyEvent]) -> list[tuple[str, datetime]]:
    return [(e.data.summary, e.time) for e in found if isinstance(e.data, InteractionLogged)]


def in_memory(given: Sequence[AnyEvent], until: datetime) -> list[tuple[str, datetime]]:
    runtime = MemoryRuntime(Pipeline((Counter(),)))
    out = [result for event in given for result in runtime.push(event)]
    return summaries([*out, *runtime.finish(until)])


def publish(engine: Engine, given: Sequence[AnyEvent]) -> int:
    with engine.begin() as connection:
        return EventLog().publish(connection, given)


def logged(engine: Engine) -> list[tuple[str, datetime]]:
    with reading(engine) as connection:
        return summaries(list(EventLog().scan(connection, "interactions")))


@pytest.mark.parametrize("batch", [1, 5, 500])
def test_the_embedded_runtime_gives_the_same_events_as_the_one_in_memory(engine: Engine, batch: int) -> None:
    clock = FakeClock(START)
    runtime = EmbeddedRuntime(engine, Pipeline((Counter(),)), [], clock, batch=batch)
    publish(engine, timeline())
    clock.set(START + timedelta(days=1))
    runtime.run_until_idle()
    assert logged(engine) == in_memory(timeline(), START + timedelta(days=1))
    assert any("quiet after" in text for text, _ in logged(engine))


def test_restarting_after_every_event_changes_nothing(engine: Engine) -> None:
    clock = FakeClock(START)
    for event in timeline():
        publish(engine, [event])
        clock.set(event.time)
        EmbeddedRuntime(engine, Pipeline((Counter(),)), [], clock).run_until_idle()
    assert logged(engine) == in_memory(timeline(), timeline()[-1].time)


def test_a_repeated_event_is_not_published(engine: Engine) -> None:
    assert publish(engine, timeline()) == 12
    assert publish(engine, timeline()) == 0


def test_a_failed_step_is_rolled_back_and_repeated(engine: Engine) -> None:
    class Failing(Counter):
        fuse = 5

        def process(self, state, event, now):  # type: ignore[no-untyped-def]
            self.fuse -= 1
            if self.fuse == 0:
                raise RuntimeError("power cut")
            return super().process(state, event, now)

    publish(engine, timeline())
    clock = FakeClock(START)
    with pytest.raises(RuntimeError, match="power cut"):
        EmbeddedRuntime(engine, Pipeline((Failing(),)), [], clock).run_until_idle()
    assert logged(engine) == []
    EmbeddedRuntime(engine, Pipeline((Counter(),)), [], clock).run_until_idle()
    assert logged(engine) == in_memory(timeline(), START)


def test_bad_events_become_dead_letters_and_the_others_are_processed(engine: Engine) -> None:
    publish(engine, [item_event(0, START), item_event(1, START, "bad"), item_event(2, START)])
    with engine.begin() as connection:
        connection.execute(insert(events).values(topic="items", key="x", event_id="x", time=START, payload=b"no event"))
    EmbeddedRuntime(engine, Pipeline((Counter(),)), [], FakeClock(START)).run_until_idle()
    assert len(logged(engine)) == 2
    with reading(engine) as connection:
        reasons = [letter.reason for letter in DeadLetters().pending(connection)]
    assert reasons == [
        "not an event: Invalid JSON: expected ident at line 1 column 2",
        "itm_1: a title that can't be worked with.",
    ]


class Strict(Counter):
    """Refuses what the counter accepts once it is told so."""

    refusing = True

    def process(self, state, event, now):  # type: ignore[no-untyped-def]
        if self.refusing and event.data.item.id == "itm_1":
            raise KnownBadEvent("itm_1: not yet.")
        return super().process(state, event, now)


def test_events_that_failed_are_processed_again_when_somebody_asks(engine: Engine) -> None:
    letters, clock, strict = DeadLetters(), FakeClock(START), Strict()
    runtime = EmbeddedRuntime(engine, Pipeline((strict,)), [], clock)
    publish(engine, [item_event(number, START) for number in range(3)])
    runtime.run_until_idle()

    def ask() -> None:
        with engine.begin() as connection:
            letters.ask(connection, [letter.id for letter in letters.pending(connection)], clock.now())
        runtime.run_until_idle()

    def left() -> list[tuple[int, str]]:
        with reading(engine) as connection:
            return [(letter.attempt, letter.reason) for letter in letters.pending(connection)]

    assert (len(logged(engine)), left()) == (2, [(1, "itm_1: not yet.")])
    ask()
    assert (len(logged(engine)), left()) == (2, [(2, "itm_1: not yet.")]), "it fails again, and nobody asks any more"
    strict.refusing = False
    runtime.run_until_idle()
    assert len(logged(engine)) == 2
    ask()
    assert (len(logged(engine)), left()) == (3, [])


def run_to_the_limit(engine: Engine, clock: FakeClock) -> int:
    """Run a new runtime until it stops at the limit; return the number of pending dead letters."""
    runtime = EmbeddedRuntime(engine, Pipeline((Counter(),)), [], clock, batch=50)
    with pytest.raises(TooManyDeadLetters, match=r"counter, items/\d+: itm_\d+: a title that can't be worked with"):
        runtime.run_until_idle()
    with reading(engine) as connection:
        return DeadLetters().count_pending(connection)


def test_restarts_do_not_reset_the_dead_letter_limit(engine: Engine) -> None:
    publish(engine, [item_event(number, START, "bad") for number in range(DEAD_LETTERS_PER_HOUR + 200)])
    clock = FakeClock(START)
    counts = [run_to_the_limit(engine, clock) for _ in range(3)]
    assert counts == [DEAD_LETTERS_PER_HOUR] * 3


def test_dropped_dead_letters_no_longer_count_toward_the_limit(engine: Engine) -> None:
    publish(engine, [item_event(number, START, "bad") for number in range(DEAD_LETTERS_PER_HOUR + 200)])
    run_to_the_limit(engine, FakeClock(START))
    with engine.begin() as connection:
        letters = DeadLetters().pending(connection)
        DeadLetters().drop(connection, [letter.id for letter in letters], START)
    EmbeddedRuntime(engine, Pipeline((Counter(),)), [], FakeClock(START)).run_until_idle()
    with reading(engine) as connection:
        assert DeadLetters().count_pending(connection) == 200


def test_references_are_restored_after_a_restart(engine: Engine) -> None:
    client = Client(id="c", name="C", manager_id="m", trade="wealth")
    book = Book(firm=Firm(name="F"), managers=(Manager(id="m", name="M"),), clients=(client,))
    publish(engine, diff_book(book, {}, START).events)
    first = Counter()
    EmbeddedRuntime(engine, Pipeline((first,)), [], FakeClock(START)).run_until_idle()
    again = Counter()
    EmbeddedRuntime(engine, Pipeline((again,)), [], FakeClock(START))
    assert first.known_clients == again.known_clients == 1


def test_a_sink_receives_every_event_once(engine: Engine) -> None:
    class Collect:
        name = "collect"
        inputs = ("items",)

        def __init__(self) -> None:
            self.seen: list[str] = []

        def apply(self, connection: Connection, event: AnyEvent) -> None:
            self.seen.append(event.subject)

    sink = Collect()
    publish(engine, timeline())
    EmbeddedRuntime(engine, Pipeline((Counter(),)), [sink], FakeClock(START)).run_until_idle()
    EmbeddedRuntime(engine, Pipeline((Counter(),)), [sink], FakeClock(START)).run_until_idle()
    assert sink.seen == [f"itm_{number}" for number in range(12)]


def test_pruning_deletes_old_events_that_were_read(engine: Engine) -> None:
    publish(engine, timeline())
    clock = FakeClock(START)
    runtime = EmbeddedRuntime(engine, Pipeline((Counter(),)), [], clock)
    clock.set(START + timedelta(days=8))
    assert runtime.prune() == 0, "not read yet"
    clock.set(START)
    runtime.run_until_idle()
    before = logged(engine)
    assert runtime.prune() == 0, "not old enough"
    clock.set(START + timedelta(days=8))
    assert runtime.prune() == 12
    assert logged(engine) == before, "that topic has a longer retention"


def test_pruning_keeps_the_latest_event_of_each_client(engine: Engine) -> None:
    client = Client(id="c", name="C", manager_id="m", trade="wealth")
    known: dict[str, AnyEvent] = {}
    for name in ("C", "D", "C", "E"):
        book = Book(
            firm=Firm(name="F"),
            managers=(Manager(id="m", name="M"),),
            clients=(client.model_copy(update={"name": name}),),
        )
        publish(engine, diff_book(book, known, START).events)
        with reading(engine) as connection:
            known = EventLog().latest_by_key(connection, "clients")
    runtime = EmbeddedRuntime(engine, Pipeline((Counter(),)), [], FakeClock(START))
    runtime.run_until_idle()
    assert runtime.prune() == 3
    with reading(engine) as connection:
        latest = EventLog().latest_by_key(connection, "clients")
    assert build_book(latest) == book
