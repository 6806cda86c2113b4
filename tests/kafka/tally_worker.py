"""A worker process for tests: ``python -m tests.kafka.tally_worker``; its settings come from the environment.

With ``TALLY_SLOW_SEEK`` recovery takes so many seconds longer at the place where faust-streaming 0.15.3 loses records;
with ``TALLY_UNMENDED`` the mend is left out.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from firstword.kit.clock import SystemClock
from firstword.kit.logs import configure_logs
from firstword.runtimes.kafka import worker
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from tests.unit.firstword.kafka.tallying import Tally


def slow_down_seeks(seconds: float) -> None:
    from faust.transport.consumer import Consumer

    original = Consumer.perform_seek

    async def perform_seek(self: Any) -> None:
        await original(self)
        await asyncio.sleep(seconds)

    Consumer.perform_seek = perform_seek  # type: ignore[method-assign]


def leave_unmended(app: Any) -> None:
    pass


if __name__ == "__main__":
    configure_logs(form="json")
    slow_down_seeks(float(os.environ.get("TALLY_SLOW_SEEK", "0")))
    if "TALLY_UNMENDED" in os.environ:
        worker.mend_recovery = leave_unmended
    run_process(worker.KafkaWorker("tally", [Tally()], read_kafka_settings(), SystemClock()).run)
