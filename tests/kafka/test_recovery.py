"""The losses that faust-streaming 0.15.3 has after a recovery and on new topics, and the fixes."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import faust
import pytest

from firstword.runtimes.kafka.faust_app import UntestedFaust, fix_recovery
from tests.kafka.lab import Lab, items, undisturbed


def restarted(lab: Lab, **environment: str) -> None:
    """A worker with states comes back to 2,000 records, and is slow where it matters."""
    first = items(500, 50)
    lab.send_events(first)
    earlier = lab.worker().ready()
    lab.until_said(undisturbed(first))
    earlier.terminate()
    lab.send_events(items(2_500, 50)[500:])
    # Long enough for the fetcher to fill the queues, which small batches keep filled.
    lab.worker(TALLY_SLOW_SEEK="2.5", FIRSTWORD_KAFKA_BATCH="20", **environment).ready()


@pytest.mark.kafka
def test_a_restart_loses_nothing(lab: Lab) -> None:
    restarted(lab)
    lab.until_said(undisturbed(items(2_500, 50)))


@pytest.mark.kafka
@pytest.mark.slow
def test_without_the_fix_it_loses(lab: Lab, tmp_path: Path) -> None:
    """If this fails, Faust has been fixed, or the other test no longer tests anything. Most restarts lose some."""
    wanted = len(undisturbed(items(2_500, 50)))
    for attempt in range(5):
        fresh = Lab(lab.settings.model_copy(update={"prefix": f"{lab.settings.prefix}{attempt}."}), tmp_path)
        with closing(fresh):
            restarted(fresh, TALLY_UNMENDED="1")
            last, seen = -1, 0
            while seen != last or seen <= 500:
                last = seen
                time.sleep(2)
                seen = len(fresh.said())
        if seen < wanted:
            return
    pytest.fail("five restarts lost nothing")


@pytest.mark.kafka
def test_the_first_records_on_new_topics_survive_a_stopped_flow(lab: Lab) -> None:
    lab.worker(TALLY_STOPS="1").ready()
    lab.send_events(items(200, 50))
    lab.until_said(undisturbed(items(200, 50)))


@pytest.mark.kafka
@pytest.mark.slow
def test_without_the_fix_they_are_lost(lab: Lab) -> None:
    """If this fails, Faust has been fixed, or the other test no longer tests anything."""
    lab.worker(TALLY_STOPS="1", TALLY_UNMENDED_SEEK="1").ready()
    lab.send_events(items(200, 50))
    last, seen = -1, 0
    while seen != last:
        last = seen
        time.sleep(4)
        seen = len(lab.said())
    assert seen < len(undisturbed(items(200, 50)))


def test_another_version_is_refused_until_it_was_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust, "__version__", "0.16.0")
    app: Any = object()
    with pytest.raises(UntestedFaust, match=r"faust-streaming 0\.16\.0 .* only 0\.15\.3"):
        fix_recovery(app)
