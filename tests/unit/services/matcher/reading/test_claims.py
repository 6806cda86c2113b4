"""Claims are classified by their words, and attributed to their speakers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from schemas.mentions import Claim
from services.matcher.reading.claims import classify_claim


def claim(title: str, summary: str | None = None, **fields: str) -> Claim:
    return classify_claim(Item(id="itm_1", title=title, summary=summary, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "title",
    [
        "Halden in talks to buy Brightwater - sources",
        "Halden weighs sale of grid unit",
        "Halden reportedly plans to close plant",
        "Halden May Cut Dividend",
        "Halden could cut its dividend",
        "Is Halden about to cut its dividend?",
        "Halden nears deal to buy Brightwater",
        "Brightwater said to be exploring a sale",
        "Takeover speculation lifts Halden shares",
        "Halden to close plant, according to people familiar with the matter",
        "Report: Halden plans to lay off hundreds",
        "Halden plans to lay off hundreds, report says",
        "UPDATE 2-Halden in advanced talks to sell unit -FT",
        "Hackers claim to have stolen Halden customer data",
        "Halden investigating reports of data breach",
        "Halden said to plan layoffs",
        "Brightwater expected to unveil new phone",
        "Halden may have to raise capital, analysts say",
    ],
)
def test_a_doubtful_headline_is_hedged(title: str) -> None:
    found = claim(title)
    assert found.status == "hedged", found
    assert found.score >= 0.5
    assert all(cue == "?" or cue in title for cue in found.cues)


@pytest.mark.parametrize(
    "title",
    [
        "Halden cuts dividend by 40%",
        "Halden sales rise in May",
        "Halden to hold meeting on May 12",
        "Halden expects revenue could rise 5% in 2026",
        'Halden chief: "We could not be happier"',
        "Court denies Halden's motion",
        "Halden settles without admitting wrongdoing",
        "Case studies show Halden pumps work",
        "Halden shares jump on takeover speculation",
        "Halden rejects Brightwater bid",
        "Halden wins court approval for Brightwater deal",
        "Halden to use open-source software",
        "Halden breach hits as many as 40,000 customers",
    ],
)
def test_a_plain_headline_is_asserted(title: str) -> None:
    assert claim(title).status == "asserted", claim(title)


@pytest.mark.parametrize(
    "title",
    [
        "Halden denies takeover talks",
        "Halden: no plans to sell grid unit",
        "Halden rejects report of data breach",
        "Halden says it is not in talks with Brightwater",
        "Report of Halden sale is false, company says",
        "Brightwater rules out bid for Halden",
        "Halden says not considering takeover offer",
        "Halden dismisses bankruptcy rumours",
        "No truth in Halden sale report: company",
    ],
)
def test_a_denial_is_denied(title: str) -> None:
    assert claim(title).status == "denied", claim(title)


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Correction: Halden did not cut its dividend", None),
        ("City Tribune retracts Halden story", None),
        ("Halden dividend", "City Tribune has withdrawn its report on Halden's dividend."),
    ],
)
def test_a_retraction_is_retracted(title: str, summary: str | None) -> None:
    assert claim(title, summary).status == "retracted"


@pytest.mark.parametrize(
    ("title", "summary", "basis", "name"),
    [
        ("Halden cuts dividend", "Halden Energy said on Tuesday it cut its dividend.", "company", "Halden Energy"),
        ("Halden plant shut, FT reports", None, "outlet", "FT"),
        ("Halden to sell unit -FT", None, "outlet", "FT"),
        ("Bloomberg: Halden considering listing", None, "wire", "Bloomberg"),
        ("CISA warns of flaw in Brightwater Vault", None, "regulator", "CISA"),
        ("Reuters reported that Halden will sell its unit", None, "wire", "Reuters"),
        ("Halden to sell unit, according to the Financial Times", None, "outlet", "Financial Times"),
        ("SEC charges Halden with fraud", None, "regulator", "SEC"),
        ("Halden weighs sale", "Halden weighs a sale, people familiar with the matter said.", "unnamed", None),
        ("Halden chief executive Jane Roe said the plant is safe", None, "person", "Jane Roe"),
        ("Halden cuts outlook", "Halden cut its outlook, it disclosed in a regulatory filing.", "filing", None),
        ("Halden closes plant", "Halden closes its Easton plant in spring.", "own", None),
    ],
)
def test_the_speaker_is_found(title: str, summary: str | None, basis: str, name: str | None) -> None:
    found = claim(title, summary)
    assert (found.basis, found.attributed_to) == (basis, name)


def test_a_rumor_is_attributed_to_the_newsroom_that_reports_it() -> None:
    found = claim("Halden weighs sale, Reuters reports, citing sources")
    assert (found.status, found.basis, found.attributed_to) == ("hedged", "wire", "Reuters")


def test_a_hedged_text_outweighs_a_bold_headline() -> None:
    text = "Halden could close its plant, according to people familiar with the matter."
    assert claim("Halden to close plant", text).status == "hedged"


def test_a_statement_answers_a_question_in_the_headline() -> None:
    text = "Halden Energy said in a statement that it has repaid its loan."
    found = claim("Is Halden about to fail?", text)
    assert (found.status, found.basis) == ("asserted", "company")


def test_doubt_far_down_in_the_body_does_not_count() -> None:
    body = "Halden cut its dividend by half. It pays in June. The plant runs. Rates could rise next year."
    assert claim("Halden cuts dividend", body=body).status == "asserted"


@pytest.mark.parametrize("language", ["nb", "de-CH", "fr"])
def test_other_languages_are_not_judged(language: str) -> None:
    found = claim("Halden could cut", language=language)
    assert (found.judged, found.score, found.status) == (False, 0.5, "asserted")


@pytest.mark.parametrize("language", ["en", "en-GB", "EN", None])
def test_english_is_judged(language: str | None) -> None:
    assert classify_claim(Item(id="i", title="Halden could cut", language=language)).judged


@given(st.text(max_size=200), st.one_of(st.none(), st.text(max_size=300)))
def test_any_text_gets_a_claim_with_verbatim_cues(title: str, summary: str | None) -> None:
    item = Item(id="itm_1", title=title, summary=summary)
    found = classify_claim(item)
    assert 0 <= found.score <= 1
    assert all(cue == "?" or cue in item.text() or cue in title for cue in found.cues)
    assert found == classify_claim(item)


def test_the_subject_of_a_statement_is_not_its_speaker() -> None:
    found = claim(
        "Halden said to be in takeover talks", "Halden could be bought, people familiar with the matter said."
    )
    assert (found.basis, found.attributed_to) == ("unnamed", None)


def test_the_speaker_of_a_statement_is_named() -> None:
    found = claim("Sable Ridge to buy Tolmark", "It will buy Tolmark, Sable Ridge said in a statement on Monday.")
    assert (found.basis, found.attributed_to) == ("company", "Sable Ridge")


@pytest.mark.parametrize(
    ("summary", "status"),
    [
        ("Halden buys Brightwater. No jobs will be cut, Halden said.", "asserted"),
        ("Halden buys Brightwater. There will be no job cuts, it said.", "asserted"),
        ("Halden buys Brightwater. Brightwater denied the takeover.", "denied"),
        ("Halden buys Brightwater. Brightwater denied the report.", "denied"),
        ("Halden may buy Brightwater. No jobs will be cut, Halden said.", "denied"),
    ],
)
def test_a_denial_of_another_event_leaves_what_is_stated_without_doubt(summary: str, status: str) -> None:
    assert claim("Halden to buy Brightwater for 12 billion crowns", summary).status == status


@pytest.mark.parametrize(
    ("title", "summary", "retracted"),
    [
        ("Correction: name of Halden chairman", "An earlier version misspelled the name of Aksel Thune.", False),
        (
            "Correction: Halden cuts its dividend",
            "A photograph of another plant was shown. We regret the error.",
            False,
        ),
        (
            "Correction: Halden cuts its dividend",
            "Another company cuts it. Its name was misspelled, not Halden's.",
            True,
        ),
        ("Correction: Halden", "We wrongly reported that Halden cuts its dividend, and misspelled its name.", True),
    ],
)
def test_a_correction_of_how_something_is_written_takes_nothing_back(title: str, summary: str, retracted: bool) -> None:
    assert (claim(title, summary).status == "retracted") is retracted
