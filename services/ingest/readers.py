"""Runs what reads hostile documents, parsing and feed discovery, apart from everything else.

In processes of their own, with limits on time and memory: a document that takes too much of either costs its own poll
and nothing else. Delivery, the desk and the probes never wait for them. ``multiprocessing`` and pools built on it would
import the caller's main module in every process, all of Firstword with the model's libraries.
"""

from __future__ import annotations

import asyncio
import builtins
import io
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

from services.common.logs import get_logger
from services.ingest.parse.errors import NotAFeed
from services.ingest.reader_messages import READY, SIZE_BYTES

__all__ = ["InProcesses", "InThreads", "Readers", "ReadingStopped"]

#: The slowest document within the other limits takes about 5 s; a loaded machine may take several times as long.
SECONDS_PER_DOCUMENT = 30.0
#: A document of the greatest size needs about 300 MB with its items.
MEMORY_BYTES = 1_000_000_000
#: Documents that a process reads before another takes its place, so that no leak grows without bound.
DOCUMENTS_PER_PROCESS = 5_000
#: A process takes about half a second to start; on a loaded machine some ten times as long.
SECONDS_TO_START = 60.0
#: What a process needs of the environment; it gets no secret.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")

P = ParamSpec("P")
R = TypeVar("R")
log = get_logger(__name__)


class ReadingStopped(NotAFeed):
    """A document took too much time or memory to read, or the process that reads it did not start."""


class Readers(Protocol):
    """Runs functions that read documents."""

    async def run(self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Return what ``function``, defined in a module, returns for these arguments.

        Raises:
            ReadingStopped: it took too much time or memory, or no process started.
        """
        ...

    async def aclose(self) -> None:
        """End what runs. It may be used again."""
        ...


class InThreads:
    """Runs in threads of this process, without limits: for commands and tests."""

    async def run(self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        return await asyncio.to_thread(function, *arguments, **named)

    async def aclose(self) -> None:
        """Do nothing: threads end by themselves."""


class InProcesses:
    """Runs in up to ``count`` processes, which start when they are needed and end with this one."""

    def __init__(self, count: int, *, seconds: float = SECONDS_PER_DOCUMENT, memory_bytes: int = MEMORY_BYTES) -> None:
        self._count = count
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._free = self._slots()

    async def run(self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        free = self._free
        process = await free.get()
        try:
            if process is None or not process.usable:
                process = await _Process.start(self._memory_bytes)
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await process.ask((function, arguments, named))
            except TimeoutError:
                process.kill()
                raise ReadingStopped(
                    f"This document takes longer than {self._seconds:g} seconds to read.",
                    fix="Look for a shorter feed from the same publisher.",
                ) from None
            except (asyncio.IncompleteReadError, ConnectionError, MemoryError):
                process.kill()
                log.warning("A process that read a document ended.", action="reader.ended")
                raise ReadingStopped(
                    f"Reading this document takes more than {self._memory_bytes / 1e6:,.0f} MB of memory.",
                    fix="Look for a shorter feed from the same publisher.",
                ) from None
            except asyncio.CancelledError:
                process.kill()
                raise
        finally:
            free.put_nowait(process)
        result: R = answer
        return result

    async def aclose(self) -> None:
        free, self._free = self._free, self._slots()
        while not free.empty():
            process = free.get_nowait()
            if process is not None:
                process.kill()
                await process.wait()

    def _slots(self) -> asyncio.LifoQueue[_Process | None]:
        """Return a place for each process; the process that was used last is used next."""
        slots: asyncio.LifoQueue[_Process | None] = asyncio.LifoQueue()
        for _ in range(self._count):
            slots.put_nowait(None)
        return slots


class _Process:
    """A process that answers one request at a time (:mod:`services.ingest.reader_process`)."""

    def __init__(self, process: asyncio.subprocess.Process, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader):
        self._process = process
        self._stdin = stdin
        self._stdout = stdout
        self._asked = 0

    @classmethod
    async def start(cls, memory_bytes: int) -> _Process:
        """Start a process and wait until it is ready, so that its start takes none of a document's time."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-B", "-m", "services.ingest.reader_process", str(memory_bytes)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        started = cls(process, process.stdin, process.stdout)
        try:
            async with asyncio.timeout(SECONDS_TO_START):
                await process.stdout.readexactly(len(READY))
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            started.kill()
            log.warning("A process that reads documents did not start.", action="reader.not_started")
            raise ReadingStopped(
                "The process that reads documents did not start.",
                fix="Look in the log for the reason, and whether this machine has memory and time to spare.",
            ) from None
        except BaseException:
            started.kill()
            raise
        return started

    @property
    def usable(self) -> bool:
        """Return True if it runs and hasn't read its share of documents."""
        if self._asked >= DOCUMENTS_PER_PROCESS:
            self.kill()
        return self._process.returncode is None and not self._stdin.is_closing()

    async def ask(self, request: Any) -> Any:
        """Send ``request`` and return the answer, or raise the exception that is the answer."""
        self._asked += 1
        message = pickle.dumps(request)
        self._stdin.write(len(message).to_bytes(SIZE_BYTES) + message)
        await self._stdin.drain()
        size = int.from_bytes(await self._stdout.readexactly(SIZE_BYTES))
        succeeded, answer = _Answer(io.BytesIO(await self._stdout.readexactly(size))).load()
        if not succeeded:
            raise answer
        return answer

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._stdin.close()
        if self._process.returncode is None:
            self._process.kill()

    async def wait(self) -> None:
        """Wait until it has ended."""
        await self._process.wait()


class _Answer(pickle.Unpickler):
    """Reads what a process answers: plain values, items and errors.

    A document that took over the process that reads it gains nothing by it.
    """

    def find_class(self, module: str, name: str) -> type:
        """Return the class of this name, if an answer may contain it."""
        found = vars(sys.modules.get(module, builtins)).get(name)
        own = module.startswith(("schemas.", "services.ingest.")) or module in ("services.common.errors", "datetime")
        if isinstance(found, type) and found.__module__ == module and (own or found in _PLAIN or _is_error(found)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")


_PLAIN = (set, frozenset)


def _is_error(found: type) -> bool:
    return found.__module__ == "builtins" and issubclass(found, Exception)
