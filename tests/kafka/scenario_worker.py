"""A worker process that runs the pipeline for all scenarios at once: ``python -m tests.kafka.scenario_worker``.

It reads its clock from the file named by ``SCENARIO_CLOCK``, so timers fire by the scenarios' time.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from firstword.runtimes.kafka.worker import KafkaWorker
from services.common.logs import configure_logs
from tests.kafka.marked_scenarios import combined, load_marked_scenarios

SERVICE = "scenarios"


class FileClock:
    """A clock that is set by writing the time into a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Return the time in the file."""
        return datetime.fromisoformat(self._path.read_text())

    def set(self, now: datetime) -> None:
        """Set the time for everybody."""
        new = self._path.with_suffix(".new")
        new.write_text(now.isoformat())
        new.replace(self._path)


if __name__ == "__main__":
    configure_logs(form="json")
    clock = FileClock(Path(os.environ["SCENARIO_CLOCK"]))
    run_process(KafkaWorker(SERVICE, combined(load_marked_scenarios()).processors, read_kafka_settings(), clock).run)
