"""A worker as a process: signals, event loop, exit code."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn

from firstword.runtimes.kafka.log_throttle import LogThrottle
from services.common.errors import FirstwordError
from services.common.logs import get_logger

__all__ = ["run_process"]

log = get_logger(__name__)

#: What is said at length when a worker comes, goes and rebalances; our own records tell what matters.
CHATTY = ("faust", "mode", "aiokafka")


def run_process(run: Callable[[asyncio.Event], Awaitable[None]]) -> NoReturn:
    """Run ``run`` until it ends or SIGTERM or SIGINT asks it to (by the event that it is given), and end the process.

    The exit code is 0 after a stop that was asked for, else the error's own, or 1. The process ends at once then:
    Faust's threads and what hangs on its event loop must not keep a worker half alive.
    """
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(LogThrottle(CHATTY))
    code = 0
    try:
        _run(run)
    except FirstwordError as error:
        sys.stderr.write(f"error: {error}\n")
        code = error.exit_code
    except Exception:
        log.exception("The worker crashed.", action="worker.crashed")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop

        loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    else:  # Windows
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # Faust asks for it before anything runs
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.run_until_complete(run(stop))
