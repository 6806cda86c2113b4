"""Rate limiting per host: a maximum of simultaneous requests, and a minimum interval between them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["HostRateLimiter"]

#: Hosts whose last request is remembered; beyond this, the one idle longest is forgotten.
REMEMBERED_HOSTS = 4096


@dataclass
class _Host:
    slots: asyncio.Semaphore
    free_at: float = 0.0
    users: int = field(default=0)


class HostRateLimiter:
    """Allows ``concurrency`` simultaneous requests to a host, starting at least ``min_interval_seconds`` apart."""

    def __init__(self, concurrency: int, min_interval_seconds: float) -> None:
        self._concurrency = concurrency
        self._interval = min_interval_seconds
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until a request to ``host`` is allowed; leave the context when it is done."""
        state = self._state(host)
        state.users += 1
        try:
            async with state.slots:
                clock = asyncio.get_running_loop().time
                start = max(clock(), state.free_at)
                state.free_at = start + self._interval
                wait = start - clock()
                if wait > 0:
                    await asyncio.sleep(wait)
                yield
        finally:
            state.users -= 1

    def _state(self, host: str) -> _Host:
        state = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._concurrency)))
        self._hosts.move_to_end(host)
        if len(self._hosts) > REMEMBERED_HOSTS:
            idle = next((name for name, other in self._hosts.items() if other.users == 0 and name != host), None)
            if idle is not None:
                del self._hosts[idle]
        return state
