"""``firstword worker``: run one service of the stack."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.cli.python_version import warn_of_outdated_python
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from services.common.logs import configure_logs
from services.common.settings import read_settings

__all__ = ["worker"]


class Service(StrEnum):
    """A service that a worker can run."""

    INGEST = "ingest"
    MATCHER = "matcher"
    NOTIFIER = "notifier"


def worker(
    service: Annotated[Service, typer.Argument(help="The service. Several workers of one service share its work.")],
    brokers: Brokers = None,
    prefix: Prefix = None,
    health_port: Annotated[
        int | None, typer.Option("--health-port", help="The port for /healthz and /metrics.")
    ] = None,
) -> None:
    """Run one service of the stack on Kafka, and except for the matcher on PostgreSQL, until SIGTERM.

    The settings come from the environment: FIRSTWORD_KAFKA, FIRSTWORD_DATABASE and others. If the worker fails, the
    exit code is not 0, and it can be started again: nothing is lost.

    **Example:** `firstword worker matcher --brokers kafka:9092 --health-port 8081`
    """
    warn_of_outdated_python()
    settings, kafka = (
        read_settings(),
        read_kafka_settings(brokers=brokers, prefix=prefix, health_port=health_port),
    )
    need_kafka()
    configure_logs(level=settings.log_level, form=settings.log_format)
    from firstword.compose import stack
    from firstword.runtimes.kafka.admin import check_connection

    if kafka.security == "tls":
        check_connection(kafka)

    async def run(stop: asyncio.Event) -> None:
        match service:
            case Service.INGEST:
                await stack.run_ingest(settings, kafka, stop)
            case Service.MATCHER:
                await stack.run_matcher(settings, kafka, stop)
            case Service.NOTIFIER:
                await stack.run_notifier(settings, kafka, stop)

    run_process(run)
