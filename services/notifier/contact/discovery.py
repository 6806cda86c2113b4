"""Questions for getting to know a client, by trade, and how their answers enter the book. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from ruamel.yaml import YAML

from schemas.base import Model
from schemas.clients import Client, Note, Trade

__all__ = ["Question", "questions_for", "still_open", "with_answers"]


class Question(Model):
    """``ask`` is said to the client, ``why`` is for the account manager; ``fills`` is where the answer is kept."""

    id: str
    ask: str
    why: str
    fills: Literal["views", "history"]


@cache
def _shipped() -> dict[str, tuple[Question, ...]]:
    text = files("services.notifier.contact").joinpath("discovery.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe", pure=True).load(text)
    return {trade: tuple(Question.model_validate(one) for one in entries) for trade, entries in raw.items()}


def questions_for(trade: Trade) -> tuple[Question, ...]:
    """The trade's own questions, then those for everybody."""
    return _shipped()[trade] + _shipped()["every"]


def still_open(client: Client) -> tuple[Question, ...]:
    """Those that the book holds no answer to yet."""
    answered = {note.question for note in (*client.views, *client.history)}
    return tuple(question for question in questions_for(client.trade) if question.ask not in answered)


def with_answers(client: Client, answers: Mapping[str, str], day: date) -> Client:
    """``client`` with ``answers`` (by question id) among their notes; an earlier answer to a question stays beside it.

    Answers to questions that are not asked of this trade, and empty ones, are left out.
    """
    views, history = list[Note](), list[Note]()
    for question in questions_for(client.trade):
        text = " ".join(answers.get(question.id, "").split())
        if text:
            note = Note(text=text, at=day, question=question.ask, source="desk")
            (views if question.fills == "views" else history).append(note)
    return client.model_copy(
        update={"views": _joined(client.views, views), "history": _joined(client.history, history)}
    )


def _joined(before: Sequence[Note], new: Sequence[Note]) -> tuple[Note, ...]:
    known = {(note.question, note.text) for note in before}
    return (*before, *(note for note in new if (note.question, note.text) not in known))
