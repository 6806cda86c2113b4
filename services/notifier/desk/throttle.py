"""Failed sign-ins: counted by address and by account, in the database, so that all processes count together.

The first few failures cost nothing; each later one doubles the wait, up to a limit. In the wait, failures are refused
without being checked against anything else, counted or logged. One-time links and API tokens are long random texts that
nobody guesses, so a valid one is always accepted: nobody can lock others out, also not from the same network.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection, Engine, delete, select

from services.common.db import exclusive, reading, upsert
from services.notifier import audit
from services.notifier.tables import signin_failures

__all__ = ["FREE", "LONGEST", "NOBODY", "count_failure", "forget", "lock", "network_of", "refuse", "wait_of"]

#: Failures without a wait: people mistype, and open old links.
FREE = 5
LONGEST = timedelta(minutes=15)
#: After this time without a failure, the earlier ones are forgotten.
MEMORY = timedelta(days=1)
#: The user of a failed sign-in whose account is not known.
NOBODY = "nobody"


def network_of(address: str | None) -> str:
    """Return the network whose failures are counted together: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def wait_after(failures: int) -> timedelta:
    """Return the wait after so many failures in a row."""
    beyond = failures - FREE
    return timedelta() if beyond < 0 else min(LONGEST, timedelta(seconds=2 ** min(beyond, 20)))


def wait_of(connection: Connection, keys: tuple[str, ...], now: datetime) -> int:
    """Return the seconds until a failure under any of ``keys`` is looked at again; 0 if there is no wait."""
    query = select(signin_failures.c.waits_until).where(signin_failures.c.key.in_(keys))
    until = max(connection.execute(query).scalars(), default=now)
    return max(0, math.ceil((until - now).total_seconds()))


def lock(connection: Connection, keys: tuple[str, ...]) -> None:
    """Let nobody else count under ``keys`` until the transaction ends: one wait allows one attempt, not one each."""
    exclusive(connection, *(f"signin.{key}" for key in sorted(keys)))


def count_failure(connection: Connection, keys: tuple[str, ...], now: datetime) -> None:
    """Count a failure under each of ``keys``, which the caller has locked, and forget what is old."""
    table = signin_failures.c
    connection.execute(delete(signin_failures).where(table.last_at < now - MEMORY))
    query = select(table.key, table.failures).where(table.key.in_(keys))
    before = {row.key: row.failures for row in connection.execute(query)}
    rows = [
        {
            "key": key,
            "failures": before.get(key, 0) + 1,
            "last_at": now,
            "waits_until": now + wait_after(before.get(key, 0) + 1),
        }
        for key in keys
    ]
    upsert(connection, signin_failures, rows, ["key"])


def forget(connection: Connection, *keys: str) -> None:
    """Forget the failures under ``keys``, after a sign-in that succeeded."""
    connection.execute(delete(signin_failures).where(signin_failures.c.key.in_(keys)))


def refuse(engine: Engine, now: datetime, *, what: str, peer: str | None, user_id: str | None, why: str) -> int:
    """Count and audit a failed sign-in, and return 0; in a wait, do neither and return the seconds that remain.

    ``what`` was tried: link, token. ``user_id`` is its account, if it has one; the answer must not depend on that.
    """
    network = network_of(peer)
    keys = (f"address {network}", *(() if user_id is None else (f"{what} {user_id}",)))
    with reading(engine) as connection:
        seconds = wait_of(connection, keys, now)
    if seconds:
        return seconds
    with engine.begin() as connection:
        lock(connection, keys)
        seconds = wait_of(connection, keys, now)
        if seconds:
            return seconds
        count_failure(connection, keys, now)
        audit.record(connection, now, user_id or NOBODY, "signin.failed", what, detail=f"{why}, from {network}")
    return 0
