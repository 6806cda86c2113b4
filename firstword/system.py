"""The embedded system's life: start, serve, stop. Apart from ``main``: tests run it in-process, on free ports."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import uvicorn

from firstword.runtimes.embedded import EmbeddedRuntime
from firstword.store import Store
from services.common.errors import FirstwordError
from services.common.logs import get_logger

__all__ = ["BackgroundService", "DeskServer", "InUse", "System", "bind", "lock_folder", "run_together"]

log = get_logger(__name__)

PRUNE_EVERY_SECONDS = 3_600.0
#: How long open requests, a poll or a delivery may take to end once the system stops.
GRACE_SECONDS = 20


class InUse(FirstwordError):
    """The data folder or the port is taken."""

    exit_code = 3


class BackgroundService(Protocol):
    """Something that works until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then end in order."""
        ...


@contextlib.contextmanager
def lock_folder(data: Path) -> Iterator[None]:
    """Hold the data folder for this process: two that work one database would process everything twice.

    Raises:
        InUse: when another process holds it; the message names its process id.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise InUse(
                f"{data}: another Firstword (process {holder}) works here.",
                fix="Stop it, or name another folder with --data.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


async def run_together(parts: Mapping[str, Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Run ``parts`` until ``stop`` is set. If any part fails, all stop, and what it raised is raised here.

    A part that died and left the others running would look alive and do nothing; an ended process is restarted.
    """
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            if not task.cancelled() and (error := task.exception()):
                log.error(
                    "A component failed; the system stops.",
                    action="component.failed",
                    component=task.get_name(),
                    error=repr(error),
                )
                raise error
    finally:
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        for task in late:
            log.warning(
                "A component did not stop in time and is canceled.",
                action="component.stop_timed_out",
                component=task.get_name(),
            )
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class System:
    """All three services in one process. ``services`` run beside the pipeline and the desk."""

    store: Store
    runtime: EmbeddedRuntime
    services: dict[str, BackgroundService]
    server: DeskServer
    listening: socket.socket

    async def run(self, stop: asyncio.Event, *, started: Callable[[], Awaitable[None]] | None = None) -> None:
        """Serve until ``stop`` is set, or any part fails; see :func:`run_together`."""
        parts = {
            "desk": self.server.run_until(stop, self.listening),
            "pipeline": self._work(stop),
            "housekeeping": self._keep_house(stop),
            **{name: service.run(stop) for name, service in self.services.items()},
        }
        if started is not None:
            parts["started"] = self._when_up(started)
        await run_together(parts, stop)

    async def _work(self, stop: asyncio.Event) -> None:
        stop_thread = threading.Event()
        working = asyncio.create_task(asyncio.to_thread(self.runtime.run, stop_thread))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        stop_thread.set()
        await working

    async def _keep_house(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            dropped = await asyncio.to_thread(self.runtime.prune)
            if dropped:
                log.info("Old events were deleted.", action="events.pruned", count=dropped)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PRUNE_EVERY_SECONDS)

    async def _when_up(self, started: Callable[[], Awaitable[None]]) -> None:
        await self.server.up.wait()
        await started()


class DeskServer(uvicorn.Server):
    """A uvicorn server that leaves signals alone, for the whole system stops together. ``up``: it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def run_until(self, stop: asyncio.Event, listening: socket.socket) -> None:
        """Answer on ``listening`` until ``stop`` is set."""
        serving = asyncio.create_task(self.serve(sockets=[listening]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self.should_exit = True
        await serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing; the process's own handlers are in place."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to ``host`` and ``port`` (0: any free one).

    Raises:
        InUse: when the port is taken or may not be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise InUse(
            f"{host}:{port}: the desk can't listen there: {error.strerror}.", fix="Name another port with --port."
        ) from None
    return bound
