"""Runs a scenario through annotate and judge, and says what came out otherwise than expected."""

from __future__ import annotations

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from tests.scenarios.loader import Expected, Scenario, Step

__all__ = ["failures", "fits"]


def failures(scenario: Scenario) -> list[str]:
    """One line for each step whose alerts are not exactly those expected; none when all are."""
    runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
    found: list[str] = []
    for event in scenario.setting:
        if list(runtime.push(event)):
            found.append(f"{scenario.name!r}: the setting alone led to events")
    for number, step in enumerate(scenario.steps, 1):
        alerts = _alerts_of(runtime, step)
        whole = len(alerts) == len(step.expected)
        if not whole or not all(any(fits(alert, each) for alert in alerts) for each in step.expected):
            got = [_described(alert) for alert in alerts]
            found.append(f"step {number} of {scenario.name!r}: expected {step.expected}, got {got}")
    return found


def _alerts_of(runtime: MemoryRuntime, step: Step) -> list[Alert]:
    following = list(runtime.finish(step.at))
    if step.event is not None:
        following += runtime.push(step.event)
    return [event.data.alert for event in following if isinstance(event.data, AlertRaised)]


def fits(alert: Alert, expected: Expected) -> bool:
    """Whether ``alert`` is one that was ``expected``."""
    return (
        alert.client_id == expected.client
        and alert.verdict == expected.verdict
        and (expected.because is None or any(reason.rule == expected.because for reason in alert.reasons))
        and (expected.grade is None or f"{alert.source_grade}{alert.information_grade}" == expected.grade)
        and (expected.origins is None or alert.origins == expected.origins)
        and (expected.direction is None or alert.direction == expected.direction)
        and (expected.kind is None or alert.kind == expected.kind)
    )


def _described(alert: Alert) -> str:
    rules = ", ".join(f"{reason.rule}: {reason.text}" for reason in alert.reasons)
    return (
        f"{alert.client_id}: {alert.verdict} {alert.source_grade}{alert.information_grade} "
        f"{alert.kind} {alert.direction} origins={alert.origins} relevance={alert.relevance} [{rules}]"
    )
