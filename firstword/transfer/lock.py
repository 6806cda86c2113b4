"""Make sure that no service of a stack works while its database is exported or imported."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.storage.presence import services_on_database
from firstword.system import InUse
from services.common.db import try_exclusive
from services.common.errors import BadInput
from services.common.processing import AnyEvent

__all__ = ["lock_database", "read_outcomes", "require_no_workers"]


@contextmanager
def lock_database(engine: Engine) -> Iterator[None]:
    """Keep the stack's services off the database. The matcher uses none: see :func:`require_no_workers`.

    Raises:
        InUse: a service, or another export or import, uses the database.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    from firstword.runtimes.kafka.relay import LOCK  # its libraries are installed with the stack only

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # returned to the pool, the connection would keep its locks
        running = services_on_database(connection)
        if running or not try_exclusive(connection, LOCK):
            raise InUse(
                f"Services are using this database: {', '.join(running) or 'the relay to Kafka'}.",
                fix="Stop all services but postgres and kafka, wait for any other export or import, and try again.",
            )
        yield


def require_no_workers(kafka: KafkaSettings) -> None:
    """Raise if a worker is connected to Kafka.

    Raises:
        InUse: a consumer group of the stack has members.
    """
    from firstword.runtimes.kafka.admin import open_admin
    from firstword.runtimes.kafka.lag import services_on_kafka

    with open_admin(kafka) as client:
        running = services_on_kafka(client, kafka)
    if running:
        raise InUse(
            f"Services are using Kafka: {', '.join(running)}.",
            fix="Stop all services but postgres and kafka. Kafka notices that a service was killed after "
            f"{kafka.session_timeout_seconds:g} s.",
        )


def read_outcomes(kafka: KafkaSettings) -> list[AnyEvent]:
    """Read how rumors ended, which only Kafka holds.

    Raises:
        BadInput: matcher or notifier have records left to process, which an export would lose.
    """
    from firstword.runtimes.kafka.admin import open_admin
    from firstword.runtimes.kafka.compacted import read_compacted
    from firstword.runtimes.kafka.lag import lags

    with open_admin(kafka) as client:
        waiting = sum(row.waiting for row in lags(client, kafka))
    if waiting:
        raise BadInput(
            f"{waiting} records are waiting on Kafka.",
            fix="Run matcher and notifier, without ingest, until 'firstword lag' shows nothing; then stop them.",
        )
    return asyncio.run(read_compacted(kafka, "outcomes"))
