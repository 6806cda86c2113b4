"""Measure how fast webhooks go out, and whether endpoints that hang delay the others.

    python bench/bench_webhooks.py [--messages 100] [--endpoints 100] [--hang 10] [--database sqlite:///…]

It posts every message to every endpoint, first with all endpoints healthy, then with some that never answer. The
endpoints are a server in its own process. It prints how long the healthy ones took in both cases, and the processor
time per message, which is the better measure on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import func, select

from firstword.storage.engine import open_database
from firstword.storage.event_log import EventLog
from firstword.storage.migrate import migrate
from schemas.base import content_id, event
from schemas.drafts import DraftDismissed
from services.common.clock import SystemClock
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.logs import configure_logs
from services.notifier.webhooks import endpoints
from services.notifier.webhooks.sink import WebhookSink
from services.notifier.webhooks.tables import webhook_deliveries
from services.notifier.webhooks.worker import WebhookWorker

#: Each is a host of its own, as endpoints are.
MOST_ENDPOINTS = 250


def serve(tell: Connection) -> None:
    """Answer 204 at once, but never below /hang."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                if head.startswith(b"post /hang"):
                    await asyncio.sleep(3_600)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        first = await asyncio.start_server(one, "127.0.0.1", 0, backlog=1_000)
        port = first.sockets[0].getsockname()[1]
        hosts = [f"127.0.0.{n}" for n in range(2, MOST_ENDPOINTS + 1)]
        server = await asyncio.start_server(one, hosts, port, backlog=1_000)
        tell.send(port)
        await server.serve_forever()

    asyncio.run(main())


async def measure(url: str, port: int, messages: int, count: int, hang: int) -> tuple[float, float]:
    """Seconds until everything has arrived at those of ``count`` endpoints that don't hang; and of a processor."""
    engine, clock, log = open_database(url), SystemClock(), EventLog()
    migrate(engine)
    with engine.begin() as connection:
        ids = [
            endpoints.add(
                connection, f"http://127.0.0.{n + 1}:{port}/{'hang' if n < hang else 'well'}/{n}", clock.now()
            ).id
            for n in range(count)
        ]
        for number in range(messages):
            data = DraftDismissed(draft_id=f"drf_{number}", alert_id="a", client_id="c", reason="too_late", by="m")
            id = content_id("evt", "bench", number)
            WebhookSink().apply(connection, event(data, key="c", id=id, source="bench", time=datetime.now(UTC)))
    well = ids[hang:]
    waiting = select(func.count()).where(
        webhook_deliveries.c.endpoint_id.in_(well), webhook_deliveries.c.status != "delivered"
    )
    http = HttpSettings(
        total_seconds=15.0, host_concurrency=1_000, host_interval_seconds=0.0, max_connections=16, pool_per_host=True,
        max_body_bytes=4_000, cut_bodies=True, allow_private=("127.0.0.0/8",),
    )  # fmt: skip
    stop = asyncio.Event()
    async with GuardedClient(http) as client:
        begun, worked = time.monotonic(), time.process_time()
        running = asyncio.create_task(WebhookWorker(engine, log, clock, client).run(stop))
        while True:
            with reading(engine) as connection:
                if connection.execute(waiting).scalar_one() == 0:
                    break
            await asyncio.sleep(0.1)
        took, work = time.monotonic() - begun, time.process_time() - worked
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    engine.dispose()
    return took, work


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--endpoints", type=int, default=100)
    parser.add_argument("--hang", type=int, default=10)
    parser.add_argument("--database", help="an empty PostgreSQL database [default: a new SQLite file each time]")
    given = parser.parse_args()
    configure_logs(level="error")
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    for hang in (0, given.hang):
        with tempfile.TemporaryDirectory() as folder:
            url = given.database or f"sqlite:///{Path(folder) / 'bench.db'}"
            took, work = asyncio.run(measure(url, port, given.messages, given.endpoints, hang))
        sent = given.messages * (given.endpoints - hang)
        rate = (
            f"{sent:,} delivered to the others in {took:.1f} s, {sent / took:,.0f}/s; {1000 * work / sent:.2f} ms each"
        )
        print(f"{hang:3d} of {given.endpoints} hang: {rate}")
    server.terminate()


if __name__ == "__main__":
    main()
