from __future__ import annotations

from services.notifier.drafting.standing import check_standing, standing_sentences
from services.notifier.drafting.tone import review
from services.notifier.trades.trade_files import parse_trade
from tests.unit.services.notifier.samples import a_client

TRADE = parse_trade(
    "trade: smiths\n"
    "always: ['Please don''t act yet.', {text: Keep the forge shut., stances: [uses]}]\n"
    "tone: {'cheap*': economical}\n"
    "never: {'cure*': It promises a result.}\n",
    "smiths.yaml",
).definition


def test_a_sentence_stands_for_its_stances_and_once() -> None:
    assert standing_sentences(TRADE, ["holds", "follows"]) == ("Please don't act yet.",)
    assert standing_sentences(TRADE, ["holds", "uses", "uses"]) == ("Please don't act yet.", "Keep the forge shut.")


def test_a_missing_sentence_is_reported_and_another_line_break_is_not() -> None:
    assert check_standing("News.\n\nPlease don’t\nact yet.", TRADE, ["holds"]) == ()
    (missing,) = check_standing("Please act yet. Keep the forge shut.", TRADE, ["uses"])
    assert (missing.rule, missing.severity) == ("standing_sentence", "error")
    assert "Please don't act yet." in missing.message


def test_words_that_a_trade_avoids_or_forbids_are_reported_outside_quotations() -> None:
    text = "A cheaper way to cure rust. “It cures all, cheaply,” they said."
    found = {finding.rule: finding for finding in review(text, a_client("smiths"), TRADE)}
    assert found["trade_tone"].text == "cheaper"
    assert found["trade_tone"].mend == "Write “economical”."
    assert found["compliance"].text == "cure"
    assert "It promises a result." in found["compliance"].message
    assert not {"trade_tone", "compliance"} & {finding.rule for finding in review(text, a_client("wealth"))}
