"""A worker's health, and the HTTP server for it: ``/healthz`` (200 or 503) and ``/metrics``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firstword.runtimes.kafka.records import PartitionId
from services.common.metrics import CONTENT_TYPE

__all__ = ["HealthServer", "Progress"]

REQUEST_SECONDS = 5
LONGEST_REQUEST = 8_192


@dataclass(slots=True)
class Progress:
    """A worker's positions and lags, and whether it makes progress. Times are from a monotonic clock.

    A worker is unhealthy if records wait and it has not moved on in any partition for ``stall_seconds``. A worker with
    nothing to do is healthy.
    """

    stall_seconds: float
    positions: dict[PartitionId, int] = field(default_factory=dict)
    lags: dict[PartitionId, int] = field(default_factory=dict)
    running: bool = False
    _moved_at: float = 0.0
    _last: dict[PartitionId, int] = field(default_factory=dict)

    def start(self, now: float) -> None:
        """Mark the worker as running; from now on, time without progress counts."""
        self.running = True
        self._moved_at = now

    def update(self, ends: Mapping[PartitionId, int], now: float) -> None:
        """Update the lags from the ends of the partitions."""
        self.lags = {at: max(0, end - self.positions.get(at, 0)) for at, end in ends.items()}
        if self.positions != self._last or not any(self.lags.values()):
            self._last = dict(self.positions)
            self._moved_at = now

    def problem(self, now: float) -> str | None:
        """Return the reason why the worker is unhealthy, or None."""
        if not self.running:
            return "not running"
        if (idle := now - self._moved_at) > self.stall_seconds:
            return f"{sum(self.lags.values())} records wait, and none was processed for {idle:.0f} s"
        return None

    def report(self, now: float) -> dict[str, Any]:
        """Return the body of ``/healthz``."""
        problem = self.problem(now)
        lags = {f"{topic}/{number}": lag for (topic, number), lag in sorted(self.lags.items())}
        return {"healthy": problem is None, "why": problem, "lag": sum(lags.values()), "partitions": lags}


class HealthServer:
    """Answers ``GET /healthz`` and ``GET /metrics``."""

    def __init__(self, report: Callable[[], dict[str, Any]], metrics: Callable[[], bytes]) -> None:
        self._report = report
        self._metrics = metrics
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Start listening; return the port (0: any free port)."""
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
            status, content_type, body = self._reply(request.split(b" ", 2)[1:2])
            headers = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body)
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client sent nothing or too much, or is gone
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
