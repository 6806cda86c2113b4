"""Language models' answers by content of the question, and the tokens that they took, for each purpose."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Connection, Integer, String, Table, Text, delete, func, select, update

from services.common.db import UtcDateTime, exclusive, upsert
from services.notifier.tables import metadata

__all__ = ["Purpose", "answered", "keep_answer", "model_answers", "prune", "reserve", "spent_today"]

#: Each purpose has a budget of its own.
Purpose = Literal["rewording", "reading"]

model_answers = Table(
    "model_answers",
    metadata,
    Column("key", String(80), primary_key=True),  # the question's content and the model
    Column("answer", Text),  # null: it was asked, and no answer was recorded
    Column("tokens", Integer, nullable=False),  # estimated while it is asked, then as the endpoint counts
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("purpose", String(20), nullable=False, server_default="rewording"),
)


def answered(connection: Connection, key: str) -> str | None:
    """Return the model's earlier answer to the same question."""
    return connection.execute(select(model_answers.c.answer).where(model_answers.c.key == key)).scalar()


def reserve(
    connection: Connection, purpose: Purpose, key: str, tokens: int, *, daily_tokens: int, now: datetime
) -> bool:
    """Count ``tokens`` for a question that is about to be asked; return False if today's (UTC) don't suffice.

    They stay counted if no answer is recorded: the endpoint may have used them anyway.
    """
    exclusive(connection, "model_answers")
    if spent_today(connection, purpose, now) + tokens > daily_tokens:
        return False
    query = select(model_answers.c.tokens).where(model_answers.c.key == key, model_answers.c.at >= _midnight(now))
    earlier = connection.execute(query).scalar() or 0
    row = {"key": key, "answer": None, "tokens": tokens + earlier, "at": now, "purpose": purpose}
    upsert(connection, model_answers, [row], ["key"])
    return True


def keep_answer(connection: Connection, key: str, answer: str, tokens: int, reserved: int) -> None:
    """Keep an answer, and count the tokens that it used in place of those reserved for it."""
    cost = model_answers.c.tokens - reserved + tokens
    connection.execute(update(model_answers).where(model_answers.c.key == key).values(answer=answer, tokens=cost))


def spent_today(connection: Connection, purpose: Purpose, now: datetime) -> int:
    """Count the tokens used or reserved for ``purpose`` since midnight (UTC)."""
    query = select(func.sum(model_answers.c.tokens))
    query = query.where(model_answers.c.at >= _midnight(now), model_answers.c.purpose == purpose)
    return connection.execute(query).scalar() or 0


def prune(connection: Connection, purpose: Purpose, before: datetime) -> int:
    """Drop the answers for ``purpose`` from before that time; return how many."""
    old = delete(model_answers).where(model_answers.c.at < before, model_answers.c.purpose == purpose)
    return connection.execute(old).rowcount


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
