"""Send the outbox to Kafka: everything, in order, at least once (:mod:`firstword.storage.outbox`).

Each service that writes to the outbox runs a relay. One of them is the leader, under a lock in the database; the others
stand by. The lock ends with its connection, so another relay may start while this one's last batch is still on its way.
Then events are sent twice, at worst an older one after a newer one of the same key. Consumers recognize it by its id.
On compacted topics that is not enough, because only the last record of a key remains. So the latest rows are sent
again: by a relay that lost its lock in the middle of a batch, for the keys of that batch, once it has its database
back; and by a new leader, some time later, for everything sent recently, because the old leader may be dead.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.storage.outbox import LATEST_MUST_BE_LAST, PARTITION, Outbox, OutboxRow
from services.common.clock import Clock
from services.common.db import try_exclusive
from services.common.logs import get_logger
from services.common.metrics import Metrics

__all__ = ["Relay"]

T = TypeVar("T")
log = get_logger(__name__)

LOCK = "outbox.relay"
BATCH = 500
#: Time between checks for new rows.
IDLE_SECONDS = 0.05
STANDBY_SECONDS = 1.0
RETRY_SECONDS = 1.0
#: Rows are safe in the database, so a request to the broker may time out early.
REQUEST_SECONDS = 30
STOP_SECONDS = 5.0
PRUNE_SECONDS = 3_600.0
#: After this time, records of a dead leader can no longer arrive.
SETTLE_SECONDS = 2.0 * REQUEST_SECONDS
#: A dead leader may have sent rows in this period.
RECENTLY = timedelta(hours=1)


class Relay:
    """Sends the outbox of ``engine`` while it is the leader."""

    def __init__(
        self,
        engine: Engine,
        settings: KafkaSettings,
        clock: Clock,
        metrics: Metrics | None = None,
        *,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._engine = engine
        self._settle_seconds = settle_seconds
        self._unconfirmed: set[tuple[str, bytes]] = set()
        self._settings = settings
        self._clock = clock
        self._outbox = Outbox()
        self._sent = (metrics or Metrics()).counter("outbox_sent", "Events sent from the outbox to Kafka")

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set. Wait while the database or the broker is unavailable; nothing is lost."""
        while not stop.is_set():
            try:
                async with self._leading(stop) as connection:
                    await self._relay(connection, stop)
            except (OperationalError, KafkaError) as error:
                log.warning("The relay was interrupted; it tries again.", action="relay.interrupted", error=repr(error))
                await _pause(stop, RETRY_SECONDS)

    @contextlib.asynccontextmanager
    async def _leading(self, stop: asyncio.Event) -> AsyncIterator[Connection]:
        """Yield a separate connection once it holds the lock, or once ``stop`` is set."""
        connection = await asyncio.to_thread(self._connect)
        try:
            if self._unconfirmed:  # the producer that sent these has stopped, so nothing more of it arrives
                await _in_thread(lambda: self._outbox.resend_latest(connection, keys=self._unconfirmed))
                self._unconfirmed.clear()
            while not stop.is_set() and not await asyncio.to_thread(try_exclusive, connection, LOCK):
                await _pause(stop, STANDBY_SECONDS)
            yield connection
        finally:
            await asyncio.to_thread(connection.close)

    def _connect(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # in the pool, its lock would outlive close()
        return connection

    async def _relay(self, connection: Connection, stop: asyncio.Event) -> None:
        if stop.is_set():
            return
        producer = AIOKafkaProducer(
            **connection_options(self._settings),
            client_id=f"{self._settings.prefix}firstword-relay",
            acks="all",
            enable_idempotence=True,  # a retried batch does not overtake the one before
            linger_ms=self._settings.linger_ms,
            request_timeout_ms=REQUEST_SECONDS * 1000,
        )
        try:
            await producer.start()
            log.info("This relay is the leader now.", action="relay.elected")
            working = asyncio.ensure_future(self._work(connection, producer))
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
                await self._finish(connection, producer, working)
            finally:
                stopping.cancel()
                working.cancel()
                await asyncio.wait([working])
        finally:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(producer.stop(), STOP_SECONDS)

    async def _finish(self, connection: Connection, producer: AIOKafkaProducer, working: asyncio.Future[None]) -> None:
        """Raise the error that ended the work, if any; else send the remaining rows within a short time."""
        if working.done():
            return working.result()
        working.cancel()
        await asyncio.wait([working])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while await self._send_batch(connection, producer):
                    pass

    async def _work(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        pruned_at = -PRUNE_SECONDS
        settles_at: float | None = loop.time() + self._settle_seconds
        while True:
            if settles_at is not None and loop.time() >= settles_at:
                settles_at, since = None, self._clock.now() - RECENTLY
                await _in_thread(lambda since=since: self._outbox.resend_latest(connection, since=since))  # type: ignore[misc]
            if not await self._send_batch(connection, producer):
                if loop.time() - pruned_at > PRUNE_SECONDS:
                    pruned_at = loop.time()
                    await _in_thread(lambda: self._outbox.prune(connection, self._clock.now()))
                await asyncio.sleep(IDLE_SECONDS)

    async def _send_batch(self, connection: Connection, producer: AIOKafkaProducer) -> int:
        """Send one batch and mark it as sent; return the number of rows."""
        rows = await _in_thread(lambda: self._outbox.unsent(connection, BATCH))
        if rows:
            self._unconfirmed |= {(row.topic, row.key) for row in rows if row.key and row.topic in LATEST_MUST_BE_LAST}
            sent, refused = await self._send(producer, rows)
            await _in_thread(lambda: self._mark(connection, sent, refused))
            self._unconfirmed.clear()
            self._sent.inc(len(sent))
        return len(rows)

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[OutboxRow]) -> tuple[list[int], dict[int, str]]:
        """Send rows in order and wait for all replicas; return the ids sent, and by id why others were refused."""
        pending = []
        refused: dict[int, str] = {}
        for row in rows:
            headers = dict(row.headers)
            partition = headers.pop(PARTITION, None)
            try:
                pending.append(
                    await producer.send(
                        self._settings.topic(row.topic),
                        row.payload,
                        row.key,
                        partition=None if partition is None else int(partition),
                        headers=list(headers.items()),
                    )
                )
            except MessageSizeTooLargeError as error:
                refused[row.id] = str(error)
        await asyncio.gather(*pending)
        return [row.id for row in rows if row.id not in refused], refused

    def _mark(self, connection: Connection, sent: Sequence[int], refused: dict[int, str]) -> None:
        now = self._clock.now()
        if sent:
            self._outbox.mark_sent(connection, sent, now)
        for id, reason in refused.items():
            log.error(
                "Kafka refused an event; it is set aside.", action="outbox.event_refused", event_id=id, reason=reason
            )
            self._outbox.mark_refused(connection, id, reason, now)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run in a thread to its end, even if the caller is canceled: a connection serves one thread at a time."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
