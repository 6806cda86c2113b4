"""Posts webhooks, each endpoint in a lane of its own: a slow one fills only its own lane.

An endpoint's limits, at once and per second, hold over all workers on a database (:func:`outbox.claim`). What has ended
and what begins are written in one transaction for all lanes: under load, one sync to disk serves dozens of attempts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.common.clock import Clock, SystemClock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.post import HttpClient, PostResult, post, signed_headers
from services.common.processing import EventPublisher
from services.common.queue.loop import Recovery, pause, poll, until_recorded
from services.common.queue.worker import recover_older_than
from services.common.sealing import LockedSecret
from services.notifier.webhooks import outbox
from services.notifier.webhooks.outbox import ClaimedWebhook, FinishedWebhook
from services.notifier.webhooks.queue import QUEUE
from services.notifier.webhooks.selection import Capacity, due_endpoints

__all__ = ["WebhookWorker"]

log = get_logger(__name__)

POLL_SECONDS = 0.5
#: Seconds before an endpoint that is only rate-limited is checked again.
PACED_SECONDS = 0.02
#: A safeguard: the HTTP client's own limit is shorter.
ATTEMPT_SECONDS = 60.0
#: An attempt that is older than this and never ended was interrupted.
LOST_AFTER = timedelta(seconds=2 * ATTEMPT_SECONDS)
PRUNE_EVERY = timedelta(hours=1)


class WebhookWorker:
    """Sends what the outbox of webhooks holds; ``sole`` as in :class:`services.common.queue.loop.Recovery`.

    ``wall`` is the clock that an endpoint's rate follows, even if ``clock`` is set by hand: by default the machine's.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        http: HttpClient,
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
        self._ended: list[FinishedWebhook] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._held_back = False
        self._prune_at = clock.now()
        self._counter = (metrics or Metrics()).counter("webhook_attempts", "Webhook attempts, by outcome", ("outcome",))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; attempts that have begun are finished and recorded."""

        async def work() -> None:
            await self._step(begin=not stop.is_set())
            if self._clock.now() >= self._prune_at:
                self._prune_at = self._clock.now() + PRUNE_EVERY
                await asyncio.to_thread(self._prune)

        recovery = Recovery(self.recover, LOST_AFTER, self._sole)
        await poll(
            work, stop, name="webhooks", every_seconds=POLL_SECONDS, recovery=recovery, wake=self._wake,
            under_way=self._busy,
        )  # fmt: skip

    async def deliver_due(self) -> int:
        """Attempt what is due, and what becomes due meanwhile, to the end; return how many attempts were made."""
        made = 0
        while True:
            made += await self._step()
            if not self._busy() and not self._held_back:
                return made
            await pause(self._wake, POLL_SECONDS)
            self._wake.clear()

    def recover(self, age: timedelta) -> int:
        """Reschedule attempts that began at least ``age`` ago and never ended; return how many."""
        return recover_older_than(age, self._engine, self._clock, QUEUE, "webhooks")

    async def send(self, claimed: ClaimedWebhook) -> FinishedWebhook:
        """Make one attempt that is already claimed, and record its outcome."""
        finished = await self._attempt(claimed)
        await until_recorded(lambda: self._write([finished], []), name="webhooks")
        return finished

    async def _step(self, *, begin: bool = True) -> int:
        """Record what has ended and begin what is due; return how many attempts were begun."""
        ended, self._ended = self._ended, []
        try:
            capacities = await asyncio.to_thread(self._due) if begin else []
            free = self._free(capacities, ended)
            if not ended and not free:
                return 0
            claimed = await asyncio.to_thread(self._write, ended, sorted(free.items()))
        except OperationalError:
            self._ended = ended + self._ended
            raise
        for end in ended:
            self._under_way[end.claimed.endpoint.id] -= 1
        for work in claimed:
            self._under_way[work.endpoint.id] += 1
            task = asyncio.create_task(self._post(work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if claimed or ended:
            self._wake.set()
        return len(claimed)

    def _free(self, capacities: Sequence[Capacity], ended: Sequence[FinishedWebhook]) -> dict[str, int]:
        """Return how many requests may begin at each endpoint, as far as this worker knows."""
        returned = Counter(end.claimed.endpoint.id for end in ended)
        free = {}
        self._held_back = False
        for capacity in capacities:
            under_way = self._under_way[capacity.endpoint_id] - returned[capacity.endpoint_id]
            slots = min(capacity.concurrency - under_way, capacity.slots)
            if slots > 0:
                free[capacity.endpoint_id] = slots
            elif under_way == 0:
                self._held_back = True  # only by its rate
        if self._held_back:
            asyncio.get_running_loop().call_later(PACED_SECONDS, self._wake.set)
        return free

    def _due(self) -> list[Capacity]:
        with reading(self._engine) as connection:
            return due_endpoints(connection, self._clock.now(), self._wall.now())

    def _write(self, ended: Sequence[FinishedWebhook], free: Sequence[tuple[str, int]]) -> list[ClaimedWebhook]:
        now = self._clock.now()
        with self._engine.begin() as connection:
            self._publisher.publish(connection, outbox.finish(connection, ended, now))
            claimed = outbox.claim(connection, dict(free), now, self._wall.now())
        for end in ended:
            self._counter.labels(end.result.kind).inc()
        return claimed

    async def _post(self, claimed: ClaimedWebhook) -> None:
        finished = await self._attempt(claimed)
        log.info(
            "A webhook request was attempted.",
            action="webhook.attempted",
            delivery_id=claimed.delivery_id,
            attempt=claimed.attempt,
            outcome=finished.result.kind,
        )
        self._ended.append(finished)  # not in one line: the list may be another one by then
        self._wake.set()

    async def _attempt(self, claimed: ClaimedWebhook) -> FinishedWebhook:
        now, url = self._clock.now(), claimed.endpoint.url
        try:
            secrets = claimed.endpoint.signing(now)
        except LockedSecret as error:  # nothing was sent; the schedule gives time to put the key back
            return FinishedWebhook(claimed, {}, PostResult("retry", str(error)))
        headers = signed_headers(claimed.delivery_id, claimed.body, secrets, now)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                result = await post(self._http, url, headers, claimed.body, now)
        except TimeoutError:
            result = PostResult("unknown", f"No answer within {ATTEMPT_SECONDS:.0f} s.")
        except Exception as error:  # whatever it is, the other side may have the message
            log.exception(
                "Posting a webhook request failed unexpectedly.",
                action="webhook.failed",
                delivery_id=claimed.delivery_id,
            )
            result = PostResult("unknown", f"Posting failed unexpectedly: {type(error).__name__}.")
        return FinishedWebhook(claimed, headers, result)

    def _busy(self) -> bool:
        return bool(self._tasks or self._ended)

    def _prune(self) -> None:
        dropped, last = 0, outbox.PRUNE_BATCH
        while last == outbox.PRUNE_BATCH:  # a transaction each, so that others can work in between
            with self._engine.begin() as connection:
                last = outbox.prune(connection, self._clock.now())
            dropped += last
        if dropped:
            log.info("Old webhook requests were deleted.", action="webhook.pruned", count=dropped)
