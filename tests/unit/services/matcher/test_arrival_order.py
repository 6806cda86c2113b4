"""Items of one story arrive within minutes of each other in any order; what is made of them in the end is the same.

Where the order matters all the same, the scenario stands below with the reason, and a test holds that it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import permutations
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import Verdict
from schemas.clients import ClientChanged
from schemas.items import ItemIngested
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.judgment.credibility import assess
from services.matcher.stories.threads import JudgeState
from tests.scenarios.loader import Scenario, load_scenarios

UNTOLD = "the denial comes before the client was told anything, so there is nothing to correct"
#: Scenarios whose last verdict depends on the order: the verdicts that it may be, and why.
ORDER_MATTERS: dict[str, tuple[set[Verdict], str]] = {
    "a rumor passed on as unconfirmed is corrected when the company denies it": ({"correct", "hold"}, UNTOLD),
    "what was told is corrected when the paper withdraws it": ({"correct", "hold"}, UNTOLD),
    "two papers told it, the company denies it, the paper withdraws; one correction is enough": (
        {"correct", "hold"},
        UNTOLD,
    ),
    "a wire withdraws what three papers took from it": ({"correct", "hold"}, UNTOLD),
    "the denial comes in before the rumor that it answers": ({"correct", "hold"}, UNTOLD),
    "the authority says that it is not investigating": ({"correct", "hold"}, UNTOLD),
    "talks that we warned of are over, the company says": ({"correct", "hold"}, UNTOLD),
    "one party confirms and the other denies; what was told stands until it is settled": (
        {"tell", "warn"},
        "what was told as true isn't taken back by doubt; what was in doubt from the start is passed on as unconfirmed",
    ),
}
#: Scenarios of several items that are about something else than their order.
NOT_SHUFFLED: dict[str, str] = {
    "a client who begins to watch later hears with the next item": "a client comes in between",
    "a client who came later is not corrected for what they were never told": "a client comes in between",
    "a paper that revises its own article into a retraction brings a correction": "one item, whose order Kafka keeps",
    "a flaw that many report, and then a breach by way of it": "a day must pass in between",
    "a rumor that fizzled out comes back and is held anew": "weeks must pass in between",
}


class Ending(NamedTuple):
    """What a story came to for one client."""

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
    """Both processors as they know the scenario's setting; they keep no state of their own."""
    annotate, judge = Annotate(), Judge()
    for event in next(one for one in SEVERAL if one.name == name).setting:
        annotate.refer(event)
        if isinstance(event.data, ClientChanged):
            judge.refer(event)
    return annotate, judge


def endings(scenario: Scenario, items: Sequence[AnyEvent]) -> dict[tuple[str, str], list[Ending]]:
    """By watched thing and client, what each story came to."""
    annotate, judge = matcher(scenario.name)
    states: dict[str, JudgeState] = {}
    for item in items:
        for annotated in annotate.process(None, item, item.time)[1]:
            key = annotated.subject
            state = states.get(key) or judge.initial(key)
            states[key] = judge.process(state, annotated, annotated.time)[0]
    found: dict[tuple[str, str], list[Ending]] = {}
    for key, state in states.items():
        for thread in state.threads.values():
            grade = assess(thread.evidence)
            for client, verdict in thread.verdicts.items():
                ending = Ending(grade.information, grade.origins, thread.event.kind, verdict.verdict)
                found.setdefault((key, client), []).append(ending)
    return {key: sorted(found[key]) for key in sorted(found)}


def within_minutes(items: Sequence[AnyEvent], gaps: Sequence[int]) -> list[AnyEvent]:
    """``items``, in this order, all of them once the last was published; each so many minutes after the one before."""
    at = max(item.time for item in items)
    came = []
    for item, gap in zip(items, gaps, strict=True):
        at += timedelta(minutes=gap)
        came.append(arriving(item, at))
    return came


SEVERAL = [scenario for scenario in load_scenarios() if len(items_of(scenario)) > 1]
SHUFFLED = [scenario for scenario in SEVERAL if scenario.name not in NOT_SHUFFLED]


def test_every_scenario_of_several_items_is_shuffled_or_listed() -> None:
    assert len(SHUFFLED) >= 40
    assert {scenario.name for scenario in SEVERAL} >= ORDER_MATTERS.keys() | NOT_SHUFFLED.keys()
    for scenario in SHUFFLED:  # time alone may pass at the end
        named = [step.event for step in scenario.steps if step.event is not None]
        assert named == items_of(scenario), f"{scenario.name!r} has other events; shuffle them, or list it"


@pytest.mark.parametrize("scenario", SHUFFLED, ids=[scenario.name for scenario in SHUFFLED])
@settings(max_examples=12)
@given(data=st.data())
def test_the_order_of_arrival_changes_no_verdict(scenario: Scenario, data: st.DataObject) -> None:
    items = items_of(scenario)
    wanted = endings(scenario, items)
    order = data.draw(st.permutations(items))
    gaps = data.draw(st.lists(st.integers(0, 10), min_size=len(items), max_size=len(items)))
    got = endings(scenario, within_minutes(order, gaps))
    if scenario.name not in ORDER_MATTERS:
        assert got == wanted
        return
    may_be, why = ORDER_MATTERS[scenario.name]
    assert got.keys() == wanted.keys()
    for key, each in wanted.items():
        assert [ending[:3] for ending in got[key]] == [ending[:3] for ending in each]
        assert {ending.verdict for ending in got[key]} <= may_be, why


@pytest.mark.parametrize("name", ORDER_MATTERS)
def test_where_the_order_is_said_to_matter_it_does(name: str) -> None:
    scenario = next(one for one in SHUFFLED if one.name == name)
    items = items_of(scenario)
    found = [endings(scenario, within_minutes(order, [1] * len(items))) for order in permutations(items)]
    verdicts = {ending.verdict for each in found for stories in each.values() for ending in stories}
    assert verdicts == ORDER_MATTERS[name][0]
