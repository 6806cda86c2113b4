"""The meaning check finds what changes a statement, and stays silent on true ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.eval_meaning import SENTENCES, measure, pairs
from services.notifier.drafting.meaning.compare import check_meaning
from services.notifier.drafting.meaning.finding import KINDS, kind_of

CUT = "Halden Energy cut its quarterly dividend by 38% to 0.40 crowns a share on Tuesday."


@pytest.mark.parametrize(
    ("evidence", "sentence", "kind", "words", "theirs"),
    [
        (CUT, "Halden Energy cut its dividend to 38%.", "number", "38%", "by 38%"),
        (CUT, "Halden Energy raised its dividend by 38%.", "opposite", "raised", "cut"),
        (CUT, "Halden Energy did not cut its dividend.", "negation", "cut", "cut"),
        (CUT, "Halden Energy cut its dividend on Thursday.", "swap", "Thursday", "Tuesday"),
        ("Orvane bought Tessel for $1.97 billion.", "Tessel bought Orvane.", "agent", "Tessel", "Orvane"),
        ("Orvane bought Tessel for $1.97 billion.", "Orvane bought Tessel for $1.97 million.", "number",
         "$1.97 million", "$1.97 billion"),
        ("Brennock reportedly lost its contract.", "Brennock lost its contract.", "hedge", "lost", "reportedly lost"),
        ("Sorvino plans to issue bonds.", "Sorvino has issued bonds.", "hedge", "issued", "plans to issue"),
        ("Kestrel closes some of its branches.", "Kestrel closes all of its branches.", "quantity", "all", "some"),
        ("Losses are at least 90 million pounds.", "Losses are at most 90 million pounds.", "quantity",
         "90 million pounds", "at least 90 million pounds"),
        (CUT, "I know that Halden Energy recovers.", "certainty", "I know that", ""),
    ],
)  # fmt: skip
def test_a_changed_statement_is_found_with_both_phrasings(
    evidence: str, sentence: str, kind: str, words: str, theirs: str
) -> None:
    found = {(finding.kind, finding.words): finding for finding in check_meaning(sentence, [evidence])}
    assert (kind, words) in found
    assert found[kind, words].evidence_words == theirs  # type: ignore[index]


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        ("Orvane agreed to buy Tessel for $1.97 billion in cash.", "Orvane is buying Tessel for about $2 billion."),
        ("Orvane agreed to buy Tessel for $1.97 billion in cash.", "Tessel is being bought by Orvane."),
        ("Storm losses would not exceed 90 million pounds.", "Storm losses are at most 90 million pounds."),
        ("Earnings were $0.94 per share versus $0.81.", "Earnings rose from 81 to 94 cents a share."),
        ("The board rejected the offer.", "The board did not accept the offer."),
        ("Holm sold its port to Bantry.", "Bantry bought the port."),
        ("Orvane lost its client Sella to Tessel.", "Orvane no longer works for its client Sella."),
        ("The ministry denied that it would scrap the credit.", "The credit will not be scrapped, the ministry says."),
        ("Orvane was fined for failing to report payments.", "Orvane did not report payments, so it was fined."),
        ("The speaker is late: from May to July.", "The speaker comes in July instead of May."),
        (CUT, "What would a lower dividend mean for you?"),
        (CUT, "A bakery in Lyon raised its prices."),
        (CUT, "“Halden Energy raised its dividend”, it said."),
    ],
)
def test_a_true_or_unrelated_statement_is_left_alone(evidence: str, sentence: str) -> None:
    assert check_meaning(sentence, [evidence]) == ()


def test_a_finding_is_only_certain_if_most_of_the_statement_stands_in_the_evidence() -> None:
    sure = check_meaning("Halden Energy raised its quarterly dividend.", [CUT])
    unsure = check_meaning("Halden Energy, a utility in the north, raised its dividend last summer.", [CUT])
    assert [finding.severity for finding in (*sure, *unsure)] == ["error", "warning"]


def test_a_promise_that_stands_in_the_evidence_is_its_promise() -> None:
    assert check_meaning("Sella has guaranteed the deposits.", ["The state guaranteed the deposits of Sella."]) == ()


def test_a_finding_of_a_draft_says_its_kind_and_the_words_of_the_evidence() -> None:
    found = check_meaning("Halden Energy cut its dividend to 38%.", [CUT])[0].as_finding()
    assert (kind_of(found), found.text, found.evidence, found.severity) == ("number", "38%", "by 38%", "error")
    assert kind_of(found.model_copy(update={"rule": "tone"})) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_survived(text: str, evidence: str) -> None:
    for finding in check_meaning(text, [evidence]):
        assert finding.kind in KINDS


@given(st.sampled_from(sorted({pair.evidence for pair in pairs("both")})))
def test_evidence_does_not_contradict_itself(evidence: str) -> None:
    found = check_meaning(f"As reported, {evidence}", [evidence])
    assert [finding for finding in found if finding.severity == "error"] == []


def test_the_corpus_is_large_and_the_check_gets_no_worse() -> None:
    every = pairs("both")
    assert SENTENCES.exists()
    assert sum(pair.kind is None for pair in every) >= 500
    assert sum(pair.kind is not None for pair in every) >= 500
    result = measure("dev")
    assert result.found >= 0.77
    assert result.alarms <= 0.03
