"""Asks the model for other words for drafts that lie before their managers, one at a time, within a day's tokens.

The draft itself is never touched: whatever the model does, or fails to do, the playbook's text is there and stands.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from schemas.base import content_id
from schemas.clients import ClientChanged
from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.notifier import queries
from services.notifier.drafting.grounding import grounding_sources
from services.notifier.queries import DraftLine
from services.notifier.rewording import store
from services.notifier.rewording.llm import Chat, ModelFailed
from services.notifier.rewording.rewrite import Asking, Declined, Wording, ask, judge
from services.notifier.scope import EVERYTHING

__all__ = ["WordingWorker"]

log = get_logger(__name__)

POLL_SECONDS = 1.0
BATCH = 20
#: A safeguard: the client's own bound is shorter.
ANSWER_SECONDS = 330.0
#: After a failure, so long until the model is asked anything again; doubled with each further one, up to the second.
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)
PRUNE_EVERY = timedelta(hours=6)


class WordingWorker:
    """``daily_tokens`` are those of a day (UTC), of all workers on this database; ``share_news`` as in rewording."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        chat: Chat,
        *,
        daily_tokens: int,
        share_news: bool = False,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._chat = chat
        self._daily_tokens = daily_tokens
        self._share_news = share_news
        self._failures = 0
        self._paused_until: datetime | None = None
        self._prune_at = clock.now()
        self._counter = (metrics or Metrics()).counter("wordings", "Rewordings of drafts, by end", ("outcome",))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; what is being asked then is given up, and asked again at the next start."""
        working = asyncio.create_task(self._work())
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        del done

    async def _work(self) -> None:
        while True:
            try:
                await self.reword_due()
                if self._clock.now() >= self._prune_at:
                    self._prune_at = self._clock.now() + PRUNE_EVERY
                    await asyncio.to_thread(self._prune)
            except OperationalError as error:  # the database is busy or away: nothing is lost, try again
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="rewording",
                    error=str(error.orig),
                )
            await asyncio.sleep(POLL_SECONDS)

    async def reword_due(self) -> int:
        """Ask about what is due; returns how many drafts were settled, offered or declined."""
        settled = 0
        for draft_id in await asyncio.to_thread(self._due):
            if self._paused_until is not None and self._clock.now() < self._paused_until:
                break
            outcome = await self._one(draft_id)
            if outcome is None:
                break
            self._counter.labels(outcome).inc()
            settled += outcome in ("offered", "declined")
        return settled

    async def _one(self, draft_id: str) -> str | None:
        """How it ended; None where today's tokens don't suffice."""
        asking = await asyncio.to_thread(self._question, draft_id)
        if isinstance(asking, str):
            return asking
        line, book, question = asking
        key = content_id("ans", self._chat.model, question.key)
        answer = await asyncio.to_thread(self._known, key)
        if answer is None:
            reserved = self._chat.reckon(question.system, question.user)
            if not await asyncio.to_thread(self._reserve, key, reserved):
                self._pause(self._midnight())
                log.warning(
                    "The daily token limit is reached.",
                    action="rewording.limit_reached",
                    daily_limit=self._daily_tokens,
                )
                await asyncio.to_thread(self._retry, draft_id, "Today's tokens are spent.", self._midnight())
                return None
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    said = await self._chat.answer(question.system, question.user)
            except (ModelFailed, TimeoutError) as error:
                return await self._failed(draft_id, error)
            self._failures = 0
            answer = said.text
            await asyncio.to_thread(self._keep, key, answer, said.tokens, reserved)
        done = self._judged(question, answer, line, book)
        await asyncio.to_thread(self._finish, draft_id, done)
        outcome = "offered" if isinstance(done, Wording) else "declined"
        reason = done.reason if isinstance(done, Declined) else None
        log.info(
            "The model's rewording was judged.",
            action="rewording.judged",
            draft_id=draft_id,
            outcome=outcome,
            reason=reason,
        )
        return outcome

    def _judged(self, question: Asking, answer: str, line: DraftLine, book: ClientChanged) -> Wording | Declined:
        alert = line.alert
        if alert is None:
            return Declined("no_alert", "The alert behind the draft isn't here.")
        known = grounding_sources(alert, book.client, book.firm, book.manager, granted=line.draft.grounding)
        return judge(question, answer, line.draft, book.client, known)

    async def _failed(self, draft_id: str, error: Exception) -> str:
        now = self._clock.now()
        pointless = isinstance(error, ModelFailed) and error.pointless
        self._failures += 1
        wait = min(PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
        self._pause(now + wait)
        detail = str(error) or "No answer came in time."
        await asyncio.to_thread(self._retry, draft_id, detail, None if pointless else now + wait)
        log.warning("The model gave no answer.", action="rewording.failed", draft_id=draft_id, error=detail)
        return "failed"

    def _pause(self, until: datetime) -> None:
        self._paused_until = until

    def _midnight(self) -> datetime:
        return self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def _due(self) -> list[str]:
        now = self._clock.now()
        if self._paused_until is not None and now < self._paused_until:
            return []
        with reading(self._engine) as connection:
            return store.due(connection, now, BATCH)

    def _question(self, draft_id: str) -> tuple[DraftLine, ClientChanged, Asking] | str:
        """The draft, taken on, and what to ask about it; or how it ended already."""
        now = self._clock.now()
        with self._engine.begin() as connection:
            until = now + timedelta(seconds=ANSWER_SECONDS)
            if not store.claim(connection, draft_id, self._chat.model, now, until):
                return "taken"
            line = queries.draft(connection, EVERYTHING, draft_id)
            book = None if line is None else queries.client(connection, EVERYTHING, line.client_id)
            question = None
            if line is not None and book is not None:
                question = ask(line.draft, book.client, book.firm, book.manager, share_news=self._share_news)
            if line is None or book is None or question is None:
                store.finish(connection, draft_id, now, "There is nothing in it to reword.")
                return "declined"
            return line, book, question

    def _known(self, key: str) -> str | None:
        with reading(self._engine) as connection:
            return store.answered(connection, key)

    def _reserve(self, key: str, tokens: int) -> bool:
        with self._engine.begin() as connection:
            return store.reserve(connection, key, tokens, self._daily_tokens, self._clock.now())

    def _keep(self, key: str, answer: str, tokens: int, reserved: int) -> None:
        with self._engine.begin() as connection:
            store.keep_answer(connection, key, answer, tokens, reserved)

    def _retry(self, draft_id: str, detail: str, at: datetime | None) -> None:
        with self._engine.begin() as connection:
            store.retry(connection, draft_id, self._clock.now(), detail, at)

    def _finish(self, draft_id: str, done: Wording | Declined) -> None:
        with self._engine.begin() as connection:
            store.finish(connection, draft_id, self._clock.now(), done.detail if isinstance(done, Declined) else done)

    def _prune(self) -> None:
        with self._engine.begin() as connection:
            store.prune(connection, self._clock.now())
