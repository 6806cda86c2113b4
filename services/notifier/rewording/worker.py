"""Asks the model to reword drafts that await a decision, or to write them, within a day's budget of tokens.

The draft itself is never changed: whatever the model does, or fails to do, the playbook's text stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from schemas.clients import ClientChanged
from services.common.chat import Chat
from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.queue.loop import poll, until_recorded
from services.common.queue.work import Attempt
from services.common.queue.worker import recover_older_than
from services.notifier import queries
from services.notifier.budgeted_chat import ANSWER_SECONDS, BudgetedChat, BudgetSpent, NoAnswer
from services.notifier.drafting.grounding import grounding_sources
from services.notifier.gate.policy import GatePolicy
from services.notifier.gate.restricted import ToldAlert
from services.notifier.queries import DraftLine
from services.notifier.rewording import store
from services.notifier.rewording.answer import AcceptedText, Declined, check_answer
from services.notifier.rewording.question import Mode, Question, build_question
from services.notifier.scope import EVERYTHING
from services.notifier.trades.catalog import Trades

__all__ = ["RewordingWorker"]

log = get_logger(__name__)

POLL_SECONDS = 1.0
BATCH = 20
#: A question that is older than this and was never answered was interrupted.
LOST_AFTER = timedelta(seconds=ANSWER_SECONDS)
PRUNE_EVERY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class ClaimedDraft:
    """A draft that only this worker asks the model about now, and the question."""

    attempt: Attempt
    line: DraftLine
    entry: ClientChanged
    question: Question


class RewordingWorker:
    """Asks ``chat``. ``daily_tokens`` (per day in UTC) hold for all workers on this database; for ``mode`` and
    ``share_news`` see :func:`services.notifier.rewording.question.build_question`. What ``gate`` blocks is not offered.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        chat: Chat,
        *,
        daily_tokens: int,
        mode: Mode = "reword",
        share_news: bool = False,
        gate: GatePolicy | None = None,
        trades: Trades | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._chat = BudgetedChat(engine, clock, chat, "rewording", daily_tokens=daily_tokens)
        self._mode: Mode = mode
        self._share_news = share_news
        self._gate = gate or GatePolicy()
        self._trades = trades or Trades.shipped()
        self._prune_at = clock.now()
        self._counter = (metrics or Metrics()).counter("rewordings", "Rewordings of drafts, by outcome", ("outcome",))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set. A question under way is abandoned, and asked again after the next start."""
        await poll(self._round, stop, name="rewordings", every_seconds=POLL_SECONDS, abandon=True)

    async def _round(self) -> None:
        await self.reword_due()
        if self._clock.now() >= self._prune_at:
            self._prune_at = self._clock.now() + PRUNE_EVERY
            await asyncio.to_thread(self._prune)

    async def reword_due(self) -> int:
        """Ask about the drafts that are due; return how many were offered or declined."""
        await asyncio.to_thread(recover_older_than, LOST_AFTER, self._engine, self._clock, store.QUEUE, "rewordings")
        settled = 0
        for draft_id in await asyncio.to_thread(self._due):
            if self._chat.paused():
                break
            outcome = await self._reword(draft_id)
            if outcome is None:
                break
            self._counter.labels(outcome).inc()
            settled += outcome in ("offered", "declined")
        return settled

    async def _reword(self, draft_id: str) -> str | None:
        """Reword a draft and return the outcome; None if today's tokens don't suffice."""
        claimed = await asyncio.to_thread(self._claim, draft_id)
        if isinstance(claimed, str):
            return claimed
        question = claimed.question
        try:
            answer = await self._chat.answer(question.key, question.system, question.user)
        except BudgetSpent as spent:
            daily_limit = self._chat.daily_tokens
            log.warning("The daily token limit is reached.", action="rewording.limit_reached", daily_limit=daily_limit)
            await self._postpone(claimed.attempt, spent)
            return None
        except NoAnswer as error:
            await self._postpone(claimed.attempt, error)
            log.warning("The model gave no answer.", action="rewording.failed", draft_id=draft_id, error=str(error))
            return "failed"
        result = self._judged(claimed, answer)
        await self._record(lambda: self._finish(claimed, result))
        outcome = "offered" if isinstance(result, AcceptedText) else "declined"
        reason = result.reason if isinstance(result, Declined) else None
        log.info(
            "The model's text was judged.",
            action="rewording.judged",
            draft_id=draft_id,
            mode=question.mode,
            outcome=outcome,
            reason=reason,
        )
        return outcome

    def _due(self) -> list[str]:
        if self._chat.paused():
            return []
        with reading(self._engine) as connection:
            return store.due(connection, self._clock.now(), BATCH)

    def _claim(self, draft_id: str) -> ClaimedDraft | str:
        """Claim a draft and return it with its question, or the outcome if there is nothing to ask."""
        now = self._clock.now()
        with self._engine.begin() as connection:
            attempt = store.claim(connection, draft_id, self._chat.model, now)
            if attempt is None:
                return "taken"
            line = queries.draft(connection, EVERYTHING, draft_id)
            entry = None if line is None else queries.client(connection, EVERYTHING, line.client_id)
            question = None
            if line is not None and entry is not None:
                book = (entry.client, entry.firm, entry.manager)
                question = build_question(
                    line.draft,
                    line.alert,
                    *book,
                    mode=self._mode,
                    share_news=self._share_news,
                    trades=self._trades,
                )
            if line is None or entry is None or question is None:
                nothing = Declined("nothing", "The draft contains nothing that may be reworded.")
                store.finish(connection, attempt, nothing, now)
                return "declined"
            return ClaimedDraft(attempt, line, entry, question)

    async def _record(self, write: Callable[[], None]) -> None:
        await until_recorded(write, name="rewordings")

    async def _postpone(self, attempt: Attempt, why: BudgetSpent | NoAnswer) -> None:
        await self._record(lambda: self._retry(attempt, str(why), why.wait))

    def _retry(self, attempt: Attempt, detail: str, wait: timedelta | None) -> None:
        with self._engine.begin() as connection:
            store.retry(connection, attempt, detail, wait, self._clock.now())

    def _finish(self, claimed: ClaimedDraft, result: AcceptedText | Declined) -> None:
        with self._engine.begin() as connection:
            store.finish(connection, claimed.attempt, result, self._clock.now(), mode=claimed.question.mode)

    def _prune(self) -> None:
        with self._engine.begin() as connection:
            store.prune(connection, self._clock.now())

    def _judged(self, claimed: ClaimedDraft, answer: str) -> AcceptedText | Declined:
        line, entry = claimed.line, claimed.entry
        if line.alert is None:
            return Declined("no_alert", "The alert that the draft is based on is missing.")
        client, firm = entry.client, entry.firm
        known = grounding_sources(line.alert, client, firm, entry.manager, granted=line.draft.grounding)
        told = (ToldAlert(line.alert.id, line.alert.entity_id, line.alert.entity_name),)
        trade = self._trades.of(client.trade)
        return check_answer(
            claimed.question, answer, line.draft, client, firm, known, gate=self._gate, told=told, trade=trade
        )
