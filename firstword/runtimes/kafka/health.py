"""Whether a worker gets on, and the little HTTP server that tells: ``/healthz`` (200 or 503) and ``/metrics``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firstword.runtimes.kafka.watch import At
from services.common.metrics import CONTENT_TYPE

__all__ = ["HealthServer", "Progress"]

REQUEST_SECONDS = 5
LONGEST_REQUEST = 8_192


@dataclass(slots=True)
class Progress:
    """Judges a worker by what waits for it and what it has worked off. Times are those of a monotonic clock.

    A worker that is given nothing to do is well. One is ill when records wait and it has moved on in none of its
    partitions for ``stall_seconds``.
    """

    stall_seconds: float
    positions: dict[At, int] = field(default_factory=dict)
    lags: dict[At, int] = field(default_factory=dict)
    running: bool = False
    _moved_at: float = 0.0
    _last: dict[At, int] = field(default_factory=dict)

    def begin(self, now: float) -> None:
        """The worker is up: from now on, time without progress counts."""
        self.running = True
        self._moved_at = now

    def look(self, ends: Mapping[At, int], now: float) -> None:
        """Compare with the ``ends`` that the broker has just told."""
        self.lags = {at: max(0, end - self.positions.get(at, 0)) for at, end in ends.items()}
        if self.positions != self._last or not any(self.lags.values()):
            self._last = dict(self.positions)
            self._moved_at = now

    def illness(self, now: float) -> str | None:
        """What is wrong, or None."""
        if not self.running:
            return "not running"
        if (still := now - self._moved_at) > self.stall_seconds:
            return f"{sum(self.lags.values())} records wait and none was worked off for {still:.0f} s"
        return None

    def report(self, now: float) -> dict[str, Any]:
        """What ``/healthz`` says."""
        illness = self.illness(now)
        lags = {f"{topic}/{number}": lag for (topic, number), lag in sorted(self.lags.items())}
        return {"healthy": illness is None, "why": illness, "lag": sum(lags.values()), "partitions": lags}


class HealthServer:
    """Answers ``GET /healthz`` and ``GET /metrics``."""

    def __init__(self, report: Callable[[], dict[str, Any]], metrics: Callable[[], bytes]) -> None:
        self._report = report
        self._metrics = metrics
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which is a free one for 0."""
        self._server = await asyncio.start_server(self._answer, host, port, limit=LONGEST_REQUEST)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_SECONDS)
            status, kind, body = self._reply(request.split(b" ", 2)[1:2])
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a caller that says nothing, too much, or is gone
        finally:
            writer.close()

    def _reply(self, path: list[bytes]) -> tuple[str, str, bytes]:
        if path == [b"/healthz"]:
            report = self._report()
            status = "200 OK" if report["healthy"] else "503 Service Unavailable"
            return status, "application/json", json.dumps(report).encode()
        if path == [b"/metrics"]:
            return "200 OK", CONTENT_TYPE, self._metrics()
        return "404 Not Found", "text/plain", b"only /healthz and /metrics\n"
