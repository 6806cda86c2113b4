"""Asks a second reader about queued items, one at a time, within a day's budget of tokens, and publishes its reviews.

Nothing waits for a review: whatever the model does or fails to do, the first reading stands until a valid one comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine

from schemas.base import content_id, event
from schemas.readings import ReadingReviewed, SecondReading
from services.common.chat import Chat
from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import AnyEvent, EventPublisher
from services.common.queue.loop import poll, until_recorded
from services.common.queue.work import Attempt
from services.common.queue.worker import recover_older_than
from services.notifier.budgeted_chat import ANSWER_SECONDS, BudgetedChat, BudgetSpent, NoAnswer
from services.notifier.second_reading import store
from services.notifier.second_reading.question import (
    ANSWER_SCHEMA,
    build_question,
    check_answer,
    disputed_fields,
)
from services.notifier.second_reading.store import ClaimedReading

__all__ = ["SecondReadingWorker"]

log = get_logger(__name__)

NAME = "second_readings"
POLL_SECONDS = 1.0
BATCH = 20
#: A question that is older than this and was never answered was interrupted.
LOST_AFTER = timedelta(seconds=ANSWER_SECONDS)
PRUNE_EVERY = timedelta(hours=6)


class SecondReadingWorker:
    """Asks ``chat``. ``daily_tokens`` (per day in UTC) hold for all workers on this database."""

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        chat: Chat,
        *,
        daily_tokens: int,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._chat = BudgetedChat(engine, clock, chat, "reading", daily_tokens=daily_tokens)
        self._prune_at = clock.now()
        self._counter = (metrics or Metrics()).counter(NAME, "Second readings of items, by outcome", ("outcome",))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set. A question under way is abandoned, and asked again after the next start."""
        await poll(self._round, stop, name=NAME, every_seconds=POLL_SECONDS, abandon=True)

    async def _round(self) -> None:
        await self.review_due()
        if self._clock.now() >= self._prune_at:
            self._prune_at = self._clock.now() + PRUNE_EVERY
            await asyncio.to_thread(self._prune)

    async def review_due(self) -> int:
        """Ask about the items that are due; return how many were reviewed or declined."""
        await asyncio.to_thread(recover_older_than, LOST_AFTER, self._engine, self._clock, store.QUEUE, NAME)
        settled = 0
        for id in await asyncio.to_thread(self._due):
            if self._chat.paused():
                break
            outcome = await self._review(id)
            if outcome is None:
                break
            self._counter.labels(outcome).inc()
            settled += outcome not in ("failed", "taken")
        return settled

    async def _review(self, id: str) -> str | None:
        """Ask about an item and return the outcome; None if today's tokens don't suffice."""
        claimed = await asyncio.to_thread(self._claim, id)
        if claimed is None:
            return "taken"
        question = build_question(claimed.passage)
        try:
            answer = await self._chat.answer(question.key, question.system, question.user, ANSWER_SCHEMA)
        except BudgetSpent as spent:
            daily_limit = self._chat.daily_tokens
            log.warning(
                "The daily token limit is reached.", action="second_reading.limit_reached", daily_limit=daily_limit
            )
            await self._postpone(claimed.attempt, spent)
            return None
        except NoAnswer as error:
            await self._postpone(claimed.attempt, error)
            log.warning(
                "The second reader gave no answer.", action="second_reading.failed", reading_id=id, error=str(error)
            )
            return "failed"
        second = check_answer(answer, claimed.passage, self._chat.model)
        if isinstance(second, str):
            await self._record(lambda: self._decline(claimed.attempt, second))
            log.info("A second reading was declined.", action="second_reading.declined", reading_id=id, reason=second)
            return "declined"
        disputes = await self._finish(claimed, second)
        log.info("An item was read again.", action="second_reading.reviewed", reading_id=id, disputes=disputes)
        return "disputed" if disputes else "agreed"

    async def _finish(self, claimed: ClaimedReading, second: SecondReading) -> list[str]:
        """Record the second reading and publish the review, in one transaction; return the disputed fields."""
        disputes = disputed_fields(claimed.reading, second)
        reviewed = ReadingReviewed(
            entity_id=claimed.entity_id,
            revision=claimed.revision,
            reading=claimed.reading.model_copy(update={"read_by": "second_reader", "disputed": bool(disputes)}),
            second=second,
            disputes=disputes,
        )

        def write() -> None:
            now = self._clock.now()
            with self._engine.begin() as connection:
                if store.finish(connection, claimed.attempt, second, disputes, now):
                    self._publisher.publish(connection, [self._event(claimed.attempt.id, reviewed)])

        await self._record(write)
        return list(disputes)

    def _event(self, id: str, reviewed: ReadingReviewed) -> AnyEvent:
        identity = content_id("evt", "reading.reviewed", id)
        source = "firstword/notifier"
        return event(reviewed, key=reviewed.entity_id, id=identity, source=source, time=self._clock.now())

    def _due(self) -> list[str]:
        if self._chat.paused():
            return []
        with reading(self._engine) as connection:
            return store.due(connection, self._clock.now(), BATCH)

    def _claim(self, id: str) -> ClaimedReading | None:
        with self._engine.begin() as connection:
            return store.claim(connection, id, self._clock.now())

    async def _record(self, write: Callable[[], None]) -> None:
        await until_recorded(write, name=NAME)

    async def _postpone(self, attempt: Attempt, why: BudgetSpent | NoAnswer) -> None:
        await self._record(lambda: self._retry(attempt, str(why), why.wait))

    def _retry(self, attempt: Attempt, detail: str, wait: timedelta | None) -> None:
        with self._engine.begin() as connection:
            store.retry(connection, attempt, detail, wait, self._clock.now())

    def _decline(self, attempt: Attempt, detail: str) -> None:
        with self._engine.begin() as connection:
            store.decline(connection, attempt, detail, self._clock.now())

    def _prune(self) -> None:
        with self._engine.begin() as connection:
            store.prune(connection, self._clock.now())
