"""The one loop of all queue workers: recover, work, wait; it outlives an outage of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from services.common.logs import get_logger

__all__ = ["Recovery", "pause", "poll", "until_recorded"]

log = get_logger(__name__)

T = TypeVar("T")
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """Recover attempts that a crash interrupted; ``recover`` gets the minimum age of such an attempt.

    ``sole`` means that no other process works on this database: then every attempt that is open at the start was
    interrupted. Otherwise, and later on, only attempts older than ``lost_after`` were.
    """

    recover: Callable[[timedelta], object]
    lost_after: timedelta
    sole: bool


async def poll(
    work: Callable[[], Awaitable[object]],
    stop: asyncio.Event,
    *,
    name: str,
    every_seconds: float,
    recovery: Recovery | None = None,
    wake: asyncio.Event | None = None,
    under_way: Callable[[], bool] = lambda: False,
    abandon: bool = False,
    outages: tuple[type[Exception], ...] = (OperationalError,),
) -> None:
    """Recover and ``work``, every ``every_seconds`` and whenever ``wake`` is set, until ``stop`` is set.

    After ``stop`` the loop goes on while ``under_way()``, and ``work`` is interrupted only with ``abandon``. An
    exception of ``outages`` means that the database (or whatever the work needs) is busy or away: it is logged, and the
    next round tries again.
    """
    wake = wake or asyncio.Event()
    stopping = asyncio.create_task(_wake_on_stop(stop, wake))
    age = timedelta(0) if recovery is not None and recovery.sole else None
    try:
        while True:
            try:
                if recovery is not None:
                    await asyncio.to_thread(recovery.recover, recovery.lost_after if age is None else age)
                    age = None
                if stop.is_set() and not under_way():
                    return
                await (_abandoned_on_stop(work, stop) if abandon else work())
            except outages as error:
                _log_outage(name, error)
                if stop.is_set() and not under_way():
                    return
                await (asyncio.sleep(every_seconds) if stop.is_set() else pause(stop, every_seconds))
            else:
                await pause(wake, every_seconds)
                wake.clear()
    finally:
        stopping.cancel()


async def until_recorded(write: Callable[[], T], *, name: str, retry_seconds: float = RETRY_SECONDS) -> T:
    """Run ``write`` in a thread, again and again while the database is away, and return its result.

    If the outcome of an attempt were lost, nobody could tell whether it succeeded.
    """
    while True:
        try:
            return await asyncio.to_thread(write)
        except OperationalError as error:
            _log_outage(name, error)
            await asyncio.sleep(retry_seconds)


async def pause(wake: asyncio.Event, seconds: float) -> None:
    """Wait until ``wake`` is set, at most ``seconds``."""
    # Not `wait_for`: before Python 3.12 it may lose a cancellation that comes together with the wake-up.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


async def _abandoned_on_stop(work: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    working = asyncio.ensure_future(work())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def _wake_on_stop(stop: asyncio.Event, wake: asyncio.Event) -> None:
    await stop.wait()
    wake.set()


def _log_outage(name: str, error: Exception) -> None:
    if isinstance(error, OperationalError):
        reason = str(error.orig)[:200]
        log.warning("The database is unavailable.", action="database.unavailable", component=name, error=reason)
    else:
        log.warning("A service is unavailable.", action="service.unavailable", component=name, error=str(error)[:200])
