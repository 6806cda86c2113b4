"""The scenarios of tests/scenarios through annotate and judge, each alert and nothing but it."""

from __future__ import annotations

import pytest

from tests.scenarios.loader import Scenario, load_scenarios
from tests.scenarios.running import failures

SCENARIOS = load_scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{each.file}: {each.name}" for each in SCENARIOS])
def test_scenario(scenario: Scenario) -> None:
    assert failures(scenario) == []


def test_there_are_scenarios_for_every_verdict() -> None:
    verdicts = {each.verdict for scenario in SCENARIOS for step in scenario.steps for each in step.expected}
    assert verdicts == {"tell", "warn", "hold", "correct", "ignore"}


def test_there_are_enough_of_them_and_no_name_stands_twice() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    assert len(names) >= 70
