"""Ports for servers that tests start as processes, which must know their port before they listen."""

from __future__ import annotations

import socket
from secrets import SystemRandom

__all__ = ["free_port"]

#: Below the ports that systems give to connections and to servers that ask for any: else one could be taken meanwhile.
_PORTS = range(20_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens; each call returns another one."""
    dice = SystemRandom()  # test processes that run at once must not choose the same
    while True:
        port = dice.choice(_PORTS)
        with socket.socket() as tried:
            if port not in _given and tried.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                return port
