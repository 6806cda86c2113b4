"""What an opinion came to, what many come to together, and that nothing is said of few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.advice.export import as_csv
from services.notifier.advice.outcomes import FEW, Given, Later, Share, groups_of, next_news, story_of
from tests.unit.services.notifier.samples import NOW


def later(days: int, **more: Any) -> Later:
    fields: dict[str, Any] = {
        "alert_id": f"alr_{days}",
        "at": NOW + timedelta(days=days),
        "kind": "earnings",
        "direction": "negative",
        "headline": "Halden Energy: more",
        "information": 2,
        "verdict": "tell",
        "same_story": False,
    }
    return Later(**{**fields, **more})


def given(number: int = 1, **more: Any) -> Given:
    fields: dict[str, Any] = {
        "draft_id": f"drf_{number}",
        "alert_id": f"alr_{number}",
        "client_id": "claire",
        "client_name": "Claire Arnaud",
        "manager_id": "mara",
        "sent_at": NOW,
        "text": "I think you should consider waiting.",
        "reworded": False,
        "playbook": "wealth",
        "rule": "dividend_cut/holds",
        "verdict": "tell",
        "kind": "dividend_cut",
        "stance": "holds",
        "entity_name": "Halden Energy",
    }
    return Given(**{**fields, **more})


@pytest.mark.parametrize(
    ("course", "story"),
    [
        ([], "quiet"),
        ([later(1)], "quiet"),
        ([later(1, same_story=True, information=2)], "went_on"),
        ([later(1, same_story=True, information=1)], "confirmed"),
        ([later(1, same_story=True, verdict="correct", information=5)], "corrected"),
        ([later(1, same_story=True, verdict="ignore", information=5)], "corrected"),
        ([later(1, same_story=True, information=5), later(2, same_story=True, information=2)], "confirmed"),
    ],
)
def test_the_story_is_as_it_was_last_decided(course: list[Later], story: str) -> None:
    assert story_of(course) == story


def test_of_a_correction_only_a_story_that_comes_back_is_news() -> None:
    denied, backed = later(1, same_story=True, information=5), later(2, same_story=True, information=2)
    assert story_of([denied], corrects=True) == "went_on"
    assert story_of([denied, backed], corrects=True) == "confirmed"
    (group,) = groups_of([given(verdict="correct", story="went_on")], "kind")
    assert group.corrected == Share(0, 0)


@pytest.mark.parametrize(
    ("direction", "course", "way"),
    [
        ("negative", [later(1)], "same"),
        ("negative", [later(1, direction="positive"), later(2)], "other"),
        ("negative", [later(1, information=4), later(2, direction="unclear")], None),
        ("negative", [later(1, same_story=True)], None),
        ("unclear", [later(1)], None),
    ],
)
def test_the_next_sound_news_says_which_way_it_went(direction: str, course: list[Later], way: str | None) -> None:
    assert next_news(direction, course) == way


def test_of_few_cases_no_share_is_reckoned() -> None:
    assert Share(FEW - 1, FEW - 1).bounds is None
    assert Share(3, 4).in_words == "3 of 4"
    assert Share(0, 0).in_words == "–"
    low, high = Share(30, 40).bounds or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.598, 0.858)  # as published tables have it
    assert Share(10, 10).in_words == "10 of 10 (72–100 %)"
    low, high = Share(0, 10).bounds or (1, 1)
    assert (low, round(high, 4)) == (0.0, 0.2775)


def test_groups_count_only_what_is_known() -> None:
    known = [
        given(1, answer="acted", feedback="useful", next_way="same"),
        given(2, answer="disagreed", feedback="too_late", story="corrected", reworded=True),
        given(3, answer="no_answer"),
        given(4, rule=None, playbook=None, verdict="correct"),
    ]
    rule, correction = groups_of(known, "rule")
    assert (rule.name, rule.given, rule.reworded, rule.few) == ("wealth: dividend_cut/holds", 3, 1, True)
    assert rule.acted == Share(1, 2)
    assert rule.disagreed == Share(1, 2)
    assert rule.useful == Share(1, 2)
    assert rule.corrected == Share(1, 3)
    assert rule.same_way == Share(1, 1)
    assert correction.name == "correction"
    assert [group.name for group in groups_of(known, "client")] == ["Claire Arnaud"]


def test_a_spreadsheet_reckons_with_nothing_that_a_client_said() -> None:
    text = as_csv([given(view='=HYPERLINK("x")', text="+1, she said")])
    assert "'=HYPERLINK" in text
    assert '"\'+1, she said"' in text
    assert text.splitlines()[0].startswith("sent_at,client_id")
