"""Start, serve and stop the embedded system. Kept apart from ``main``, so that tests can run it in-process."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
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
from services.common.private_files import prepare_data_folder

__all__ = ["BackgroundService", "DeskServer", "InUse", "System", "bind", "lock_folder", "run_together"]

log = get_logger(__name__)

PRUNE_EVERY_SECONDS = 3_600.0
#: Time for open requests, polls and deliveries to end once the system stops.
GRACE_SECONDS = 20


class InUse(FirstwordError):
    """Another process uses the data folder, the port or the database."""

    exit_code = 3


class BackgroundService(Protocol):
    """A part of the system that runs until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set, then finish cleanly."""
        ...


@contextlib.contextmanager
def lock_folder(data: Path) -> Iterator[None]:
    """Lock the data folder for this process. Two processes on one database would process everything twice.

    Raises:
        BadInput: the folder can't be created or written to.
        InUse: another process holds the lock; the message names its process id.
    """
    prepare_data_folder(data, data / "lock")
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise InUse(
                f"{data}: another Firstword (process {holder}) uses this folder.",
                fix="Stop it, or choose another folder with --data.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


async def run_together(parts: Mapping[str, Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Run ``parts`` until ``stop`` is set. If one part fails, stop all of them and raise its error.

    A process that goes on without one of its parts looks healthy but does nothing; one that ends is restarted.

    What was imported and built stays, so the garbage collector is told to leave it: a busy process would
    look through lexicons and models again and again.
    """
    gc.collect()
    gc.freeze()
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
    """All three services in one process. ``services`` run next to the pipeline and the desk."""

    store: Store
    runtime: EmbeddedRuntime
    services: dict[str, BackgroundService]
    server: DeskServer
    listening: socket.socket

    async def run(self, stop: asyncio.Event, *, started: Callable[[], Awaitable[None]] | None = None) -> None:
        """Serve until ``stop`` is set or a part fails (see :func:`run_together`).

        ``started`` is called once the desk answers.
        """
        parts = {
            "desk": self.server.run_until(stop, self.listening),
            "pipeline": self._run_pipeline(stop),
            "housekeeping": self._prune_hourly(stop),
            **{name: service.run(stop) for name, service in self.services.items()},
        }
        if started is not None:
            parts["started"] = self._after_start(started)
        await run_together(parts, stop)

    async def _run_pipeline(self, stop: asyncio.Event) -> None:
        stop_thread = threading.Event()
        working = asyncio.create_task(asyncio.to_thread(self.runtime.run, stop_thread))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        stop_thread.set()
        await working

    async def _prune_hourly(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            deleted = await asyncio.to_thread(self.runtime.prune)
            if deleted:
                log.info("Old events were deleted.", action="events.pruned", count=deleted)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PRUNE_EVERY_SECONDS)

    async def _after_start(self, started: Callable[[], Awaitable[None]]) -> None:
        await self.server.up.wait()
        await started()


class DeskServer(uvicorn.Server):
    """A uvicorn server without signal handlers of its own. ``up`` is set once it answers."""

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
        """Start listening, then set ``up``."""
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's own signal handlers in place."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``host`` and ``port`` (0: any free port).

    Raises:
        InUse: the port is taken or not permitted.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise InUse(
            f"The desk can't listen on {host}:{port}: {error.strerror}.", fix="Choose another port with --port."
        ) from None
    return bound
