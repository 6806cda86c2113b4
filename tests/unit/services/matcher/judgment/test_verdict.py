from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from schemas.alerts import InformationGrade, Verdict
from schemas.clients import STANCE_OF, Watch, WatchKind
from schemas.mentions import EventKind, Impact, SourceLetter
from services.matcher.judgment.credibility import Assessment
from services.matcher.judgment.reasons import reason
from services.matcher.judgment.relevance import Concern
from services.matcher.judgment.verdict import Matter, decide, if_they_ask
from services.matcher.stories.not_news import NotNews
from services.matcher.thresholds import shipped_thresholds

THRESHOLDS = shipped_thresholds()
WHY = reason("rule", "Ledger", "probably true", "Ledger says so.")


def matter(
    information: InformationGrade = 2,
    *,
    kind: WatchKind = "holding",
    event: EventKind = "dividend_cut",
    earlier: Verdict | None = None,
    degree: float = 0.8,
    salience: float = 0.9,
    letter: SourceLetter = "B",
    disputed: bool = True,
    dull: NotNews | None = None,
) -> Matter:
    return Matter(
        watch=Watch(entity_id="halden", name="Halden", kind=kind),
        impact=Impact(kind=event, direction="negative", size="major", urgency="high", worth_hours=24),
        salience=salience,
        concern=Concern(degree, "negative", "the client holds it"),
        assessment=Assessment(letter, information, 1, (WHY,), disputed),
        earlier=earlier,
        dull=dull,
        publishers=("Ledger",),
    )


@pytest.mark.parametrize(
    ("given", "verdict", "because"),
    [
        (matter(1), "tell", "believed"),
        (matter(2), "tell", "believed"),
        (matter(2, degree=0.3), "ignore", "low-relevance"),
        (matter(3), "warn", "could-move-asset"),
        (matter(4), "warn", "could-move-asset"),
        (matter(4, letter="E"), "hold", "unconfirmed"),
        (matter(3, kind="competitor"), "hold", "unconfirmed"),
        (matter(3, event="product_launch"), "hold", "unconfirmed"),
        (matter(3, salience=0.2), "hold", "unconfirmed"),
        (matter(3, kind="product", event="vulnerability"), "warn", "could-move-asset"),
        (matter(3, kind="product", event="share_move"), "hold", "unconfirmed"),
        (matter(3, degree=0.3), "hold", "unconfirmed"),
        (matter(3, degree=0.3, disputed=False), "ignore", "low-relevance"),
        (matter(3, degree=0.1), "ignore", "low-relevance"),
        (matter(6), "hold", "unconfirmed"),
        (matter(5, earlier="tell"), "correct", "told-and-false"),
        (matter(5, earlier="warn"), "correct", "told-and-false"),
        (matter(5, earlier="hold"), "ignore", "held-and-false"),
        (matter(5), "hold", "denied-rumor"),
        (matter(5, kind="competitor"), "ignore", "denied"),
        (matter(1, earlier="hold"), "tell", "held-and-true"),
        (matter(2, earlier="warn"), "tell", "warned-and-true"),
        (matter(1, earlier="correct"), "tell", "corrected-and-true"),
        (matter(4, earlier="tell"), "tell", "already-told"),
        (matter(3, earlier="warn", salience=0.1), "warn", "already-warned"),
        (matter(1, dull="satire"), "ignore", "satire"),
        (matter(1, dull="stale"), "ignore", "stale"),
    ],
)
def test_verdicts(given: Matter, verdict: str, because: str) -> None:
    ruling = decide(given, THRESHOLDS)
    assert (ruling.verdict, ruling.reasons[0].rule) == (verdict, because)


def test_every_combination_is_decided_with_reasons_that_are_sentences() -> None:
    earlier_ones = (None, *get_args(Verdict))
    for information, kind, event, earlier in product(
        get_args(InformationGrade), STANCE_OF, get_args(EventKind), earlier_ones
    ):
        ruling = decide(matter(information, kind=kind, event=event, earlier=earlier), THRESHOLDS)
        assert all(each.text[0].isupper() and each.text.endswith(".") for each in ruling.reasons)
        if information in (3, 4, 6) and earlier in (None, "hold", "ignore"):
            assert ruling.verdict in ("hold", "warn")
        if ruling.verdict == "correct":
            assert earlier in ("tell", "warn", "correct")
        if ruling.verdict == "warn" and earlier is None:
            assert given_asset(kind)


def given_asset(kind: WatchKind) -> bool:
    return Watch(entity_id="x", name="X", kind=kind).is_asset


def test_a_held_story_comes_with_an_answer() -> None:
    held = matter(3, kind="competitor")
    ask = if_they_ask(held, "Halden weighs sale", ("Ledger",), decide(held, THRESHOLDS))
    assert ask.going_round == "Halden weighs sale"
    assert ask.who_says == "Ledger, graded B3."
    assert "Halden" in ask.answer
    assert ask.why_held.endswith(".")
