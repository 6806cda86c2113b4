"""News that cannot be dated is not urgent, and items from before a feed was added are context."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from schemas.items import ItemIngested
from schemas.mentions import ItemAnnotated
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.stories.threads import JudgeState
from tests.scenarios.loader import BEGINNING, Scenario, load_scenarios
from tests.unit.services.matcher.test_processors import CUT, START, Matcher, book_event, item_event, watch

SCENARIOS = [scenario for scenario in load_scenarios() if scenario.file in ("developments.yaml", "rumors.yaml")]
NO_DATE: dict[str, Any] = {"published_at": None, "updated_at": None}


def changed(came: AnyEvent, *, background: bool = False, revision: int = 0, **given: Any) -> AnyEvent:
    """Return the event with other fields of its item."""
    assert isinstance(came.data, ItemIngested)
    item = came.data.item.model_copy(update=given)
    data = came.data.model_copy(update={"item": item, "background": background, "revision": revision})
    return came.model_copy(update={"data": data})


def alerts_of(scenario: Scenario, **given: Any) -> list[Alert]:
    """Run a scenario with its items changed."""
    runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
    following: list[AnyEvent] = []
    for came in (*scenario.setting, *(step.event for step in scenario.steps if step.event)):
        following += runtime.push(changed(came, **given) if isinstance(came.data, ItemIngested) else came)
    return [raised.data.alert for raised in following if isinstance(raised.data, AlertRaised)]


@pytest.mark.parametrize("published_at", [None, START + timedelta(days=2)])
def test_an_item_without_a_possible_date_is_told_without_haste(published_at: datetime | None) -> None:
    (urgent,) = Matcher(book_event("a", watch())).push(item_event(0, *CUT))
    (calm,) = Matcher(book_event("a", watch())).push(changed(item_event(0, *CUT), published_at=published_at))
    assert (urgent.verdict, urgent.urgency) == (calm.verdict, "high") == ("tell", "high")
    assert calm.urgency == "normal"
    assert calm.deadline_at == START + timedelta(hours=48) > urgent.deadline_at
    assert "undated" in {why.rule for why in calm.reasons} - {why.rule for why in urgent.reasons}
    assert calm.evidence[0].published_at is None


@pytest.mark.slow
def test_no_undated_item_raises_an_urgent_alert() -> None:
    dated = [alert for scenario in SCENARIOS for alert in alerts_of(scenario)]
    undated = [alert for scenario in SCENARIOS for alert in alerts_of(scenario, **NO_DATE)]
    assert {"high", "urgent"} & {alert.urgency for alert in dated}
    assert {alert.urgency for alert in undated} == {"low", "normal"}


def test_background_raises_no_alert() -> None:
    assert [alert for scenario in SCENARIOS for alert in alerts_of(scenario, background=True)] == []


def test_background_is_remembered() -> None:
    matcher = Matcher(book_event("a", watch()))
    came = changed(item_event(0, *CUT), background=True, published_at=START - timedelta(days=400))
    (annotated,) = matcher.annotated(came)
    assert isinstance(annotated.data, ItemAnnotated)
    assert annotated.data.background
    matcher.push(came)
    state: JudgeState = matcher.states["halden-energy"]
    assert [thread.not_news for thread in state.threads.values()] == ["background"]
    assert [(text.at, text.told) for text in state.old_texts] == [(START - timedelta(days=400), False)]


def test_a_correction_of_a_running_story_counts_however_old_it_is() -> None:
    matcher = Matcher(book_event("a", watch()))
    matcher.push(item_event(0, *CUT))
    late = item_event(200, "Halden Energy cuts its dividend by a third", CUT[1])
    matcher.push(changed(late, revision=1, id="itm_000", published_at=START))
    (thread,) = matcher.states["halden-energy"].threads.values()
    assert [(record.revision, record.counts) for record in thread.evidence] == [(1, True)]


def test_one_alert_a_day_is_raised_about_old_news() -> None:
    matcher = Matcher(book_event("a", watch()))
    old: dict[str, Any] = {"published_at": BEGINNING - timedelta(days=900)}
    first = matcher.push(changed(item_event(0, *CUT), **old))
    second = matcher.push(changed(item_event(1, "Halden Energy opens a lab", "It is for batteries."), **old))
    assert [alert.reasons[0].rule for alert in first] == ["stale"]
    assert second == []
