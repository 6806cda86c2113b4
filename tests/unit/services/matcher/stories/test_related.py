"""Stories of one name are related if two of their reports probably are of one event, and both events can be one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.items import Item
from services.matcher.stories import related
from services.matcher.stories.pairwise import Report, text_report
from services.matcher.stories.related import related_stories, story_reports, surely_same
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.story import start_story
from services.matcher.stories.threads import ClientVerdict, EventSummary, JudgeState, Thread
from services.matcher.stories.window import StoryWindow

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOLD = {"client": ClientVerdict("tell", 0, "alr_1")}
DEAL = EventSummary("takeover", "unclear", "major", "high", 24, worth=0.9, role="object")


class FixedModel:
    """A model for which each pair of reports has the same probability."""

    def __init__(self, probability: float) -> None:
        self._probability = probability

    def probability(self, left: Report, right: Report) -> float:
        return self._probability


def state_of(*threads: Thread) -> JudgeState:
    stories = []
    for thread in threads:
        signature = compute_signature(Item(id=thread.story_id, title=thread.headline))
        report = text_report(thread.story_id, signature, thread.opened_at)
        stories.append(start_story(report, signature, thread.headline))
    window = StoryWindow(tuple(stories), START)
    return JudgeState("corvane", window=window, threads={thread.story_id: thread for thread in threads})


def thread_of(story_id: str, event: EventSummary = DEAL, hours: float = 0, **more: Any) -> Thread:
    at = START + timedelta(hours=hours)
    return Thread(story_id, f"Story {story_id} of Corvane", event, 0.9, at, at, **{"verdicts": TOLD, **more})


@pytest.mark.parametrize(
    ("kind", "direction", "role", "probability", "found"),
    [
        ("deal", "unclear", "party", 0.6, True),
        ("deal", "unclear", "party", 0.5, False),
        ("deal", "unclear", "mention", 0.6, False),
        ("deal", "unclear", "mention", 0.85, True),
        ("contract", "unclear", "party", 0.6, True),
        ("deal", "negative", "object", 0.6, False),
        ("averted", "unclear", "object", 0.99, False),
        ("insolvency", "negative", "object", 0.99, False),
        ("leadership_change", "unclear", "object", 0.85, False),
        ("leadership_change", "unclear", "object", 0.95, True),
        ("share_move", "positive", "object", 0.6, True),
    ],
)
def test_what_is_needed_depends_on_what_the_stories_are_about(
    monkeypatch: pytest.MonkeyPatch, kind: Any, direction: Any, role: Any, probability: float, found: bool
) -> None:
    monkeypatch.setattr(related, "default_model", lambda: FixedModel(probability))
    other = thread_of("s2", replace(DEAL, kind=kind, direction=direction, role=role), hours=5)
    state = state_of(thread_of("s1"), other)
    assert related_stories(state, other) == (("s1",) if found else ())
    assert related_stories(state, state.threads["s1"]) == (("s2",) if found else ())


def test_a_price_moves_once_but_not_in_two_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(related, "default_model", lambda: FixedModel(0.45))
    falls = replace(DEAL, kind="share_move", direction="negative")
    first, second = thread_of("s1", falls), thread_of("s2", falls, hours=4)
    assert related_stories(state_of(first, second), second) == ("s1",)
    rises = thread_of("s2", replace(falls, direction="positive"), hours=4)
    assert related_stories(state_of(first, rises), rises) == ()


def test_only_stories_that_clients_know_and_that_are_near_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(related, "default_model", lambda: FixedModel(0.9))
    now = thread_of("s4", hours=75)
    state = state_of(thread_of("s1"), thread_of("s2", hours=70, verdicts={}), thread_of("s3", hours=71), now)
    assert related_stories(state, now) == ("s3",)


def test_the_shipped_model_relates_two_reports_on_one_takeover() -> None:
    first, second = thread_of("s1"), thread_of("s2", hours=2)
    first = replace(first, headline="Estmere completes its 44 billion takeover of Corvane")
    second = replace(second, headline="Corvane leaves the exchange after Estmere completes its 44 billion takeover")
    third = replace(thread_of("s3", hours=3), headline="Lodz zoo welcomes a baby rhinoceros")
    state = state_of(first, second, third)
    assert related_stories(state, second) == ("s1",)


@pytest.mark.parametrize(("probability", "hours", "found"), [(0.95, 2, True), (0.85, 2, False), (0.95, 80, False)])
def test_two_reports_are_told_together_only_beyond_doubt_and_within_the_window(
    monkeypatch: pytest.MonkeyPatch, probability: float, hours: float, found: bool
) -> None:
    monkeypatch.setattr(related, "default_model", lambda: FixedModel(probability))
    first, second = thread_of("s1"), thread_of("s2", hours=hours)
    state = state_of(first, second)
    reports = (*story_reports(state, first), *story_reports(state, second))
    assert surely_same(reports) == {"s1": ("s2",) if found else (), "s2": ("s1",) if found else ()}
