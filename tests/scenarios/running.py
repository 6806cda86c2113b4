"""Run a scenario through annotate and judge, and report unexpected alerts."""

from __future__ import annotations

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from tests.scenarios.loader import Expected, Scenario, Step

__all__ = ["failures", "matches"]


def failures(scenario: Scenario) -> list[str]:
    """Return one line for each step whose alerts differ from the expected ones."""
    runtime = MemoryRuntime(Pipeline((Annotate(), Judge())))
    lines: list[str] = []
    for event in scenario.setting:
        if list(runtime.push(event)):
            lines.append(f"{scenario.name!r}: the setting alone raised events")
    for number, step in enumerate(scenario.steps, 1):
        alerts = _alerts_of(runtime, step)
        same_number = len(alerts) == len(step.expected)
        if not same_number or not all(any(matches(alert, expected) for alert in alerts) for expected in step.expected):
            got = [_describe(alert) for alert in alerts]
            lines.append(f"step {number} of {scenario.name!r}: expected {step.expected}, got {got}")
    return lines


def _alerts_of(runtime: MemoryRuntime, step: Step) -> list[Alert]:
    following = list(runtime.finish(step.at))
    if step.event is not None:
        following += runtime.push(step.event)
    return [event.data.alert for event in following if isinstance(event.data, AlertRaised)]


def matches(alert: Alert, expected: Expected) -> bool:
    """Return whether ``alert`` is as ``expected``."""
    return (
        alert.client_id == expected.client
        and alert.verdict == expected.verdict
        and (expected.because is None or any(reason.rule == expected.because for reason in alert.reasons))
        and (expected.grade is None or f"{alert.source_grade}{alert.information_grade}" == expected.grade)
        and (expected.origins is None or alert.origins == expected.origins)
        and (expected.direction is None or alert.direction == expected.direction)
        and (expected.kind is None or alert.kind == expected.kind)
    )


def _describe(alert: Alert) -> str:
    rules = ", ".join(f"{reason.rule}: {reason.text}" for reason in alert.reasons)
    return (
        f"{alert.client_id}: {alert.verdict} {alert.source_grade}{alert.information_grade} "
        f"{alert.kind} {alert.direction} origins={alert.origins} relevance={alert.relevance} [{rules}]"
    )
