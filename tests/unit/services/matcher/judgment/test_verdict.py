"""Verdicts and their reasons, for every combination of what they depend on."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from schemas.alerts import InformationGrade, Verdict
from schemas.clients import STANCE_OF, Watch, WatchKind
from schemas.mentions import EventKind, SourceLetter
from schemas.readings import Role
from services.matcher.judgment.credibility import Assessment
from services.matcher.judgment.reasons import reason
from services.matcher.judgment.relevance import ClientRelevance
from services.matcher.judgment.verdict import Situation, decide, if_they_ask, should_alert
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.threads import TOLD, ClientVerdict, EventSummary, Thread
from services.matcher.thresholds import default_thresholds
from tests.unit.services.matcher.judgment.builders import AT, record

THRESHOLDS = default_thresholds()
WHY = reason("rule", "Ledger", "probably true", "Ledger says so.")


def situation(
    information: InformationGrade = 2,
    *,
    kind: WatchKind = "holding",
    event: EventKind = "dividend_cut",
    earlier: Verdict | None = None,
    score: float = 0.8,
    role: Role = "object",
    letter: SourceLetter = "B",
    disputed: bool = True,
    not_news: NotNews | None = None,
) -> Situation:
    thread = Thread(
        story_id="story",
        headline="Halden weighs sale",
        event=EventSummary(event, "negative", size="major", urgency="high", worth_hours=24, worth=0.9, role=role),
        salience=0.9,
        opened_at=AT,
        last_at=AT,
        not_news=not_news,
        evidence=(record("Ledger"),),
    )
    return Situation(
        client_id="ada",
        watch=Watch(entity_id="halden", name="Halden", kind=kind),
        thread=thread,
        assessment=Assessment(letter, information, 1, (WHY,), disputed),
        relevance=ClientRelevance(score, "negative", "the client holds it", "major"),
        earlier=ClientVerdict(earlier, 0, "alr") if earlier else None,
    )


def reported_by(evidence: EvidenceRecord, event: EventKind, role: Role = "actor") -> Situation:
    """One report about something that the client only follows."""
    given = situation(3, kind="topic", event=event, role=role, disputed=False, letter="C")
    return given._replace(thread=replace(given.thread, evidence=(evidence,)))


@pytest.mark.parametrize(
    ("given", "verdict", "because"),
    [
        (situation(1), "tell", "believed"),
        (situation(2), "tell", "believed"),
        (situation(2, score=0.3), "ignore", "low-relevance"),
        (situation(2, score=0.3, earlier="hold"), "ignore", "low-relevance"),
        (situation(3), "warn", "could-move-asset"),
        (situation(3, score=0.6), "warn", "could-move-asset"),
        (situation(3, score=0.6, disputed=False), "hold", "unconfirmed"),
        (situation(3, score=0.8, disputed=False), "warn", "could-move-asset"),
        (situation(3, event="share_move", disputed=False), "hold", "unconfirmed"),
        (situation(3, event="share_move"), "warn", "could-move-asset"),
        (situation(4), "warn", "could-move-asset"),
        (situation(4, letter="E"), "hold", "unconfirmed"),
        (situation(3, kind="competitor"), "hold", "unconfirmed"),
        (situation(3, event="product_launch"), "hold", "unconfirmed"),
        (situation(3, role="affected"), "hold", "unconfirmed"),
        (situation(3, kind="product", event="vulnerability"), "warn", "could-move-asset"),
        (situation(3, kind="product", event="share_move"), "hold", "unconfirmed"),
        (situation(3, score=0.25), "hold", "unconfirmed"),
        (situation(3, score=0.3, disputed=False), "ignore", "low-relevance"),
        (situation(3, score=0.1), "ignore", "low-relevance"),
        (situation(6), "hold", "unconfirmed"),
        (situation(5, earlier="tell"), "correct", "told-and-false"),
        (situation(5, earlier="warn"), "correct", "told-and-false"),
        (situation(5, earlier="hold"), "ignore", "held-and-false"),
        (situation(5), "hold", "denied-rumor"),
        (situation(5, kind="competitor"), "ignore", "denied"),
        (situation(1, earlier="hold"), "tell", "held-and-true"),
        (situation(2, earlier="warn"), "tell", "warned-and-true"),
        (situation(1, earlier="correct"), "tell", "corrected-and-true"),
        (situation(4, earlier="tell"), "tell", "already-told"),
        (situation(3, earlier="warn", role="affected"), "warn", "already-warned"),
        (situation(1, role="mention"), "ignore", "mention"),
        (situation(1, role="speaker"), "ignore", "speaker"),
        (situation(1, role="homonym"), "ignore", "homonym"),
        (situation(5, role="mention", earlier="tell"), "correct", "told-and-false"),
        (situation(1, not_news="satire"), "ignore", "satire"),
        (situation(1, not_news="stale"), "ignore", "stale"),
    ],
)
def test_the_first_rule_that_applies_decides(given: Situation, verdict: str, because: str) -> None:
    decision = decide(given, THRESHOLDS)
    assert (decision.verdict, decision.reasons[0].rule) == (verdict, because)


@pytest.mark.parametrize("letter", ["C", "D"])
@pytest.mark.parametrize("event", sorted(THRESHOLDS.public_record))
def test_what_anybody_can_look_up_is_passed_on_from_a_known_publisher(event: EventKind, letter: SourceLetter) -> None:
    given = reported_by(record("Ledger", letter), event)
    decision = decide(given, THRESHOLDS)
    assert (decision.verdict, decision.reasons[0].rule) == ("warn", "public-record")
    assert "Ledger plainly reports it" in decision.reasons[0].text


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (record("Ledger", "F"), "nobody has graded it"),
        (record("Ledger", "E"), "known to publish what is false"),
        (replace(record("Ledger", "C"), origin_record="5 of 5 rumors confirmed"), "earned here, given by nobody"),
        (record("Ledger", "C", "hedged"), "not stated plainly"),
        (record("Ledger", "C", own_sources=True), "from people whom it does not name"),
        (replace(record("Ledger", "C"), counts=False), "no news"),
    ],
)
def test_others_words_on_what_can_be_looked_up_are_held(given: EvidenceRecord, why: str) -> None:
    decision = decide(reported_by(given, "regulation"), THRESHOLDS)
    assert (decision.verdict, decision.reasons[0].rule) == ("hold", "unconfirmed"), why


def test_talk_of_what_is_not_public_yet_is_held() -> None:
    plain = reported_by(record("Ledger", "C"), "regulation")
    for given in (
        plain._replace(assessment=plain.assessment._replace(disputed=True)),
        plain._replace(relevance=plain.relevance._replace(score=0.45)),
        reported_by(record("Ledger", "C"), "takeover"),
        reported_by(record("Ledger", "C"), "regulation", role="affected"),
    ):
        assert decide(given, THRESHOLDS).verdict == "hold"


@pytest.mark.slow
def test_every_combination_is_decided_with_reasons_that_are_sentences() -> None:
    earlier_verdicts = (None, *get_args(Verdict))
    for information, kind, event, earlier in product(
        get_args(InformationGrade), STANCE_OF, get_args(EventKind), earlier_verdicts
    ):
        decision = decide(situation(information, kind=kind, event=event, earlier=earlier), THRESHOLDS)
        assert all(why.text[0].isupper() and why.text.endswith(".") for why in decision.reasons)
        if information in (3, 4, 6) and earlier in (None, "hold", "ignore"):
            assert decision.verdict in ("hold", "warn")
        if decision.verdict == "correct":
            assert earlier in TOLD
        if decision.verdict == "warn" and earlier is None:
            assert Watch(entity_id="x", name="X", kind=kind).is_asset  # the only report is of a source that is B


@pytest.mark.parametrize(("information", "closed"), [(1, True), (2, True), (3, False), (4, False), (5, True)])
def test_a_held_rumor_is_closed_once_it_is_settled(information: InformationGrade, closed: bool) -> None:
    held = situation(information, score=0.1, earlier="hold")
    assert should_alert(held, decide(held, THRESHOLDS), material=False) is closed


def test_a_held_story_comes_with_an_answer() -> None:
    held = situation(3, kind="competitor")
    ask = if_they_ask(held, "Halden weighs sale", decide(held, THRESHOLDS))
    assert ask.going_round == "Halden weighs sale"
    assert ask.who_says == "Ledger, graded B3."
    assert "Halden" in ask.answer
    assert ask.why_held.endswith(".")


def test_the_reasons_say_how_many_newsrooms_report_it() -> None:
    given = situation()
    copy = replace(record("Echo"), copies=True)
    poor = (record("Gull", "D"), record("Blog", "F"))
    evidence = (record("Ledger"), record("Herald"), record("Gazette", "C"), *poor, copy)
    covered = given._replace(thread=replace(given.thread, evidence=evidence))
    assert covered.thread.newsrooms == 3
    assert "three newsrooms report it" in decide(covered, THRESHOLDS).reasons[-1].text
    assert "newsrooms" not in decide(given, THRESHOLDS).reasons[-1].text


@pytest.mark.parametrize(
    ("role", "newsrooms"),
    [("actor", 2), ("object", 2), ("party", 2), (None, 2), ("affected", 1), ("speaker", 1), ("mention", 1)],
)
def test_a_newsroom_that_reports_another_s_event_does_not_count(role: Role | None, newsrooms: int) -> None:
    given = situation()
    evidence = (replace(record("Ledger"), role="actor"), replace(record("Herald"), role=role))
    assert replace(given.thread, evidence=evidence).newsrooms == newsrooms
