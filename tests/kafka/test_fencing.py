"""A worker is stopped for longer than its session and goes on: what it had in hand is no longer its own to say."""

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
from tests.kafka.lab import FUTURE, Lab, items, undisturbed, wait_until
from tests.unit.firstword.counting import item_event

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

COUNT, SUBJECTS, NIGHTS = 3_000, 24, 3
#: A worker's session is 6 s here; then its partitions go to the other one.
ASLEEP_SECONDS = 10.0
#: One that finds itself superseded leaves within 10 s.
LEAVING_SECONDS = 11.0
RATE = 60.0


def test_whoever_wakes_after_its_session_says_nothing_of_its_own(lab: Lab) -> None:
    """Half of the subjects are answered alike whenever they are; the others' answers tell how many clients are known.

    Of these a sleeper knows fewer than who took over from it: two answers to one item would show.
    """
    known = items(COUNT // 2, SUBJECTS // 2, FUTURE)
    telling = [
        item_event(SUBJECTS + n % (SUBJECTS // 2), FUTURE + timedelta(minutes=n), f"who {n}") for n in range(COUNT // 2)
    ]
    workers = [lab.worker().ready(), lab.worker().ready()]
    mixed = [outbound_record(one) for pair in zip(known, telling, strict=True) for one in pair]
    feeding = threading.Thread(target=lab.send, args=(mixed,), kwargs={"rate": RATE})
    feeding.start()
    for night in range(NIGHTS):
        time.sleep(3 + 0.37 * night)
        sleeper = workers[night % 2]
        os.kill(sleeper.pid, signal.SIGSTOP)
        gone = ClientRemoved(client_id=f"c{night}", revision=1)
        lab.send_events([event(gone, key=f"c{night}", id=f"evt_gone_{night}", source="test", time=FUTURE)])
        time.sleep(ASLEEP_SECONDS)
        os.kill(sleeper.pid, signal.SIGCONT)
        time.sleep(LEAVING_SECONDS)
        if not sleeper.alive:
            assert "Superseded" in sleeper.log
            workers[night % 2] = lab.worker().ready()
    feeding.join()

    wanted = undisturbed(known)
    wait_until(lambda: sum(lab.counts().values()) >= COUNT, "every item to be counted")
    wait_until(lambda: wanted.keys() <= lab.said().keys(), "all that is to be said")
    answers = [decode("interactions", raw) for raw in lab.said().values()]
    told = Counter((one.subject, one.data.summary.partition(" with ")[0]) for one in answers)  # type: ignore[attr-defined]
    assert set(told.values()) == {1}
    assert {name: raw for name, raw in lab.said().items() if name in wanted} == wanted
    assert lab.counts() == dict(Counter(one.subject for one in (*known, *telling)))
    assert {worker.terminate()[0] for worker in workers} == {0}
