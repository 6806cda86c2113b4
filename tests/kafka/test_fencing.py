"""A worker that was frozen for longer than its session must not send what it was working on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest

from firstword.runtimes.kafka.records import outbound_record
from schemas.base import event
from schemas.clients import ClientRemoved
from schemas.topics import decode
from tests.kafka.lab import FUTURE, Lab, expected_outputs, items, wait_until
from tests.unit.firstword.counting import item_event

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

COUNT, SUBJECTS, FREEZES = 3_000, 24, 3
#: A worker's session is 6 s here; then its partitions go to the other one.
FROZEN_SECONDS = 10.0
#: A superseded worker ends within 10 s.
LEAVING_SECONDS = 11.0
RATE = 60.0


def test_a_worker_that_wakes_after_its_session_sends_nothing(lab: Lab) -> None:
    """Half of the subjects always get the same answers; the other answers contain the number of known clients.

    A frozen worker knows fewer clients than its successor, so two different answers to one item would show.
    """
    constant = items(COUNT // 2, SUBJECTS // 2, FUTURE)
    counting = [
        item_event(SUBJECTS + n % (SUBJECTS // 2), FUTURE + timedelta(minutes=n), f"who {n}") for n in range(COUNT // 2)
    ]
    workers = [lab.worker().ready(), lab.worker().ready()]
    mixed = [outbound_record(item) for pair in zip(constant, counting, strict=True) for item in pair]
    feeding = threading.Thread(target=lab.send, args=(mixed,), kwargs={"rate": RATE})
    feeding.start()
    for number in range(FREEZES):
        time.sleep(3 + 0.37 * number)
        frozen = workers[number % 2]
        os.kill(frozen.pid, signal.SIGSTOP)
        gone = ClientRemoved(client_id=f"c{number}", revision=1)
        lab.send_events([event(gone, key=f"c{number}", id=f"evt_gone_{number}", source="test", time=FUTURE)])
        time.sleep(FROZEN_SECONDS)
        os.kill(frozen.pid, signal.SIGCONT)
        end = time.monotonic() + LEAVING_SECONDS
        while frozen.alive and time.monotonic() < end:
            time.sleep(0.2)
        assert frozen.alive or frozen.superseded, frozen.log
        lab.restart_superseded(workers)
        workers[number % 2].ready()
    feeding.join()

    wanted = expected_outputs(constant)

    def all_counted() -> bool:
        lab.restart_superseded(workers)
        return sum(lab.counts().values()) >= COUNT

    wait_until(all_counted, "every item to be counted")
    wait_until(lambda: wanted.keys() <= lab.outputs().keys(), "all outputs")
    answers = [decode("interactions", raw) for raw in lab.outputs().values()]
    counts = Counter((answer.subject, answer.data.summary.partition(" with ")[0]) for answer in answers)  # type: ignore[attr-defined]
    assert set(counts.values()) == {1}
    assert {name: raw for name, raw in lab.outputs().items() if name in wanted} == wanted
    assert lab.counts() == dict(Counter(item.subject for item in (*constant, *counting)))
    assert all(worker.terminate() == 0 or worker.superseded for worker in workers)
