"""Questions for getting to know a client, by trade, and how the answers are noted in the client book. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from ruamel.yaml import YAML

from schemas.base import Model
from schemas.clients import Client, Note, Trade

__all__ = ["DiscoveryQuestion", "answers_by_question", "questions_for", "unanswered", "with_answers"]


class DiscoveryQuestion(Model):
    """A question for a client. ``why`` is for the account manager; ``fills`` says where the answer is kept.

    ``formerly`` are earlier phrasings: an answer to one of them answers the question.
    """

    id: str
    ask: str
    why: str
    fills: Literal["views", "history"]
    formerly: tuple[str, ...] = ()


@cache
def _questions() -> dict[str, tuple[DiscoveryQuestion, ...]]:
    text = files("services.notifier.contact").joinpath("discovery.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe", pure=True).load(text)
    return {
        trade: tuple(DiscoveryQuestion.model_validate(entry) for entry in entries) for trade, entries in raw.items()
    }


def questions_for(trade: Trade) -> tuple[DiscoveryQuestion, ...]:
    """Return the questions of the trade, then those for every client."""
    return _questions()[trade] + _questions()["every"]


def unanswered(client: Client) -> tuple[DiscoveryQuestion, ...]:
    """Return the questions that the client book has no answer to yet."""
    answered = answers_by_question(client)
    return tuple(question for question in questions_for(client.trade) if question.ask not in answered)


def answers_by_question(client: Client) -> dict[str, list[Note]]:
    """Return the client's answers under the present wording of each question."""
    former_phrasings = {
        former: question.ask for question in questions_for(client.trade) for former in question.formerly
    }
    answers: dict[str, list[Note]] = {}
    for note in (*client.views, *client.history):
        if note.question is not None:
            answers.setdefault(former_phrasings.get(note.question, note.question), []).append(note)
    return answers


def with_answers(client: Client, answers: Mapping[str, str], day: date) -> Client:
    """Return ``client`` with ``answers`` (by question id) added to their notes. Earlier answers are kept.

    Empty answers, and answers to questions of other trades, are ignored.
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
