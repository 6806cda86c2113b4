"""Sends the outbox to Kafka: all of it, in order, and at least once (:mod:`firstword.storage.outbox`).

Each service that writes the outbox runs a relay; one of them works, under a lock of the database, and the others stand
by. A lock goes with its connection: when that is lost, so is the lock, and another relay may begin while the last batch
of this one is still on its way. Then events are sent twice, and at worst an older one after a newer one of its key; its
id was seen before, which is how consumers know it. On compacted topics that is not enough, for there the last record
of a key is all that remains. So what may have been overtaken is sent again: by a relay that lost its lock in the middle
of a batch, once it has its database back, of the keys in that batch; and by one that takes over, a while later, of all
that was sent lately, for the one before it may be dead.
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
#: How soon a new row is noticed.
IDLE_SECONDS = 0.05
STANDBY_SECONDS = 1.0
RETRY_SECONDS = 1.0
#: The rows are safe here, so a broker that does not answer may be asked anew soon.
ANSWER_SECONDS = 30
STOP_SECONDS = 5.0
PRUNE_SECONDS = 3_600.0
#: So long after taking over, nothing of a relay that is dead can still arrive; and so far back it may have sent.
SETTLE_SECONDS = 2.0 * ANSWER_SECONDS
LATELY = timedelta(hours=1)


class Relay:
    """Sends what waits in the outbox of ``engine``, for as long as it runs and no other relay does."""

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
        self._unsure: set[tuple[str, bytes]] = set()
        self._settings = settings
        self._clock = clock
        self._outbox = Outbox()
        self._sent = (metrics or Metrics()).counter("outbox_sent", "Events sent from the outbox to Kafka")

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set. A database or broker that is away is waited for; nothing is lost meanwhile."""
        while not stop.is_set():
            try:
                async with self._leading(stop) as connection:
                    await self._relay(connection, stop)
            except (OperationalError, KafkaError) as error:
                log.warning("The relay was interrupted; it tries again.", action="relay.interrupted", error=repr(error))
                await _pause(stop, RETRY_SECONDS)

    @contextlib.asynccontextmanager
    async def _leading(self, stop: asyncio.Event) -> AsyncIterator[Connection]:
        """A connection of its own that holds the lock, once no other relay does (or ``stop`` is set)."""
        connection = await asyncio.to_thread(self._connect)
        try:
            if self._unsure:  # the producer that sent these is stopped: nothing of it comes any more
                await _in_thread(lambda: self._outbox.resend_latest(connection, keys=self._unsure))
                self._unsure.clear()
            while not stop.is_set() and not await asyncio.to_thread(try_exclusive, connection, LOCK):
                await _pause(stop, STANDBY_SECONDS)
            yield connection
        finally:
            await asyncio.to_thread(connection.close)

    def _connect(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # else its lock would outlive its closing, in the pool
        return connection

    async def _relay(self, connection: Connection, stop: asyncio.Event) -> None:
        if stop.is_set():
            return
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.brokers,
            client_id=f"{self._settings.prefix}firstword-relay",
            acks="all",
            enable_idempotence=True,  # a batch that is tried again doesn't overtake the one before
            linger_ms=self._settings.linger_ms,
            request_timeout_ms=ANSWER_SECONDS * 1000,
        )
        try:
            await producer.start()
            log.info("This relay is the leader now.", action="relay.elected")
            working = asyncio.ensure_future(self._work(connection, producer))
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
                await self._rest(connection, producer, working)
            finally:
                stopping.cancel()
                working.cancel()
                await asyncio.wait([working])
        finally:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(producer.stop(), STOP_SECONDS)

    async def _rest(self, connection: Connection, producer: AIOKafkaProducer, working: asyncio.Future[None]) -> None:
        """At the end: what the work ended by, or else, asked to stop, what is left to send, within a moment."""
        if working.done():
            return working.result()
        working.cancel()
        await asyncio.wait([working])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while await self._batch(connection, producer):
                    pass

    async def _work(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        pruned_at = -PRUNE_SECONDS
        settles_at: float | None = loop.time() + self._settle_seconds
        while True:
            if settles_at is not None and loop.time() >= settles_at:
                settles_at, since = None, self._clock.now() - LATELY
                await _in_thread(lambda since=since: self._outbox.resend_latest(connection, since=since))  # type: ignore[misc]
            if not await self._batch(connection, producer):
                if loop.time() - pruned_at > PRUNE_SECONDS:
                    pruned_at = loop.time()
                    await _in_thread(lambda: self._outbox.prune(connection, self._clock.now()))
                await asyncio.sleep(IDLE_SECONDS)

    async def _batch(self, connection: Connection, producer: AIOKafkaProducer) -> int:
        """Send one batch and mark it; return how many rows that were."""
        rows = await _in_thread(lambda: self._outbox.unsent(connection, BATCH))
        if rows:
            self._unsure |= {(row.topic, row.key) for row in rows if row.key and row.topic in LATEST_MUST_BE_LAST}
            arrived, refused = await self._send(producer, rows)
            await _in_thread(lambda: self._mark(connection, arrived, refused))
            self._unsure.clear()
            self._sent.inc(len(arrived))
        return len(rows)

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[OutboxRow]) -> tuple[list[int], dict[int, str]]:
        """Send in order, and wait until every replica has all; ids of those that arrived, and why others can't."""
        sent = []
        refused: dict[int, str] = {}
        for row in rows:
            headers = dict(row.headers)
            partition = headers.pop(PARTITION, None)
            try:
                sent.append(
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
        await asyncio.gather(*sent)
        return [row.id for row in rows if row.id not in refused], refused

    def _mark(self, connection: Connection, arrived: Sequence[int], refused: dict[int, str]) -> None:
        now = self._clock.now()
        if arrived:
            self._outbox.mark_sent(connection, arrived, now)
        for id, reason in refused.items():
            log.error(
                "Kafka refused an event; it is set aside.", action="outbox.event_refused", event_id=id, reason=reason
            )
            self._outbox.mark_refused(connection, id, reason, now)


async def _in_thread(work: Callable[[], T]) -> T:
    """In a thread, to its end, even when the caller is cancelled: a connection serves one thread at a time."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
