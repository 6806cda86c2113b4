"""A worker process that annotates and judges, with the test's clock: ``python -m tests.kafka.matcher_worker``."""

from __future__ import annotations

import os
from pathlib import Path

from firstword.compose.common import build_pipeline
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from firstword.runtimes.kafka.worker import KafkaWorker
from services.common.logs import configure_logs
from tests.kafka.scenario_worker import FileClock

SERVICE = "matcher"

if __name__ == "__main__":
    configure_logs(form="json")
    clock = FileClock(Path(os.environ["SCENARIO_CLOCK"]))
    run_process(KafkaWorker(SERVICE, build_pipeline().up_to({"alerts"}).processors, read_kafka_settings(), clock).run)
