"""Stories that began apart and turn out to be one are united: nothing that clients know is lost or told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.memory import OldText
from services.matcher.stories.serialization import dump_state, load_state
from services.matcher.stories.threads import ClientVerdict, EventSummary, JudgeState, Thread
from services.matcher.stories.union import probability_to_unite, unite_threads
from services.matcher.stories.window import United
from services.matcher.thresholds import default_thresholds
from tests.unit.services.matcher.judgment.builders import record

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEAL = EventSummary("takeover", "unclear", "major", "high", 24, worth=0.9, role="object")
TOLD = ClientVerdict("tell", 1, "alr_told", information=2)
WARNED = ClientVerdict("warn", 0, "alr_warned", information=3)
HELD = ClientVerdict("hold", 2, "alr_held", held_until=START + timedelta(days=3), information=3)
IGNORED = ClientVerdict("ignore", 3, "alr_ignored")


def said(origin: str, hours: float = 0, **more: Any) -> EvidenceRecord:
    at = START + timedelta(hours=hours)
    return replace(record(origin), item_id=f"itm_{origin}", seen_at=at, said_at=at, kind="takeover", **more)


def thread_of(story_id: str, *evidence: EvidenceRecord, hours: float = 0, **more: Any) -> Thread:
    at = START + timedelta(hours=hours)
    return Thread(
        story_id,
        f"Story {story_id}",
        **{"event": DEAL, "salience": 0.9, "evidence": evidence, **more},
        opened_at=at,
        last_at=at,
    )


def united(first: Thread, second: Thread, probability: float = 0.7) -> Thread:
    """Return ``first`` after ``second`` turned out to be its event; the state is stored and read in between."""
    state = JudgeState("corvane", threads={thread.story_id: thread for thread in (first, second)})
    after = unite_threads(state, first.story_id, [United(second.story_id, probability)], default_thresholds())
    assert list(after.threads) == [first.story_id]
    assert load_state(dump_state(after)) == after
    return after.threads[first.story_id]


def test_the_evidence_of_both_counts_and_that_of_the_weaker_one_is_doubted() -> None:
    first = thread_of("s1", said("herald", 1), said("ledger", 3, of_event=0.95))
    second = thread_of("s2", said("courier", 2), said("tribune", 4, of_event=0.6), hours=2)
    evidence = united(first, second).evidence
    assert [found.origin_id for found in evidence] == ["herald", "courier", "ledger", "tribune"]
    assert [found.of_event for found in evidence] == [None, 0.7, 0.95, 0.6]


def test_the_event_is_that_of_the_better_source_whichever_id_stays() -> None:
    poor = thread_of("s1", said("whisper", source_grade="D", origin_grade="D"), event=replace(DEAL, kind="deal"))
    good = thread_of("s2", said("ledger", 1), hours=1)
    both = united(poor, good)
    assert (both.story_id, both.event.kind, both.headline) == ("s1", "takeover", "Story s2")
    assert [found.of_event for found in both.evidence] == [0.7, None]


@pytest.mark.parametrize(
    ("one", "other", "kept", "revision"),
    [
        (TOLD, WARNED, "alr_told", 1),
        (WARNED, TOLD, "alr_told", 1),
        (HELD, TOLD, "alr_told", 2),
        (IGNORED, HELD, "alr_held", 3),
        (WARNED, IGNORED, "alr_warned", 3),
    ],
)
def test_a_client_knows_what_either_story_told_and_nothing_expires_that_was_told(
    one: ClientVerdict, other: ClientVerdict, kept: str, revision: int
) -> None:
    verdicts = united(thread_of("s1", verdicts={"a": one}), thread_of("s2", verdicts={"a": other, "b": other})).verdicts
    assert (verdicts["a"].alert_id, verdicts["a"].revision) == (kept, revision)
    assert (verdicts["a"].held_until is not None) == (kept == "alr_held")
    assert verdicts["b"] == other


def test_ids_under_which_alerts_were_raised_are_remembered() -> None:
    assert united(thread_of("s1", merged=("s0",)), thread_of("s2", merged=("s3",))).merged == ("s0", "s2", "s3")


def test_old_texts_and_aliases_follow_the_story() -> None:
    text = OldText("s2", START, frozenset((1,)), frozenset(("sale",)), frozenset(), told=True)
    state = JudgeState(
        "corvane", threads={name: thread_of(name) for name in ("s1", "s2")}, aliases={"s9": "s2"}, old_texts=(text,)
    )
    state = unite_threads(state, "s1", [United("s2", 0.7)], default_thresholds())
    assert (dict(state.aliases), state.old_texts[0].story_id) == ({"s9": "s1"}, "s1")
    assert unite_threads(state, "s1", [United("s9", 0.7), United("gone", 0.7)], default_thresholds()) is state


def test_what_is_news_stays_news() -> None:
    assert united(thread_of("s1", not_news="opinion"), thread_of("s2")).not_news is None
    assert united(thread_of("s1", not_news="opinion"), thread_of("s2", not_news="list")).not_news == "opinion"


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ({}, True),
        ({"verdicts": {"a": ClientVerdict("correct", 2, "alr_c")}}, False),
        ({"not_news": "stale"}, False),
        ({"not_news": "opinion"}, True),
        ({"event": replace(DEAL, kind="averted")}, False),
        ({"event": replace(DEAL, kind="data_breach", direction="negative")}, False),
    ],
)
def test_corrected_and_old_stories_and_other_events_stay_apart(change: dict[str, Any], *, may: bool) -> None:
    state = JudgeState("corvane", threads={"s1": thread_of("s1"), "s2": thread_of("s2", **change)})
    assert (probability_to_unite(state, "s1", "s2") is not None) is may
    assert (probability_to_unite(state, "s2", "s1") is not None) is may
    assert probability_to_unite(state, "s1", "s1") is None
    assert probability_to_unite(state, "s1", "unknown") is None


@pytest.mark.parametrize(("kind", "needed"), [("product", 0.6), ("takeover", 0.55)])
def test_stories_of_one_sort_of_event_are_united_little_above_what_joins_an_item(kind: Any, needed: float) -> None:
    event = replace(DEAL, kind=kind)
    first, second = thread_of("s1", said("herald"), event=event), thread_of("s2", said("courier"), event=event)
    state = JudgeState("corvane", threads={"s1": first, "s2": second})
    assert probability_to_unite(state, "s1", "s2") == needed
