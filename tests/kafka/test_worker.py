"""Workers on a real Kafka say what a run in memory says, whatever is done to them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from firstword.kit.processing import AnyEvent
from firstword.registry import book_changes
from firstword.runtimes.kafka.records import Outgoing, outgoing
from schemas.clients import Book, Client, Firm, Manager
from tests.kafka.lab import FUTURE, PAST, Lab, items, undisturbed, wait_until
from tests.unit.firstword.counting import item_event

pytestmark = pytest.mark.kafka


def test_a_worker_says_what_memory_says_and_stops_in_order(lab: Lab) -> None:
    events = items(600, 20)
    worker = lab.worker().ready()
    lab.send_events(events[:300])
    wait_until(lambda: len(lab.read("interactions")) >= 300, "half of it")
    assert worker.healthz()[0] == 200
    code, seconds = worker.terminate()
    assert code == 0, worker.log
    assert seconds < 10
    lab.send_events(events[300:])
    lab.worker().ready()
    wanted = undisturbed(events)
    records = lab.until_said(wanted)
    assert len(records) == len(wanted), "nothing was said twice"
    assert set(lab.counts().values()) == {30}


def test_timers_fire_by_the_clock_when_nothing_waits(lab: Lab) -> None:
    events = items(100, 10, PAST)
    lab.send_events(events)
    lab.worker().ready()
    wanted = undisturbed(events)
    assert sum(b"quiet after 10" in raw for raw in wanted.values()) == 10
    assert len(lab.until_said(wanted)) == len(wanted)


def test_workers_that_are_killed_lose_nothing_and_count_nothing_twice(lab: Lab) -> None:
    events = items(4_000, 90)  # each an hour and a half after the last of its key: timers fire between them
    feeding = threading.Thread(target=lab.send, args=([outgoing(event) for event in events],), kwargs={"rate": 400})
    workers = [lab.worker(), lab.worker()]
    feeding.start()
    dice = random.Random(7)  # noqa: S311
    for _ in range(6):
        time.sleep(dice.uniform(1.0, 2.5))
        victim = dice.randrange(2)
        workers[victim].kill()
        workers[victim] = lab.worker()
    feeding.join()
    wanted = undisturbed(events)
    records = lab.until_said(wanted)
    print(f"said {len(records)} times, {len(wanted)} to be said")
    wait_until(lambda: sum(lab.counts().values()) == len(events), "the states to be written")
    assert lab.counts() == Counter(event.subject for event in events)
    assert lab.read("items.dlq") == []


def test_states_on_disk_outlive_a_kill(lab: Lab, tmp_path: Path) -> None:
    on_disk = {"FIRSTWORD_KAFKA_STORE": "rocksdb", "FIRSTWORD_KAFKA_STATE_DIR": str(tmp_path / "states")}
    events = items(400, 20)
    first = lab.worker(**on_disk).ready()
    lab.send_events(events[:200])
    wait_until(lambda: len(lab.said()) >= 100, "some of it")
    first.kill()
    lab.send_events(events[200:])
    lab.worker(**on_disk).ready()
    lab.until_said(undisturbed(events))
    wait_until(lambda: set(lab.counts().values()) == {20}, "the states")


def test_a_mistake_of_ours_ends_the_worker_and_commits_nothing(lab: Lab) -> None:
    good, poison, more = items(3, 1)
    poison = item_event(0, poison.time, "poison")
    lab.send_events([good, poison, more])
    worker = lab.worker()
    assert worker.wait() == 1
    assert "a mistake of ours" in worker.log
    again = lab.worker()
    assert again.wait() == 1, "the same record came again"
    assert lab.read("items.dlq") == []


def poison_messages() -> list[Outgoing]:
    good = outgoing(item_event(1, PAST, "good"))
    payload = good.payload or b""
    bad = {
        "no json": b"{",
        "not utf-8": b"\xff\xfe",
        "another topic's": payload.replace(b"item.ingested", b"alert.raised"),
        "an unknown version": payload.replace(b"item.ingested.v1", b"item.ingested.v9"),
        "a missing field": payload.replace(b'"title"', b'"titel"'),
        "a wrong type": payload.replace(b'"good"', b"[1]"),
        "a time without a zone": payload.replace(b"2026-01-05T09:00:00Z", b"2026-01-05T09:00:00"),
        "a list": b"[]",
        "nothing": b"",
    }
    assert all(raw != payload for raw in bad.values())
    records = [Outgoing("items", name.encode(), raw, (("trace", name.encode()),)) for name, raw in bad.items()]
    return [*records, Outgoing("items", b"none", None), outgoing(item_event(2, FUTURE, "bad"))]


def test_poison_becomes_dead_letters_and_the_stream_goes_on(lab: Lab) -> None:
    lab.worker().ready()
    poison = poison_messages()
    between = items(len(poison), 5)
    mixed = [record for pair in zip(poison, map(outgoing, between), strict=True) for record in pair]
    lab.send(mixed)
    lab.until_said(undisturbed(between))
    wait_until(lambda: len(lab.read("items.dlq")) == len(poison), "the dead letters")
    letters = lab.read("items.dlq")
    assert {(letter.key, letter.payload) for letter in letters} == {(record.key, record.payload) for record in poison}
    for letter in letters:
        headers = dict(letter.headers)
        assert headers["firstword-reason"]
        assert headers["firstword-consumer"] == b"tally"
        assert headers["firstword-topic"] == b"items"
    assert {dict(letter.headers).get("trace") for letter in letters} >= {b"no json", b"nothing"}


def test_too_many_dead_letters_stop_every_worker(lab: Lab) -> None:
    limit = {"FIRSTWORD_KAFKA_DEAD_LETTERS_PER_HOUR": "5", "FIRSTWORD_KAFKA_BATCH": "2"}
    lab.send_events(item_event(0, FUTURE + timedelta(minutes=number), "bad") for number in range(20))
    first = lab.worker(**limit)
    assert first.wait() == 1
    assert "more than 5 records within an hour" in first.log
    assert lab.worker(**limit).wait() == 1
    assert len(lab.read("items.dlq")) <= 5


def client_events(count: int) -> list[AnyEvent]:
    clients = tuple(Client(id=f"c{number}", name="C", manager_id="m", trade="wealth") for number in range(count))
    book = Book(firm=Firm(name="F"), managers=(Manager(id="m", name="M"),), clients=clients)
    return list(book_changes(book, {}, FUTURE).events)


def test_references_are_known_before_the_first_record_and_a_second_after_a_change(lab: Lab) -> None:
    lab.send_events(client_events(3))
    lab.send_events([item_event(1, FUTURE, "who")])
    workers = [lab.worker().ready(), lab.worker().ready()]
    wait_until(lambda: len(lab.said()) >= 1, "the first answer")
    before = len(client_events(3))
    lab.send_events(client_events(5)[before:])
    time.sleep(1)
    lab.send_events(item_event(subject, FUTURE + timedelta(days=1), "who") for subject in range(2, 26))

    def known() -> Counter[str]:
        said = [raw.decode().split('"summary":"count 1 with ')[1:] for raw in lab.said().values()]
        return Counter(rest[0].split('"')[0] for rest in said if rest)

    wait_until(lambda: known().total() >= 25, "the other answers")
    assert known() == {f"{before} clients": 1, f"{len(client_events(5))} clients": 24}
    assert all(worker.healthz()[0] == 200 for worker in workers)


def test_a_worker_without_its_topics_says_what_to_do(lab: Lab) -> None:
    worker = lab.worker(FIRSTWORD_KAFKA_PREFIX="nobody.")
    assert worker.wait() == 3
    assert "Run 'firstword topics apply'" in worker.log
