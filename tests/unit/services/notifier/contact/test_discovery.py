from __future__ import annotations

import pytest

from schemas.clients import Note, Trade
from services.notifier.contact.discovery import answers_by_question, questions_for, unanswered
from services.notifier.trades.catalog import Trades
from tests.unit.services.notifier.samples import a_client

EARLIER = "In what would you never invest, even if it paid?"
PRESENT = "What would you never invest in, even if it paid?"


def test_an_answer_to_an_earlier_wording_answers_the_question() -> None:
    answer = Note(text="Tobacco.", question=EARLIER, source="desk")
    client = a_client(views=(answer, Note(text="No question was asked.")))
    trade = Trades.shipped().of(client.trade)
    assert answers_by_question(client, trade) == {PRESENT: [answer]}
    assert PRESENT not in [question.ask for question in unanswered(client, trade)]


@pytest.mark.parametrize("trade", Trades.shipped().names)
def test_no_earlier_wording_is_in_use(trade: Trade) -> None:
    questions = questions_for(Trades.shipped().of(trade))
    assert not {question.ask for question in questions} & {former for entry in questions for former in entry.formerly}
