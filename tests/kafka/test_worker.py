"""Workers on a real Kafka give the outputs of a run in memory, whatever happens to them."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from firstword.book_events import diff_book
from firstword.cli import dlq
from firstword.runtimes.kafka.records import OutboundRecord, outbound_record
from schemas.clients import Book, Client, Firm, Manager
from services.common.processing import AnyEvent
from tests.kafka.lab import FUTURE, LONG_SESSION, PAST, Lab, expected_outputs, items, wait_until
from tests.unit.firstword.counting import item_event

pytestmark = pytest.mark.kafka


def test_a_worker_gives_the_outputs_of_a_run_in_memory_and_stops_cleanly(lab: Lab) -> None:
    events = items(600, 20)
    worker = lab.worker(**LONG_SESSION).ready()
    lab.send_events(events[:300])
    wait_until(lambda: len(lab.read("interactions")) >= 300, "half of the outputs")
    assert worker.healthz()[0] == 200
    assert worker.terminate() == 0, worker.log
    lab.send_events(events[300:])
    lab.worker(**LONG_SESSION).ready()
    wanted = expected_outputs(events)
    records = lab.wait_for_outputs(wanted)
    assert len(records) == len(wanted), "no repeats"
    assert set(lab.counts().values()) == {30}


def test_timers_fire_by_the_clock_when_no_record_waits(lab: Lab) -> None:
    events = items(100, 10, PAST)
    lab.send_events(events)
    lab.worker().ready()
    wanted = expected_outputs(events)
    assert sum(b"quiet after 10" in raw for raw in wanted.values()) == 10
    assert len(lab.wait_for_outputs(wanted)) == len(wanted)


def test_killed_workers_lose_nothing_and_count_nothing_twice(lab: Lab) -> None:
    events = items(4_000, 90)  # each an hour and a half after the last of its key: timers fire between them
    feeding = threading.Thread(
        target=lab.send, args=([outbound_record(event) for event in events],), kwargs={"rate": 400}
    )
    workers = [lab.worker(), lab.worker()]
    feeding.start()
    dice = random.Random(7)  # noqa: S311
    for _ in range(6):
        time.sleep(dice.uniform(1.0, 2.5))
        victim = dice.randrange(2)
        workers[victim].kill()
        workers[victim] = lab.worker()
    feeding.join()
    wanted = expected_outputs(events)
    records = lab.wait_for_outputs(wanted, workers)
    print(f"{len(records)} outputs, {len(wanted)} different ones expected")
    wait_until(lambda: sum(lab.counts().values()) == len(events), "the states")
    assert lab.counts() == Counter(event.subject for event in events)
    assert lab.read("items.dlq") == []


def test_states_on_disk_survive_a_kill(lab: Lab, tmp_path: Path) -> None:
    on_disk = {"FIRSTWORD_KAFKA_STORE": "rocksdb", "FIRSTWORD_KAFKA_STATE_DIR": str(tmp_path / "states")}
    events = items(400, 20)
    first = lab.worker(**on_disk).ready()
    lab.send_events(events[:200])
    wait_until(lambda: len(lab.outputs()) >= 100, "some outputs")
    first.kill()
    lab.send_events(events[200:])
    lab.worker(**on_disk).ready()
    lab.wait_for_outputs(expected_outputs(events))
    wait_until(lambda: set(lab.counts().values()) == {20}, "the states")


def test_an_unexpected_error_ends_the_worker_and_commits_nothing(lab: Lab) -> None:
    good, poison, more = items(3, 1)
    poison = item_event(0, poison.time, "poison")
    lab.send_events([good, poison, more])
    worker = lab.worker()
    assert worker.wait() == 1
    assert "a bug" in worker.log
    restarted = lab.worker()
    assert restarted.wait() == 1, "the same record came again"
    assert lab.read("items.dlq") == []


#: Kinds of invalid records, with a part of the reason for which each is refused.
REASONS = {
    "no JSON": "not an event",
    "half an event": "not an event",
    "not UTF-8": "not an event",
    "broken UTF-8": "not an event",
    "nested too deep": "recursion",
    "a list": "not an event",
    "empty": "not an event",
    "no payload": "not an event",
    "without a type": "not an event",
    "an invented type": "carries no events of type",
    "another topic's": "carries no events of type",
    "an unknown version": "carries no events of type",
    "a missing field": "title",
    "a wrong type": "title",
    "a time without a zone": "time",
    "an object instead of a text": "title",
    "refused by the processor": "a title that can't be worked with",
}


def invalid_records() -> dict[str, OutboundRecord]:
    """Return, by kind, records that no worker can process."""
    payload = outbound_record(item_event(1, PAST, "good")).payload or b""
    bad = {
        "no JSON": b"{",
        "half an event": payload[: len(payload) // 2],
        "not UTF-8": b"\xff\xfe",
        "broken UTF-8": payload.replace(b'"good"', b'"go\xc3"'),
        "nested too deep": payload.replace(b'"good"', b"[" * 50_000 + b"]" * 50_000),
        "a list": b"[]",
        "empty": b"",
        "without a type": payload.replace(b'"type"', b'"typ"'),
        "an invented type": payload.replace(b"item.ingested", b"item.invented"),
        "another topic's": payload.replace(b"item.ingested", b"alert.raised"),
        "an unknown version": payload.replace(b"item.ingested.v1", b"item.ingested.v9"),
        "a missing field": payload.replace(b'"title"', b'"titel"'),
        "a wrong type": payload.replace(b'"good"', b"[1]"),
        "a time without a zone": payload.replace(b"2026-01-05T09:00:00Z", b"2026-01-05T09:00:00"),
        "an object instead of a text": payload.replace(b'"good"', b'{"a":' * 40 + b"1" + b"}" * 40),
    }
    assert all(raw != payload for raw in bad.values())
    records = {
        name: OutboundRecord("items", name.encode(), raw, (("trace", name.encode()),)) for name, raw in bad.items()
    }
    records["no payload"] = OutboundRecord("items", b"no payload", None)
    records["refused by the processor"] = outbound_record(item_event(2, FUTURE, "bad"))
    return records


def test_invalid_records_become_dead_letters_and_the_others_are_processed(lab: Lab) -> None:
    lab.worker().ready()
    invalid = invalid_records()
    valid = items(len(invalid), 5)
    mixed = [record for pair in zip(invalid.values(), map(outbound_record, valid), strict=True) for record in pair]
    lab.send(mixed)
    lab.wait_for_outputs(expected_outputs(valid))
    wait_until(lambda: len(lab.read("items.dlq")) == len(invalid), "the dead letters")
    letters = {letter.key: letter for letter in lab.read("items.dlq")}
    assert invalid.keys() == REASONS.keys()
    for kind, record in invalid.items():
        letter = letters[record.key]
        headers = dict(letter.headers)
        assert letter.payload == record.payload
        assert REASONS[kind] in headers["firstword-reason"].decode()
        assert headers["firstword-consumer"] == b"tally"
        assert headers["firstword-topic"] == b"items"
        assert headers.items() >= dict(record.headers).items()


def test_every_kind_of_dead_letter_is_shown_replayed_and_dropped(lab: Lab) -> None:
    worker = lab.worker().ready()
    invalid = invalid_records()
    lab.send(invalid.values())

    def attempts() -> list[object]:
        return [letter["attempt"] for letter in dead_letters(lab, "list", "--json")]

    wait_until(lambda: attempts() == [1] * len(invalid), "the dead letters")
    reasons = {
        shown["key"]: shown["reason"]
        for letter in dead_letters(lab, "list", "--json")
        for shown in [dead_letters(lab, "show", letter["id"])]
    }
    for kind, record in invalid.items():
        assert REASONS[kind] in reasons[(record.key or b"").decode()]
    dead_letters(lab, "replay", "--all")
    wait_until(lambda: attempts() == [2] * len(invalid), "the second attempts")
    dead_letters(lab, "drop", *[letter["id"] for letter in dead_letters(lab, "list", "--json")])
    assert dead_letters(lab, "list", "--json") == []
    lab.send_events(items(20, 5))
    lab.wait_for_outputs(expected_outputs(items(20, 5)))
    assert worker.terminate() == 0


def dead_letters(lab: Lab, *arguments: str) -> Any:
    """Run ``firstword dlq``; return its output if it is JSON."""
    options = ("--brokers", lab.settings.brokers, "--prefix", lab.settings.prefix)
    result = CliRunner().invoke(dlq.app, [*arguments, *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if arguments[0] in ("list", "show") else None


def test_restarts_do_not_reset_the_dead_letter_limit_but_dropping_letters_does(lab: Lab) -> None:
    limit = {"FIRSTWORD_KAFKA_DEAD_LETTERS_PER_HOUR": "5", "FIRSTWORD_KAFKA_BATCH": "2"}
    lab.send_events(item_event(0, FUTURE + timedelta(minutes=number), "bad") for number in range(20))
    first = lab.worker(**limit)
    assert first.wait() == 1
    assert "More than 5 events within an hour" in first.log
    assert lab.worker(**limit).wait() == 1
    assert len(lab.read("items.dlq")) <= 5
    dead_letters(lab, "drop", "--all")
    assert lab.worker(**limit).wait() == 1
    assert len(dead_letters(lab, "list", "--json")) in (4, 5)


def client_events(count: int) -> list[AnyEvent]:
    clients = tuple(Client(id=f"c{number}", name="C", manager_id="m", trade="wealth") for number in range(count))
    book = Book(firm=Firm(name="F"), managers=(Manager(id="m", name="M"),), clients=clients)
    return list(diff_book(book, {}, FUTURE).events)


def test_references_are_known_before_the_first_record_and_soon_after_a_change(lab: Lab) -> None:
    lab.send_events(client_events(3))
    lab.send_events([item_event(1, FUTURE, "who")])
    workers = [lab.worker(**LONG_SESSION).ready(), lab.worker(**LONG_SESSION).ready()]
    wait_until(lambda: len(lab.outputs()) >= 1, "the first answer")
    before, after = len(client_events(3)), len(client_events(5))
    lab.send_events(client_events(5)[before:])

    def known() -> list[int]:
        """Return, in the order of the questions, how many clients each answer knows."""
        found = [re.search(r'itm_(\d+)".*"count 1 with (\d+) clients', raw.decode()) for raw in lab.outputs().values()]
        return [int(answer[2]) for answer in sorted(filter(None, found), key=lambda answer: int(answer[1]))]

    asked = 1
    assert known() == [before]
    while True:  # both workers are asked until all answers know of the change; on a quick machine once
        time.sleep(1)
        lab.send_events(item_event(asked + number, FUTURE + timedelta(days=1), "who") for number in range(1, 25))
        asked += 24
        lab.wait_for_count(asked)
        assert set(known()) <= {before, after}
        if known()[-24:] == [after] * 24:
            break
        assert asked < 24 * 30, "a worker does not learn of the change"
    assert all(worker.healthz()[0] == 200 for worker in workers)


def test_a_worker_without_its_topics_names_the_command_that_creates_them(lab: Lab) -> None:
    worker = lab.worker(FIRSTWORD_KAFKA_PREFIX="nobody.")
    assert worker.wait() == 3
    assert "Run 'firstword topics apply'" in worker.log
