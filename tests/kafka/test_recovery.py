"""Records that faust-streaming 0.15.3 loses after a recovery and on new topics, and the fixes."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import faust
import pytest

from firstword.runtimes.kafka.faust_app import UntestedFaust, fix_recovery
from tests.kafka.lab import Lab, expected_outputs, items


def restart_worker(lab: Lab, **environment: str) -> None:
    """Restart a worker with states and 2,000 waiting records, slowed down at the critical point."""
    first = items(500, 50)
    lab.send_events(first)
    earlier = lab.worker().ready()
    lab.wait_for_outputs(expected_outputs(first))
    earlier.terminate()
    lab.send_events(items(2_500, 50)[500:])
    # Long enough for the fetcher to fill the queues; small batches keep them full.
    lab.worker(TALLY_SLOW_SEEK="2.5", FIRSTWORD_KAFKA_BATCH="20", **environment).ready()


@pytest.mark.kafka
def test_a_restart_loses_nothing(lab: Lab) -> None:
    restart_worker(lab)
    lab.wait_for_outputs(expected_outputs(items(2_500, 50)))


@pytest.mark.kafka
@pytest.mark.slow
def test_a_restart_without_the_fix_loses_records(lab: Lab, tmp_path: Path) -> None:
    """If this fails, Faust was fixed, or the test above tests nothing any more. Most restarts lose some records."""
    wanted = len(expected_outputs(items(2_500, 50)))
    for attempt in range(5):
        fresh = Lab(lab.settings.model_copy(update={"prefix": f"{lab.settings.prefix}{attempt}."}), tmp_path)
        with closing(fresh):
            restart_worker(fresh, TALLY_UNFIXED="1")
            last, seen = -1, 0
            while seen != last or seen <= 500:
                last = seen
                time.sleep(2)
                seen = len(fresh.outputs())
        if seen < wanted:
            return
    pytest.fail("five restarts lost nothing")


@pytest.mark.kafka
def test_the_first_records_on_new_topics_survive_a_stopped_flow(lab: Lab) -> None:
    lab.worker(TALLY_STOPS="1").ready()
    lab.send_events(items(200, 50))
    lab.wait_for_outputs(expected_outputs(items(200, 50)))


@pytest.mark.kafka
@pytest.mark.slow
def test_without_the_fix_the_first_records_are_lost(lab: Lab) -> None:
    """If this fails, Faust was fixed, or the test above tests nothing any more."""
    lab.worker(TALLY_STOPS="1", TALLY_UNFIXED_SEEK="1").ready()
    lab.send_events(items(200, 50))
    last, seen = -1, 0
    while seen != last:
        last = seen
        time.sleep(4)
        seen = len(lab.outputs())
    assert seen < len(expected_outputs(items(200, 50)))


def test_an_untested_version_of_faust_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust, "__version__", "0.16.0")
    app: Any = object()
    with pytest.raises(UntestedFaust, match=r"faust-streaming 0\.16\.0 .* only 0\.15\.3"):
        fix_recovery(app)
