"""The scenarios of tests/scenarios through annotate and judge, each alert and nothing but it."""

from __future__ import annotations

import pytest

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from services.matcher.service import Annotate, Judge
from tests.scenarios.loader import Expected, Scenario, Step, load_scenarios

SCENARIOS = load_scenarios()


def alerts_of(runtime: MemoryRuntime, step: Step) -> list[Alert]:
    following = list(runtime.finish(step.at))
    if step.event is not None:
        following += runtime.push(step.event)
    return [event.data.alert for event in following if isinstance(event.data, AlertRaised)]


def fits(alert: Alert, expected: Expected) -> bool:
    return (
        alert.client_id == expected.client
        and alert.verdict == expected.verdict
        and (expected.because is None or any(reason.rule == expected.because for reason in alert.reasons))
        and (expected.grade is None or f"{alert.source_grade}{alert.information_grade}" == expected.grade)
        and (expected.origins is None or alert.origins == expected.origins)
        and (expected.direction is None or alert.direction == expected.direction)
        and (expected.kind is None or alert.kind == expected.kind)
    )


def described(alert: Alert) -> str:
    rules = ", ".join(f"{reason.rule}: {reason.text}" for reason in alert.reasons)
    return (
        f"{alert.client_id}: {alert.verdict} {alert.source_grade}{alert.information_grade} "
        f"{alert.kind} {alert.direction} origins={alert.origins} relevance={alert.relevance} [{rules}]"
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{each.file}: {each.name}" for each in SCENARIOS])
def test_scenario(scenario: Scenario) -> None:
    runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
    for event in scenario.setting:
        assert list(runtime.push(event)) == []
    for number, step in enumerate(scenario.steps, 1):
        alerts = alerts_of(runtime, step)
        shown = f"step {number} of {scenario.name!r}: expected {step.expected}, got {[described(a) for a in alerts]}"
        assert len(alerts) == len(step.expected), shown
        for expected in step.expected:
            assert any(fits(alert, expected) for alert in alerts), shown


def test_there_are_scenarios_for_every_verdict() -> None:
    verdicts = {each.verdict for scenario in SCENARIOS for step in scenario.steps for each in step.expected}
    assert verdicts == {"tell", "warn", "hold", "correct", "ignore"}
