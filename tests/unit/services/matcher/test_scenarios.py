"""Each scenario in tests/scenarios raises exactly the expected alerts."""

from __future__ import annotations

from typing import get_args

import pytest

from schemas.alerts import Verdict
from tests.scenarios.loader import Scenario, load_scenarios
from tests.scenarios.running import failures

SCENARIOS = load_scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{scenario.file}: {scenario.name}" for scenario in SCENARIOS])
def test_a_scenario_raises_the_expected_alerts(scenario: Scenario) -> None:
    assert failures(scenario) == []


def test_there_are_scenarios_for_every_verdict() -> None:
    verdicts = {alert.verdict for scenario in SCENARIOS for step in scenario.steps for alert in step.expected}
    assert verdicts == set(get_args(Verdict))


def test_there_are_many_scenarios_with_unique_names() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    assert len(names) >= 70
