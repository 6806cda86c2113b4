"""The sentences on what an event means for a client, and the questions about it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from schemas.clients import Stance
from schemas.mentions import FAMILY_OF, Direction, EventKind
from services.notifier.drafting.event_lines import event_lines, meanings_for, questions_for
from services.notifier.drafting.playbook_rules import RuleQuery, Stage
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import review
from services.notifier.trades.catalog import Trades
from tests.unit.services.notifier.samples import a_client

KINDS = [kind for kind in FAMILY_OF if FAMILY_OF[kind] not in ("none", "event", "other")]
LINES = [line for use in ("meaning", "question") for line in event_lines(use)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.kinds[0]}-{line.stances[0]}")
def test_a_line_is_free_of_facts_and_faults(line: object) -> None:
    for text in line.sentences:  # type: ignore[attr-defined]
        assert tokens(text.replace("{asset}", "it")) == (), text
        sentence = text.replace("{asset}", "Halden")
        assert not [found for found in review(sentence, a_client("it")) if found.severity == "error"], sentence
        assert sentence.endswith((".", "?"))


def test_each_question_asks_one_thing() -> None:
    assert all(text.count("?") == 1 for line in event_lines("question") for text in line.sentences)
    assert all("?" not in text for line in event_lines("meaning") for text in line.sentences)


@pytest.mark.parametrize("stance", get_args(Stance))
def test_every_event_has_a_question(stance: Stance) -> None:
    for kind, direction in product(KINDS, get_args(Direction)):
        assert questions_for(RuleQuery(kind, stance, "it", direction)), (kind, stance, direction)


@pytest.mark.parametrize("kind", KINDS)
def test_a_holder_of_a_company_learns_what_each_kind_of_event_does_to_it(kind: EventKind) -> None:
    said = [
        meanings_for(RuleQuery(kind, "holds", "wealth", direction, asset="Halden Energy"))
        for direction in get_args(Direction)
    ]
    assert any(said)


def test_where_a_trade_has_its_own_words_only_lines_for_the_trade_serve() -> None:
    query = RuleQuery("acquisition", "uses", "it")
    assert meanings_for(query)
    assert not meanings_for(query, only_of_trade=True)
    assert meanings_for(RuleQuery("outage", "uses", "it"), only_of_trade=True)


def test_lines_are_for_trades_that_there_are_and_serve_those_that_are_like_them() -> None:
    named = {trade for line in LINES for name, values in line.conditions if name == "trade" for trade in values}
    assert named <= set(Trades.shipped().names)
    alone = RuleQuery("outage", "uses", "masons")
    assert not meanings_for(alone, only_of_trade=True)
    assert meanings_for(replace(alone, like=("it",)), only_of_trade=True)


def test_what_is_said_depends_on_how_far_the_event_has_come() -> None:
    said = {
        stage: meanings_for(RuleQuery("takeover", "holds", "wealth", "positive", stage=stage, asset="Halden"))
        for stage in get_args(Stage)
    }
    assert "If the offer goes through" in said["announced"][0]
    assert "With the deal done" in said["completed"][0]
    assert "Without the deal" in said["called_off"][0]


def test_a_kind_that_is_a_guess_has_no_meaning_and_only_general_questions() -> None:
    sure = RuleQuery("fine", "holds", "wealth", "negative", asset="Halden")
    for guess in (
        RuleQuery("fine", "holds", "wealth", "negative", asset="Halden", unsure=True),
        RuleQuery("fine", "holds", "wealth", "negative", asset="Halden", family="deal"),
    ):
        assert meanings_for(sure)
        assert meanings_for(guess) == ()
        assert questions_for(guess) != questions_for(sure)


def test_a_part_in_the_event_that_the_reading_denies_is_not_presupposed() -> None:
    assert meanings_for(RuleQuery("takeover", "holds", "wealth", "positive", role="object", asset="Halden"))
    buyer = meanings_for(RuleQuery("takeover", "holds", "wealth", "positive", role="actor", asset="Halden"))
    assert not any("leaves your portfolio" in text for text in buyer)


def test_a_coin_has_no_customers() -> None:
    for kind, direction in product(KINDS, get_args(Direction)):
        for text in meanings_for(RuleQuery(kind, "holds", "wealth", direction, asset="Bitcoin")):
            assert not {"customers", "earnings", "dividend", "business"} & set(text.rstrip(".").split()), text


def test_words_of_the_news_choose_the_topic() -> None:
    hit = RuleQuery("data_breach", "follows", "it", text="a clinic pays after a ransomware attack")
    other = RuleQuery("data_breach", "follows", "it", text="a clinic loses data")
    assert any("backups" in text for text in meanings_for(hit))
    assert not any("backups" in text for text in meanings_for(other))
