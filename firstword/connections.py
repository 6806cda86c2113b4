"""Limits on the desk's connections, so that slow and idle ones harm nobody.

uvicorn closes a connection that is idle after a request, but waits forever for a first or a slow one, and its own limit
on connections answers everybody with 503 once it is reached.
"""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

__all__ = ["LimitedProtocol"]


class LimitedProtocol(H11Protocol):
    """A uvicorn protocol with a limit on the time for sending a request, and on the number of connections.

    A new connection beyond the limit takes the place of the one that has waited longest without a request under way.
    """

    #: Time for sending a request with its body; the largest is an import of a client book over a slow line.
    request_seconds = 30.0
    #: Well below the 1,024 files that a process may usually open.
    max_connections = 500

    _deadline: asyncio.TimerHandle | None = None
    _waiting_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._set_deadline()
        if len(self.connections) > self.max_connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        if state is h11.SEND_BODY or (state is h11.IDLE and self.conn.trailing_data[0]):
            self._set_deadline()
        else:
            self._clear_deadline()

    def on_response_complete(self) -> None:
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def _is_waiting(self) -> bool:
        """Return whether no request is under way."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is None or cycle.response_complete

    def _make_room(self) -> None:
        others = (cast(LimitedProtocol, connection) for connection in self.connections)
        waiting = [connection for connection in others if connection._is_waiting()]
        oldest = min(waiting, key=lambda connection: connection._waiting_since)
        self.connections.discard(oldest)
        oldest.transport.abort()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
