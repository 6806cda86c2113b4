"""From the outbox over Kafka into a database and out again: nothing is lost or duplicated, whatever happens."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from firstword.runtimes.kafka.dead_letter_topics import read_pending
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, outbound_record
from firstword.runtimes.kafka.relay import Relay
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.storage.engine import open_database
from firstword.storage.outbox import Outbox, OutboxPublisher, OutboxRow
from schemas.base import event
from schemas.clients import ClientRemoved
from schemas.topics import decode
from services.common.clock import SystemClock
from services.common.db import reading
from services.common.processing import AnyEvent
from tests.kafka.lab import PAST, TIMEOUT_SECONDS, Lab, Worker, expected_outputs, items, run, wait_until
from tests.unit.firstword.counting import item_event

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


class ConsumerWorker(Worker):
    """A process of :mod:`tests.kafka.consumer_worker`."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        super().__init__(log, "tests.kafka.consumer_worker", environment)


class Consumers:
    """Worker processes on one database."""

    def __init__(self, lab: Lab, url: str, folder: Path) -> None:
        self._lab, self._url, self._folder = lab, url, folder
        self._running: list[Worker] = []

    def start(self, **environment: str) -> Worker:
        log = self._folder / f"consumer-{len(self._running)}.log"
        settings = {
            "FIRSTWORD_KAFKA": self._lab.settings.brokers,
            "FIRSTWORD_KAFKA_PREFIX": self._lab.settings.prefix,
            "FIRSTWORD_KAFKA_SESSION_TIMEOUT_SECONDS": "6",
            "FIRSTWORD_KAFKA_HEARTBEAT_SECONDS": "1",
            "FIRSTWORD_DATABASE": self._url,
        }
        worker = ConsumerWorker(log, settings | environment)
        self._running.append(worker)
        return worker

    def close(self) -> None:
        for worker in self._running:
            worker.kill()


@pytest.fixture
def consumers(lab: Lab, postgres_url: str, tmp_path: Path) -> Iterator[Consumers]:
    started = Consumers(lab, postgres_url, tmp_path)
    yield started
    started.close()


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_database(postgres_url)
    yield engine
    engine.dispose()


def publish(engine: Engine, events: list[AnyEvent], *, batch: int = 20, pause: float = 0.0) -> None:
    publisher = OutboxPublisher(SystemClock())
    for start in range(0, len(events), batch):
        with engine.begin() as connection:
            publisher.publish(connection, events[start : start + batch])
        time.sleep(pause)


def test_one_relay_sends_in_order_and_another_takes_over(lab: Lab, engine: Engine) -> None:
    events = [item_event(number % 7, PAST, f"news {number}") for number in range(1_500)]

    async def relay_all() -> None:
        stop = asyncio.Event()
        relays = [asyncio.create_task(Relay(engine, lab.settings, SystemClock()).run(stop)) for _ in range(2)]
        await asyncio.to_thread(publish, engine, events[:1000])
        relays[0].cancel()
        await asyncio.to_thread(publish, engine, events[1000:])
        await until(lambda: unsent(engine) == 0)
        stop.set()
        await asyncio.gather(*relays, return_exceptions=True)

    run(relay_all())
    seen: dict[str, list[str]] = {}
    for record in lab.read("items"):
        event = decode("items", record.payload or b"")
        came = seen.setdefault(event.subject, [])
        if event.id not in came:
            came.append(event.id)
    assert sum(map(len, seen.values())) == len(events)
    for subject, ids in seen.items():
        assert ids == [event.id for event in events if event.subject == subject]


def test_an_event_that_the_broker_refuses_does_not_block_others(lab: Lab, engine: Engine) -> None:
    large = item_event(1, PAST, "x" * 1_200_000)
    publish(engine, [item_event(0, PAST), large, item_event(2, PAST)])

    async def relay() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Relay(engine, lab.settings, SystemClock()).run(stop))
        await until(lambda: unsent(engine) == 0)
        stop.set()
        await task

    run(relay())
    assert len(lab.read("items")) == 2
    with reading(engine) as connection:
        (reason,) = connection.execute(text("SELECT refused FROM outbox WHERE refused IS NOT NULL")).scalars()
    assert "larger" in reason or "size" in reason


