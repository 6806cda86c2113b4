"""Who works on the stack's database. Each service holds a lock of its name there, shared by its workers, while it runs.

A lock goes with its connection: of a killed worker nothing stays behind, and one that lost its database takes it again.
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

#: Those that have the database; whether a matcher runs is for Kafka to say.
SERVICES = ("desk", "ingest", "notifier")
LOOK_SECONDS = 5.0


class Presence:
    """Lets others know that one of ``SERVICES`` runs."""

    def __init__(self, engine: Engine, service: str) -> None:
        self._engine = engine
        self._service = service

    async def run(self, stop: asyncio.Event) -> None:
        """Hold the lock until ``stop`` is set."""
        while not stop.is_set():
            try:
                connection = await asyncio.to_thread(_connection, self._engine)
                try:
                    await self._stay(connection, stop)
                finally:
                    await asyncio.to_thread(connection.close)
            except OperationalError as error:
                log.warning(
                    "The connection that marks this service as running was lost.",
                    action="presence.interrupted",
                    error=str(error.orig),
                )
                await _pause(stop)

    async def _stay(self, connection: Connection, stop: asyncio.Event) -> None:
        while not stop.is_set() and not await asyncio.to_thread(try_shared, connection, _lock(self._service)):
            log.warning(
                "The service waits for an export or import to end.", action="presence.waiting", service=self._service
            )
            await _pause(stop)
        while not stop.is_set():
            await asyncio.to_thread(connection.execute, select(1))
            await _pause(stop)


def services_on_database(connection: Connection) -> list[str]:
    """The services that run. The others can't begin for as long as ``connection`` lasts."""
    return [service for service in SERVICES if not try_exclusive(connection, _lock(service))]


def _lock(service: str) -> str:
    return f"present.{service}"


def _connection(engine: Engine) -> Connection:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()  # else its lock would outlive its closing, in the pool
    return connection


async def _pause(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
