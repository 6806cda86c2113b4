"""Posts what is due, each endpoint in a lane of its own: a slow one fills its own lane and nobody else's.

How much an endpoint takes, at once and a second, holds over all workers on a database (:func:`outbox.claim`).

What has ended and what begins are written together, in one transaction for all lanes: under load, a sync to disk serves
dozens of attempts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.common.clock import Clock, SystemClock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.post import Answer, Http, headers_of, post
from services.common.processing import EventPublisher
from services.common.sealing import LockedSecret
from services.notifier.webhooks import outbox
from services.notifier.webhooks.outbox import Done, Work
from services.notifier.webhooks.selection import Room, due_endpoints

__all__ = ["WebhookWorker"]

log = get_logger(__name__)

POLL_SECONDS = 0.5
#: A safeguard: the client's own bound is shorter.
ATTEMPT_SECONDS = 60.0
PRUNE_EVERY = timedelta(hours=1)


class WebhookWorker:
    """Sends what the outbox of webhooks holds.

    ``sole`` says that no other process works on this database: then whatever is found half sent at the start was
    left by a crash. Otherwise it is taken for that only once an attempt is older than an attempt may last. ``wall`` is
    the clock by which an endpoint's rate is kept, however ``clock`` is turned: by default the machine's.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        http: Http,
        *,
        sole: bool = True,
        metrics: Metrics | None = None,
        wall: Clock | None = None,
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._http = http
        self._sole = sole
        self._wall = wall or SystemClock()
        self._under_way = Counter[str]()
        self._ended: list[Done] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._starved = False
        self._counter = (metrics or Metrics()).counter("webhook_attempts", "Attempts of webhooks, by end", ("outcome",))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; attempts that have begun are brought to their end."""
        age = timedelta(0) if self._sole else timedelta(seconds=2 * ATTEMPT_SECONDS)
        prune_at = self._clock.now()
        stopping = asyncio.create_task(self._wake_at(stop))
        while not stop.is_set() or self._tasks or self._ended:
            try:
                await asyncio.to_thread(self.recover, age)
                age = timedelta(seconds=2 * ATTEMPT_SECONDS)
                await self._step(begin=not stop.is_set())
                if self._clock.now() >= prune_at:
                    prune_at = self._clock.now() + PRUNE_EVERY
                    await asyncio.to_thread(self._prune)
            except OperationalError as error:  # the database is busy or away: nothing is lost, try again
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="webhooks",
                    error=str(error.orig),
                )
                await asyncio.sleep(POLL_SECONDS)
                continue
            await self._pause()
        await stopping

    async def deliver_due(self) -> int:
        """Attempt what is due, and what becomes due meanwhile, to the end; returns how many attempts were made."""
        made = 0
        while True:
            made += await self._step()
            if not self._tasks and not self._ended and not self._starved:
                return made
            await self._pause()

    def recover(self, age: timedelta) -> int:
        """Take up again attempts begun at least ``age`` ago whose end nobody recorded; returns how many."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            if not outbox.stuck(connection, began_before=now - age):
                return 0
        with self._engine.begin() as connection:
            count = outbox.recover(connection, now, began_before=now - age)
        log.warning("Webhook requests were interrupted; they are sent again.", action="webhook.recovered", count=count)
        return count

    async def send(self, work: Work) -> Done:
        """Make one attempt that was claimed already, and record its end."""
        done = await self._attempt(work)
        await asyncio.to_thread(self._write, [done], [])
        return done

    async def _step(self, *, begin: bool = True) -> int:
        """Record what has ended and begin what is due; returns how many attempts were begun."""
        ended, self._ended = self._ended, []
        try:
            rooms = await asyncio.to_thread(self._due) if begin else []
            free = self._free(rooms, ended)
            if not ended and not free:
                return 0
            works = await asyncio.to_thread(self._write, ended, sorted(free.items()))
        except OperationalError:
            self._ended = ended + self._ended
            raise
        for done in ended:
            self._under_way[done.work.endpoint.id] -= 1
        for work in works:
            self._under_way[work.endpoint.id] += 1
            task = asyncio.create_task(self._fly(work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if works or ended:
            self._wake.set()
        return len(works)

    def _free(self, rooms: Sequence[Room], ended: Sequence[Done]) -> dict[str, int]:
        """How many requests may begin at each endpoint, as far as this worker knows."""
        back = Counter(done.work.endpoint.id for done in ended)
        free = {}
        self._starved = False
        for room in rooms:
            there = self._under_way[room.endpoint_id] - back[room.endpoint_id]
            places = min(room.concurrency - there, room.places)
            if places > 0:
                free[room.endpoint_id] = places
            elif there == 0:
                self._starved = True  # only its rate holds it back
        return free

    def _due(self) -> list[Room]:
        with reading(self._engine) as connection:
            return due_endpoints(connection, self._clock.now(), self._wall.now())

    def _write(self, ended: Sequence[Done], free: Sequence[tuple[str, int]]) -> list[Work]:
        now = self._clock.now()
        with self._engine.begin() as connection:
            self._publisher.publish(connection, outbox.finish(connection, ended, now))
            works = outbox.claim(connection, dict(free), now, self._wall.now())
        for done in ended:
            self._counter.labels(done.answer.kind).inc()
        return works

    async def _fly(self, work: Work) -> None:
        done = await self._attempt(work)
        outcome = done.answer.kind
        log.info(
            "A webhook request was attempted.",
            action="webhook.attempted",
            delivery_id=work.delivery_id,
            attempt=work.attempt,
            outcome=outcome,
        )
        self._ended.append(done)  # not in one line: the list may be another one by then
        self._wake.set()

    async def _attempt(self, work: Work) -> Done:
        now, url = self._clock.now(), work.endpoint.url
        try:
            secrets = work.endpoint.signing(now)
        except LockedSecret as error:  # nothing left; the schedule gives time to put the key back
            return Done(work, {}, Answer("retry", str(error)))
        headers = headers_of(work.delivery_id, work.body, secrets, now)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                answer = await post(self._http, url, headers, work.body, now)
        except TimeoutError:
            answer = Answer("unknown", f"No answer within {ATTEMPT_SECONDS:.0f} s.")
        except Exception as error:  # whatever it is, the other side may have the message
            log.exception(
                "Posting a webhook request failed unexpectedly.", action="webhook.failed", delivery_id=work.delivery_id
            )
            answer = Answer("unknown", f"Posting failed in a way it should not: {type(error).__name__}.")
        return Done(work, headers, answer)

    async def _pause(self) -> None:
        """Until something ends; at most until it is time to look again."""
        # Not `wait_for`: before Python 3.12 it may lose a cancellation that comes together with the wake-up.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.02 if self._starved else POLL_SECONDS):
                await self._wake.wait()
        self._wake.clear()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    def _prune(self) -> None:
        dropped, last = 0, outbox.PRUNED_AT_ONCE
        while last == outbox.PRUNED_AT_ONCE:  # a transaction each, so that others can work in between
            with self._engine.begin() as connection:
                last = outbox.prune(connection, self._clock.now())
            dropped += last
        if dropped:
            log.info("Old webhook requests were deleted.", action="webhook.pruned", count=dropped)
