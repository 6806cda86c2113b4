"""Find the services that run on the stack's database. While a service runs, its workers share a lock there.

A lock ends with its connection: a killed worker leaves nothing behind, and one that lost its database takes it again.
"""

from __future__ import annotations

import asyncio
import contextlib

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import OperationalError

from services.common.db import try_exclusive, try_shared
from services.common.logs import get_logger

__all__ = ["SERVICES", "Presence", "services_on_database"]

log = get_logger(__name__)

#: The services that use the database. The matcher doesn't; Kafka knows whether it runs.
SERVICES = ("desk", "ingest", "notifier")
CHECK_SECONDS = 5.0


class Presence:
    """Holds the lock of one of ``SERVICES``."""

    def __init__(self, engine: Engine, service: str) -> None:
        self._engine = engine
        self._service = service

    async def run(self, stop: asyncio.Event) -> None:
        """Hold the lock until ``stop`` is set."""
        while not stop.is_set():
            try:
                connection = await asyncio.to_thread(_connection, self._engine)
                try:
                    await self._hold(connection, stop)
                finally:
                    await asyncio.to_thread(connection.close)
            except OperationalError as error:
                log.warning(
                    "The connection that marks this service as running was lost.",
                    action="presence.interrupted",
                    error=str(error.orig),
                )
                await _pause(stop)

    async def _hold(self, connection: Connection, stop: asyncio.Event) -> None:
        while not stop.is_set() and not await asyncio.to_thread(try_shared, connection, _lock(self._service)):
            log.warning(
                "The service waits for an export or import to end.", action="presence.waiting", service=self._service
            )
            await _pause(stop)
        while not stop.is_set():
            await asyncio.to_thread(connection.execute, select(1))
            await _pause(stop)


def services_on_database(connection: Connection) -> list[str]:
    """Return the services that run. The others can't start while ``connection`` is open."""
    return [service for service in SERVICES if not try_exclusive(connection, _lock(service))]


def _lock(service: str) -> str:
    return f"present.{service}"


def _connection(engine: Engine) -> Connection:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()  # in the pool, its lock would outlive close()
    return connection


async def _pause(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), CHECK_SECONDS)
