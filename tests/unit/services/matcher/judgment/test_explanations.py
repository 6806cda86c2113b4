"""Each reading of an item is explained in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from schemas.items import ArticleReading, Item
from schemas.mentions import Claim, Impact, ItemAnnotated, Mention, Origin, Provenance, Signature, SourceGrade, Span
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.judgment.explanations import explain_item
from tests.scenarios.loader import load_scenarios
from tests.unit.services.matcher.readings import reading

SEEN_AT = datetime(2026, 3, 2, tzinfo=UTC)


def annotated(**given: object) -> ItemAnnotated:
    fields: dict[str, object] = {
        "entity_id": "halden",
        "item": Item(id="i", title="Halden Energy said to lower its dividend", published_at=SEEN_AT),
        "mention": Mention(
            item_id="i",
            entity_id="halden",
            spans=(Span(field="title", start=0, end=13, text="Halden Energy"),),
            salience=0.8,
            why="Halden Energy is named at the start of the title.",
        ),
        "claim": Claim(item_id="i", status="hedged", score=0.9, cues=("said to",), basis="unnamed"),
        "impact": Impact(
            kind="dividend_cut",
            direction="negative",
            size="major",
            urgency="high",
            worth_hours=24,
            cues=("lower its dividend", "dividend"),
        ),
        "source": SourceGrade(domain="echo.example", publisher="Coast Echo"),
        "origin": Origin(id="o", name="Northgate Wire", via="attribution"),
        "signature": Signature(),
        "seen_at": SEEN_AT,
    }
    return ItemAnnotated.model_validate(fields | given)


def texts(**given: object) -> dict[str, str]:
    return {reason.rule: reason.text for reason in explain_item(annotated(**given))}


def test_a_claim_to_be_from_somebody_else_is_said() -> None:
    provenance = Provenance(channel="source:echo.example", claimed="Reuters", imitates="Reuters")
    said = texts(provenance=provenance)
    assert said["provenance"] == "It says it is from Reuters, but it came through Coast Echo."
    assert said["imitation"] == "Its address or its name imitates Reuters. It is not Reuters."
    unknown = SourceGrade(domain="unknown", publisher="unknown publisher")
    said = texts(provenance=Provenance(channel="source:unknown", claimed="Reuters"), source=unknown)
    assert said["provenance"] == "It says it is from Reuters, but its channel is unknown."
    assert "provenance" not in texts(provenance=Provenance(channel="source:echo.example", verified=True))


def test_a_claimed_origin_is_explained_once() -> None:
    claimed = Provenance(channel="source:echo.example", claimed="Northgate Wire")
    assert "origin" not in texts(provenance=claimed)


def test_each_reading_has_a_sentence() -> None:
    assert texts() == {
        "mention": "Halden Energy is named at the start of the title.",
        "claim": "It is reported as unconfirmed, according to unnamed sources: “said to”.",
        "event": "It was recognized as a dividend cut: “lower its dividend”.",
        "origin": "Coast Echo has it from Northgate Wire, which it cites.",
    }


def test_what_was_read_is_said_first_and_not_said_twice() -> None:
    as_read = reading(kind="dividend", role="actor", status="plan").model_copy(
        update={"reasons": ("A dividend cut by Halden Energy, announced but not done yet.",)}
    )
    claim = Claim(item_id="i", status="asserted", score=0.1, basis="company", attributed_to="Halden Energy")
    wordless = annotated().impact.model_copy(update={"cues": ()})
    explained = texts(reading=as_read, claim=claim, impact=wordless)
    assert list(explained) == ["mention", "reading", "claim", "origin"]
    assert explained["reading"] == "A dividend cut by Halden Energy, announced but not done yet."
    assert explained["claim"] == "It is announced but not done yet, according to Halden Energy."


@pytest.mark.parametrize(
    ("kind", "sentence"), [("other", "It is of no usual kind."), ("none", "No event was recognized.")]
)
def test_no_kind_of_event_is_said_plainly(kind: str, sentence: str) -> None:
    impact = annotated().impact.model_copy(update={"kind": kind, "cues": ()})
    assert texts(impact=impact)["event"] == sentence


@pytest.mark.parametrize("published_at", [None, SEEN_AT + timedelta(days=2)])
def test_an_item_without_a_possible_date_says_so(published_at: datetime | None) -> None:
    item = Item(id="i", title="Halden Energy said to lower its dividend", published_at=published_at)
    assert "it may be old" in texts(item=item)["undated"]


@pytest.mark.parametrize(
    ("became", "sentence"),
    [
        ("read", "Its feed has only a headline or a teaser; the article was read on its page."),
        ("paywall", "Only its headline or teaser could be read: the article is behind a paywall."),
        ("robots", "Only its headline or teaser could be read: its site asks programs not to read the article."),
    ],
)
def test_an_item_says_what_became_of_its_article(became: ArticleReading, sentence: str) -> None:
    item = annotated().item
    assert texts(item=item.model_copy(update={"article": became}))["article"] == sentence
    assert "article" not in texts(item=item)


def test_an_unjudged_claim_and_an_own_report_are_not_explained() -> None:
    unjudged = Claim(item_id="i", status="asserted", score=0.5, judged=False)
    explained = texts(claim=unjudged, origin=Origin(id="o", name="Coast Echo"))
    assert set(explained) == {"mention", "event"}


@pytest.mark.slow
def test_the_decisive_reason_comes_first_and_the_relevance_last() -> None:
    raised: list[Alert] = []
    for scenario in load_scenarios()[:30]:
        runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
        for event in (*scenario.setting, *(step.event for step in scenario.steps if step.event)):
            raised += [out.data.alert for out in runtime.push(event) if isinstance(out.data, AlertRaised)]
    assert len(raised) >= 30
    for alert in raised:
        rules = [reason.rule for reason in alert.reasons]
        assert len(rules) == len(set(rules)) or rules.count("track-record") > 1
        assert alert.reasons[0].concluded == alert.verdict
        assert len(rules) == 1 or (rules[-1] == "relevance" and {"mention", "reading"} <= set(rules))
        assert all(reason.text.endswith((".", "…")) for reason in alert.reasons)


@pytest.mark.parametrize(
    ("primary", "text"),
    [
        (True, "Coast Echo has it from Halden Energy, which speaks for the party itself."),
        (False, "Coast Echo says that it has it from Halden Energy, which its word alone does not show."),
    ],
)
def test_a_poor_relay_only_says_from_whom_it_has_it(primary: bool, text: str) -> None:
    origin = Origin(id="company:halden-energy", name="Halden Energy", via="primary", primary=primary)
    assert texts(origin=origin)["origin"] == text
