"""Questions for getting to know a client, and how the answers are noted in the client book. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

from schemas.clients import Client, Note
from services.common.yaml_table import load_yaml
from services.notifier.trades.definition import DiscoveryQuestion, TradeDefinition

__all__ = ["answers_by_question", "general_questions", "questions_for", "unanswered", "with_answers"]


@cache
def general_questions() -> tuple[DiscoveryQuestion, ...]:
    """Return the questions for clients of every trade."""
    text = files("services.notifier.contact").joinpath("discovery.yaml").read_text(encoding="utf-8")
    raw = load_yaml(text)
    return tuple(DiscoveryQuestion.model_validate(entry) for entry in raw["every"])


def questions_for(trade: TradeDefinition) -> tuple[DiscoveryQuestion, ...]:
    """Return the questions of the trade, then those of every trade for which it has none of the same id."""
    own = {question.id for question in trade.discovery}
    return trade.discovery + tuple(question for question in general_questions() if question.id not in own)


def unanswered(client: Client, trade: TradeDefinition) -> tuple[DiscoveryQuestion, ...]:
    """Return the questions that the client book has no answer to yet."""
    answered = answers_by_question(client, trade)
    return tuple(question for question in questions_for(trade) if question.ask not in answered)


def answers_by_question(client: Client, trade: TradeDefinition) -> dict[str, list[Note]]:
    """Return the client's answers under the present wording of each question."""
    former_phrasings = {former: question.ask for question in questions_for(trade) for former in question.formerly}
    answers: dict[str, list[Note]] = {}
    for note in (*client.views, *client.history):
        if note.question is not None:
            answers.setdefault(former_phrasings.get(note.question, note.question), []).append(note)
    return answers


def with_answers(client: Client, trade: TradeDefinition, answers: Mapping[str, str], day: date) -> Client:
    """Return ``client`` with ``answers`` (by question id) added to their notes. Earlier answers are kept.

    Empty answers, and answers to questions of other trades, are ignored.
    """
    views, history = list[Note](), list[Note]()
    for question in questions_for(trade):
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