LEADER = """FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
#: Ends the connection of the leading relay.
CUT_LEADER = f"SELECT pg_terminate_backend(pid) {LEADER}"


class OvertakenRelay(Relay):
    """Loses its database while sending a client event, and sends that only after another relay has sent a later one."""

    def __init__(self, engine: Engine, settings: KafkaSettings, other: Engine) -> None:
        super().__init__(engine, settings, SystemClock())
        self._other, self.was_overtaken = other, False

    async def _send(self, producer: Any, rows: Sequence[OutboxRow]) -> tuple[list[int], dict[int, str]]:
        if not self.was_overtaken and any(row.topic == "clients" for row in rows):
            self.was_overtaken = True
            with self._other.begin() as connection:
                connection.execute(text(CUT_LEADER))
            await asyncio.to_thread(publish, self._other, [removed(2)])
            await until(lambda: unsent(self._other) == 0)
        return await super()._send(producer, rows)


def removed(revision: int) -> AnyEvent:
    gone = ClientRemoved(client_id="ann", revision=revision)
    return event(gone, key="ann", id=f"evt_gone_{revision}", source="test", time=PAST)


def revisions(records: Sequence[InboundRecord]) -> list[int]:
    clients = [decode("clients", record.payload or b"").data for record in records]
    return [client.revision for client in clients if isinstance(client, ClientRemoved)]


def test_after_an_overtaken_relay_the_latest_client_event_is_last(lab: Lab, engine: Engine) -> None:
    async def relay_all() -> None:
        stop = asyncio.Event()
        first = OvertakenRelay(engine, lab.settings, engine)
        relays = [asyncio.create_task(first.run(stop))]
        await until(lambda: has_leader(engine))
        relays.append(asyncio.create_task(Relay(engine, lab.settings, SystemClock()).run(stop)))
        await asyncio.to_thread(publish, engine, [removed(1)])
        async with asyncio.timeout(TIMEOUT_SECONDS):
            sent: list[int] = []
            while len(sent) < 4 or sent[-1] != 2:
                await asyncio.sleep(0.2)
                sent = revisions(await lab.read_now("clients"))
        stop.set()
        await asyncio.gather(*relays)

    run(relay_all())
    sent = revisions(lab.read("clients"))
    assert 1 in sent[sent.index(2) :]  # it was overtaken
    assert sent[-1] == 2


def test_a_new_leader_sends_the_latest_client_event_again(lab: Lab, engine: Engine) -> None:
    publish(engine, [removed(1), removed(2)])

    async def relay_until(count: int, settle_seconds: float) -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Relay(engine, lab.settings, SystemClock(), settle_seconds=settle_seconds).run(stop))
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(await lab.read_now("clients")) < count or unsent(engine):  # noqa: ASYNC110 - Kafka sets no event
                await asyncio.sleep(0.2)
        stop.set()
        await task

    run(relay_until(2, TIMEOUT_SECONDS))
    lab.send([outbound_record(removed(1))])  # sent late by a relay that was killed
    assert revisions(lab.read("clients")) == [1, 2, 1]
    run(relay_until(4, 0.5))
    assert revisions(lab.read("clients")) == [1, 2, 1, 2]


@pytest.mark.slow
def test_killed_workers_and_cut_connections_lose_and_duplicate_nothing(
    lab: Lab, engine: Engine, consumers: Consumers
) -> None:
    events = items(2_000, 40)
    workers = [consumers.start(), consumers.start()]
    dice = random.Random(5)  # noqa: S311
    for start in range(0, len(events), 250):
        publish(engine, events[start : start + 250], pause=0.1)
        if dice.random() < 0.5:
            number = dice.randrange(2)
            workers[number].kill()
            workers[number] = consumers.start()
        else:
            cut_connections(engine)
    wanted = expected_outputs(events)
    wait_until(lambda: len(lab.outputs()) >= len(wanted), "all outputs")
    assert lab.outputs() == wanted
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox WHERE topic = 'interactions'")).scalar() == len(
            wanted
        )
    assert workers[0].terminate() == 0, workers[0].log


def test_bad_records_become_dead_letters(lab: Lab, engine: Engine, consumers: Consumers) -> None:
    worker = consumers.start()
    good = item_event(1, PAST)
    lab.send(
        [OutboundRecord("items", b"k", b"no event"), outbound_record(item_event(2, PAST, "bad")), outbound_record(good)]
    )
    wait_until(lambda: len(lab.read("items.dlq")) == 2, f"two dead letters\n{worker.log}")
    wait_until(lambda: len(lab.outputs()) >= 2, "the count and the tick of the valid item")
    reasons = {dict(record.headers)["firstword-place"] for record in lab.read("items.dlq")}
    assert reasons == {b"UnreadableEvent", b"KnownBadEvent"}


def test_restarts_do_not_reset_the_dead_letter_limit(lab: Lab, engine: Engine, consumers: Consumers) -> None:
    limit = {"FIRSTWORD_KAFKA_DEAD_LETTERS_PER_HOUR": "5", "FIRSTWORD_KAFKA_BATCH": "2"}
    lab.send([outbound_record(item_event(0, PAST + timedelta(minutes=number), "bad")) for number in range(20)])
    for _ in range(2):
        worker = consumers.start(**limit)
        assert worker.wait() == 1, worker.log
        assert "More than 5 events within an hour" in worker.log
    # A relay that ends between sending and marking sends a letter again, so repeats are left out.
    sent = {pending.letter.identity for pending in run(read_pending(lab.settings, ["items"]))}
    with reading(engine) as connection:
        assert len(sent) + len(Outbox().unsent(connection, topics=["items.dlq"])) <= 5


def test_an_unexpected_error_ends_the_worker_and_processes_nothing(
    lab: Lab, engine: Engine, consumers: Consumers
) -> None:
    lab.send([outbound_record(item_event(1, PAST, "poison"))])
    worker = consumers.start()
    assert worker.wait() == 1, worker.log
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM taken")).scalar() == 0


def unsent(engine: Engine) -> int:
    with reading(engine) as connection:
        return Outbox().count_unsent(connection)


def has_leader(engine: Engine) -> bool:
    with reading(engine) as connection:
        return bool(connection.scalar(text(f"SELECT count(*) {LEADER}")))


def cut_connections(engine: Engine) -> None:
    """Cut all connections, as a restart of the server does."""
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - in the database, which sets no event
            await asyncio.sleep(0.1)
