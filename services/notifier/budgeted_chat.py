"""Ask a language model within a day's budget of tokens, and never the same question twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from schemas.base import content_id
from services.common.chat import Chat, EndpointPause, ModelFailed
from services.common.clock import Clock
from services.common.db import reading
from services.notifier import model_answers
from services.notifier.model_answers import Purpose

__all__ = ["ANSWER_SECONDS", "BudgetSpent", "BudgetedChat", "NoAnswer"]

#: A safeguard: the HTTP client's own limit is shorter.
ANSWER_SECONDS = 330.0


class BudgetSpent(Exception):
    """Today's tokens do not suffice for the question. ``wait``: until there are new ones."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Today's tokens are spent.")
        self.wait = wait


class NoAnswer(Exception):
    """The endpoint gave no answer. ``wait``: until it may be asked again; None if asking again is pointless."""

    def __init__(self, detail: str, wait: timedelta | None) -> None:
        super().__init__(detail)
        self.wait = wait


class BudgetedChat:
    """Asks ``chat`` for one purpose. ``daily_tokens`` (per day in UTC) hold for all workers on this database."""

    def __init__(self, engine: Engine, clock: Clock, chat: Chat, purpose: Purpose, *, daily_tokens: int) -> None:
        self.model = chat.model
        self.daily_tokens = daily_tokens
        self._engine = engine
        self._clock = clock
        self._chat = chat
        self._purpose: Purpose = purpose
        self._pause = EndpointPause()

    def paused(self) -> bool:
        """Return whether the endpoint is left alone now."""
        return self._pause.active(self._clock.now())

    async def answer(self, question_key: str, system: str, user: str, schema: Mapping[str, Any] | None = None) -> str:
        """Return the model's answer, or its earlier one to the same question. Raise BudgetSpent or NoAnswer."""
        key = content_id("ans", self.model, question_key)
        known = await asyncio.to_thread(self._known, key)
        if known is not None:
            return known
        reserved = self._chat.estimate_tokens(system, user)
        if not await asyncio.to_thread(self._reserve, key, reserved):
            raise BudgetSpent(self._pause.spent(self._clock.now()))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                said = await self._chat.answer(system, user, schema)
        except (ModelFailed, TimeoutError) as error:
            wait = self._pause.failed(self._clock.now())
            pointless = isinstance(error, ModelFailed) and error.pointless
            raise NoAnswer(str(error) or "No answer came in time.", None if pointless else wait) from error
        self._pause.answered()
        await asyncio.to_thread(self._keep, key, said.text, said.tokens, reserved)
        return said.text

    def _known(self, key: str) -> str | None:
        with reading(self._engine) as connection:
            return model_answers.answered(connection, key)

    def _reserve(self, key: str, tokens: int) -> bool:
        with self._engine.begin() as connection:
            return model_answers.reserve(
                connection, self._purpose, key, tokens, daily_tokens=self.daily_tokens, now=self._clock.now()
            )

    def _keep(self, key: str, answer: str, tokens: int, reserved: int) -> None:
        with self._engine.begin() as connection:
            model_answers.keep_answer(connection, key, answer, tokens, reserved)
