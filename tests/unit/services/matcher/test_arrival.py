"""Items of one story arrive within minutes of each other in any order; what is made of them in the end is the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.kit.processing import AnyEvent
from schemas.alerts import Verdict
from schemas.clients import ClientChanged
from schemas.items import ItemIngested
from services.matcher.cases import JudgeState
from services.matcher.credibility import assess
from services.matcher.service import Annotate, Judge
from tests.scenarios.loader import Scenario, load_scenarios

#: Beyond this, an item of the scenario that comes in late is old news, whose order does not matter.
LONGEST = timedelta(hours=60)


class Ending(NamedTuple):
    """What a story came to for one client."""

    verdict: Verdict
    information: int
    origins: int
    kind: str


def items_of(scenario: Scenario) -> list[AnyEvent]:
    return [step.event for step in scenario.steps if step.event and isinstance(step.event.data, ItemIngested)]


def is_fit(scenario: Scenario) -> bool:
    """Whether the scenario is all items, none of them revised, and short."""
    items = items_of(scenario)
    steps = [step for step in scenario.steps if step.event is not None]
    revised = any(isinstance(item.data, ItemIngested) and item.data.revision for item in items)
    return 1 < len(items) == len(steps) and not revised and items[-1].time - items[0].time <= LONGEST


def arriving(item: AnyEvent, at: datetime) -> AnyEvent:
    data = item.data
    assert isinstance(data, ItemIngested)
    late = data.item.model_copy(update={"fetched_at": at})
    return item.model_copy(update={"time": at, "data": data.model_copy(update={"item": late})})


def endings(scenario: Scenario, items: list[AnyEvent]) -> dict[tuple[str, str], list[Ending]]:
    annotate, judge = Annotate(), Judge()
    for event in scenario.setting:
        annotate.refer(event)
        if isinstance(event.data, ClientChanged):
            judge.refer(event)
    states: dict[str, JudgeState] = {}
    for item in items:
        for annotated in annotate.process(None, item, item.time)[1]:
            key = annotated.subject
            state = states.get(key) or judge.initial(key)
            states[key] = judge.process(state, annotated, annotated.time)[0]
    found: dict[tuple[str, str], list[Ending]] = {}
    for key, state in states.items():
        for case in state.cases.values():
            grade = assess(case.testimonies)
            for client, standing in case.standings.items():
                ending = Ending(standing.verdict, grade.information, grade.origins, case.happening.kind)
                found.setdefault((key, client), []).append(ending)
    return {key: sorted(found[key]) for key in sorted(found)}


def the_same(one: Ending, other: Ending) -> bool:
    """Equal, but for what the client had heard by then: who was never told needs no correction."""
    if one[1:] != other[1:]:
        return False
    verdicts = {one.verdict, other.verdict}
    if one.information == 5:
        return verdicts <= {"correct", "hold", "ignore"}
    # Told before a doubt came that would have kept it back: it is not taken back by doubt.
    return len(verdicts) == 1 or (one.information in (3, 4) and verdicts <= {"tell", "warn", "hold"})


SHORT = [scenario for scenario in load_scenarios() if is_fit(scenario)]


def test_there_is_something_to_shuffle() -> None:
    assert len(SHORT) >= 25


@pytest.mark.parametrize("scenario", SHORT, ids=[scenario.name for scenario in SHORT])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_order_of_arrival_changes_no_verdict(scenario: Scenario, data: st.DataObject) -> None:
    items = items_of(scenario)
    told_in_order = endings(scenario, items)
    order = data.draw(st.permutations(items))
    last = items[-1].time
    shuffled = [arriving(item, last + timedelta(minutes=minute)) for minute, item in enumerate(order)]
    got = endings(scenario, shuffled)
    assert got.keys() == told_in_order.keys()
    for key, wanted in told_in_order.items():
        assert len(got[key]) == len(wanted), (wanted, got[key])
        assert all(the_same(one, other) for one, other in zip(wanted, got[key], strict=True)), (wanted, got[key])
