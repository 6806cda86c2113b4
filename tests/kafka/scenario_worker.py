"""A worker process that runs the pipeline for all scenarios at once: ``python -m tests.kafka.scenario_worker``.

It reads its clock from the file named by ``SCENARIO_CLOCK``, so timers fire by the scenarios' time, and writes what it
has done beside it.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from firstword.runtimes.kafka.stage import Stage
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

    def report(self, process: int) -> Path:
        """Return the file in which a worker writes what it has done."""
        return self._path.with_suffix(f".{process}")


class ReportingWorker(KafkaWorker):
    """A worker that reports how often each stage found no timer due, at which time, and what references it has read."""

    _clock: FileClock
    _report: Path
    _quiet: Counter[str]
    _quiet_at: dict[str, str]
    _read: dict[str, int]

    async def _build(self) -> None:
        self._report, self._quiet, self._quiet_at, self._read = self._clock.report(os.getpid()), Counter(), {}, {}
        await super()._build()
        process = self._references.process

        def read(raw: ConsumerRecord[Any, Any]) -> None:
            process(raw)
            self._read[f"{self._settings.name(raw.topic)} {raw.partition}"] = raw.offset + 1

        self._references.process = read  # type: ignore[method-assign]

    async def _tick(self, stage: Stage) -> None:
        while True:
            await asyncio.sleep(self._settings.tick_seconds)
            if self._app.rebalancing:
                continue
            now = self._clock.now()
            await stage.tick()
            if not any(worker.is_due(now) for worker in stage._workers.values()):
                self._quiet[stage.processor.name] += 1
                self._quiet_at[stage.processor.name] = now.isoformat()
                new = self._report.with_suffix(f"{self._report.suffix}.new")
                new.write_bytes(orjson.dumps({"quiet": self._quiet, "at": self._quiet_at, "read": self._read}))
                new.replace(self._report)


if __name__ == "__main__":
    configure_logs(form="json")
    clock = FileClock(Path(os.environ["SCENARIO_CLOCK"]))
    processors = combined(load_marked_scenarios()).processors
    run_process(ReportingWorker(SERVICE, processors, read_kafka_settings(), clock).run)
