"""Run a worker as a process: signals, event loop, exit code."""

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

#: Loggers that are verbose at every start, stop and rebalance.
VERBOSE = ("faust", "mode", "aiokafka")


def run_process(run: Callable[[asyncio.Event], Awaitable[None]]) -> NoReturn:
    """Run ``run`` until it ends, then exit. SIGTERM and SIGINT set the event that it receives.

    The exit code is 0 after a regular stop, else that of the error, or 1. The process exits at once, because Faust's
    threads and event loop must not keep a failed worker alive.
    """
    for name in VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(LogThrottle(VERBOSE))
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
    asyncio.set_event_loop(loop)  # Faust needs it before anything runs
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.run_until_complete(run(stop))
