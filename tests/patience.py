"""Waiting in tests: long for what must happen, and not at all for what must time out.

A test may fail for what the product does, never for how fast the machine is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["PATIENCE_SECONDS", "pass_time", "until"]

#: Longer than anything that a test waits for takes on a busy machine. Who waits this long would wait for ever.
PATIENCE_SECONDS = 180.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds, where the product sets no event that says so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def pass_time(seconds: float) -> None:
    """Move the running event loop's clock forward: timeouts and sleeps that are due by then end next.

    So a test need not race with a short timeout: it lets the time pass once what must happen before has happened.
    """
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]
