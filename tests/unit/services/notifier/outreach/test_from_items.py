"""From items to messages: one event over three watches is one draft, and the fourth event of a week is also noticed."""

from __future__ import annotations

from collections.abc import Iterator

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from schemas.drafts import ContactDecided, Draft, DraftCreated
from schemas.mentions import SourceGrade
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.scenarios.loader import parse_scenarios

WEEK = """
- name: an event of three holdings, and three more in one week
  clients:
    - watches:
        - {name: Halden Energy, kind: holding, weight: 0.12}
        - {name: Corvane Pharma, kind: holding, weight: 0.08}
        - {name: Meridia Bank, kind: holding, weight: 0.07}
  items:
    - at: 0
      by: northgate
      title: Hackers steal customer data from Halden Energy, Corvane Pharma and Meridia Bank
      then: []
    - {at: 3, by: northgate, title: Halden Energy cuts its dividend by half, then: []}
    - {at: 6, by: northgate, title: Corvane Pharma recalls its asthma inhaler after deaths, then: []}
    - {at: 9, by: northgate, title: Chief executive of Meridia Bank steps down, then: []}
"""
NORTHGATE = SourceGrade(domain="northgate-wire.example", publisher="Northgate Wire", kind="wire", grade="A")


def _events() -> Iterator[AnyEvent]:
    (scenario,) = parse_scenarios(WEEK, "week", {"northgate": NORTHGATE})
    runtime = MemoryRuntime(Pipeline((Annotate(), Judge(), DraftWriter(Playbooks.shipped()))))
    for entry in scenario.setting:
        list(runtime.push(entry))
    for step in scenario.steps:
        assert step.event is not None
        yield from runtime.push(step.event)


def test_one_event_is_one_draft_and_the_fourth_of_a_week_is_also_noticed() -> None:
    alerts: list[Alert] = []
    drafts: dict[str, Draft] = {}
    decided: list[ContactDecided] = []
    for entry in _events():
        match entry.data:
            case AlertRaised(alert=alert):
                alerts.append(alert)
            case DraftCreated(draft=draft):
                drafts.pop(draft.supersedes or "", None)
                drafts[draft.id] = draft
            case ContactDecided() as decision:
                decided.append(decision)
    theft, *others = drafts.values()
    assert {watch.name for watch in theft.affects} == {"Halden Energy", "Meridia Bank"}
    assert "It also concerns Halden Energy and Meridia Bank, which you hold." in theft.body
    assert len(others) == 2
    (left_out,) = (decision for decision in decided if decision.reason == "weekly_budget")
    assert left_out.alert_id == alerts[-1].id
    assert alerts[-1].kind == "leadership_change"
