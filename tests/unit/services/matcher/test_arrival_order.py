"""Items of one story that arrive within minutes of each other give the same verdicts in any order.

Scenarios in which the order does matter are listed with the reason, and a test checks that it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import permutations
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.alerts import Verdict
from schemas.clients import ClientChanged
from schemas.items import ItemIngested
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.judgment.credibility import assess
from services.matcher.stories.threads import JudgeState
from tests.choice import one_of_each
from tests.scenarios.loader import Scenario, load_scenarios

UNTOLD = "the denial comes before the client was told anything, so there is nothing to correct"
#: Scenarios whose last verdict depends on the order: the possible verdicts, and the reason.
ORDER_MATTERS: dict[str, tuple[set[Verdict], str]] = {
    "a rumor passed on as unconfirmed is corrected when the company denies it": ({"correct", "hold"}, UNTOLD),
    "a story that was told is corrected when the paper withdraws it": ({"correct", "hold"}, UNTOLD),
    "a denial of a cut makes it contested, and only the paper's own withdrawal corrects it": (
        {"correct", "hold"},
        UNTOLD,
    ),
    "a wire withdraws a report that three papers reprinted": ({"correct", "hold"}, UNTOLD),
    "a denial arrives before the rumor that it answers": ({"correct", "hold"}, UNTOLD),
    "an authority denies an investigation": ({"correct", "hold"}, UNTOLD),
    "a company says that the talks a client was warned of are over": ({"correct", "hold"}, UNTOLD),
    "a story that one party confirms and the other denies stays as it was told": (
        {"tell", "warn"},
        "doubt does not take back what was told; a story in doubt from the start is passed on as unconfirmed",
    ),
}
#: Scenarios with several items that depend on more than their order.
NOT_SHUFFLED: dict[str, str] = {
    "a client who begins to watch later is told with the next item": "a client is added in between",
    "a client who came later hears both sides of news they were never told": "a client is added in between",
    "a paper that revises its own article into a retraction brings a correction": "one item, whose order Kafka keeps",
    "a breach through a known vulnerability is told again": "a day must pass in between",
    "an old story that arrives late does not settle a rumor": "days must pass in between",
    "an expired rumor returns and is held again": "weeks must pass in between",
    "an accused company's denial is told with both sides, and never as a correction": (
        "the authority speaks four days later, when a report of the first day would be old news"
    ),
    "background that returns with a new date is recognized by its text": (
        "a text is recognized only if it was seen before; what comes first is a report like any other"
    ),
    "a story that was told is not told again when its text returns weeks later": "weeks must pass in between",
}


class Ending(NamedTuple):
    """The result of a story for one client."""

    information: int
    origins: int
    kind: str
    verdict: Verdict


def items_of(scenario: Scenario) -> list[AnyEvent]:
    return [step.event for step in scenario.steps if step.event and isinstance(step.event.data, ItemIngested)]


def arriving(item: AnyEvent, at: datetime) -> AnyEvent:
    data = item.data
    assert isinstance(data, ItemIngested)
    late = data.item.model_copy(update={"fetched_at": at})
    return item.model_copy(update={"time": at, "data": data.model_copy(update={"item": late})})


@cache
def matcher(name: str) -> tuple[Annotate, Judge]:
    """Return both processors with the scenario's setting applied; they keep no other state."""
    annotate, judge = Annotate(), Judge()
    for event in next(scenario for scenario in SEVERAL if scenario.name == name).setting:
        annotate.update_reference(event)
        if isinstance(event.data, ClientChanged):
            judge.update_reference(event)
    return annotate, judge


@cache
def endings_in_time(name: str) -> dict[tuple[str, str], list[Ending]]:
    """Return the results of a scenario whose items arrive as it says."""
    scenario = next(scenario for scenario in SEVERAL if scenario.name == name)
    return endings(scenario, items_of(scenario))


def endings(scenario: Scenario, items: Sequence[AnyEvent]) -> dict[tuple[str, str], list[Ending]]:
    """Return the results of all stories, by entity and client."""
    annotate, judge = matcher(scenario.name)
    states: dict[str, JudgeState] = {}
    for item in items:
        for annotated in annotate.process(None, item, item.time)[1]:
            key = annotated.subject
            state = states.get(key) or judge.initial(key)
            states[key] = judge.process(state, annotated, annotated.time)[0]
    results: dict[tuple[str, str], list[Ending]] = {}
    for key, state in states.items():
        for thread in state.threads.values():
            grade = assess(thread.evidence, thread.event)
            for client, verdict in thread.verdicts.items():
                ending = Ending(grade.information, grade.origins, thread.event.kind, verdict.verdict)
                results.setdefault((key, client), []).append(ending)
    return {key: sorted(results[key]) for key in sorted(results)}


def within_minutes(items: Sequence[AnyEvent], gaps: Sequence[int]) -> list[AnyEvent]:
    """Return ``items`` arriving in this order after the last was published, with gaps of so many minutes."""
    at = max(item.time for item in items)
    arrivals = []
    for item, gap in zip(items, gaps, strict=True):
        at += timedelta(minutes=gap)
        arrivals.append(arriving(item, at))
    return arrivals


SEVERAL = [scenario for scenario in load_scenarios() if len(items_of(scenario)) > 1]
SHUFFLED = [scenario for scenario in SEVERAL if scenario.name not in NOT_SHUFFLED]


def test_every_scenario_of_several_items_is_shuffled_or_listed() -> None:
    assert len(SHUFFLED) >= 40
    assert {scenario.name for scenario in SEVERAL} >= ORDER_MATTERS.keys() | NOT_SHUFFLED.keys()
    for scenario in SHUFFLED:  # time alone may pass at the end
        named = [step.event for step in scenario.steps if step.event is not None]
        assert named == items_of(scenario), f"{scenario.name!r} has other events: shuffle them, or list the scenario"


@pytest.mark.parametrize("scenario", one_of_each(SHUFFLED, 8), ids=[scenario.name for scenario in SHUFFLED])
@settings(max_examples=12, phases=(Phase.reuse, Phase.generate))  # few items: nothing to shrink
@given(data=st.data())
def test_the_order_of_arrival_does_not_change_the_verdicts(scenario: Scenario, data: st.DataObject) -> None:
    items = items_of(scenario)
    wanted = endings_in_time(scenario.name)
    order = data.draw(st.permutations(items))
    gaps = data.draw(st.lists(st.integers(0, 10), min_size=len(items), max_size=len(items)))
    got = endings(scenario, within_minutes(order, gaps))
    if scenario.name not in ORDER_MATTERS:
        assert got == wanted
        return
    may_be, why = ORDER_MATTERS[scenario.name]
    assert got.keys() == wanted.keys()
    for key, expected in wanted.items():
        assert [ending[:3] for ending in got[key]] == [ending[:3] for ending in expected]
        assert {ending.verdict for ending in got[key]} <= may_be, why


@pytest.mark.parametrize("name", ORDER_MATTERS)
def test_the_order_matters_in_the_listed_scenarios(name: str) -> None:
    scenario = next(scenario for scenario in SHUFFLED if scenario.name == name)
    items = items_of(scenario)
    results = [endings(scenario, within_minutes(order, [1] * len(items))) for order in permutations(items)]
    verdicts = {ending.verdict for result in results for stories in result.values() for ending in stories}
    assert verdicts == ORDER_MATTERS[name][0]
