"""A worker process for tests: ``python -m tests.kafka.tally_worker``; its settings come from the environment."""

from __future__ import annotations

from firstword.kit.clock import SystemClock
from firstword.kit.logs import configure_logs
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from firstword.runtimes.kafka.worker import KafkaWorker
from tests.unit.firstword.kafka.tallying import Tally

if __name__ == "__main__":
    configure_logs(form="json")
    run_process(KafkaWorker("tally", [Tally()], read_kafka_settings(), SystemClock()).run)
