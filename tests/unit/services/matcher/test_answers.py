"""A denial or a confirmation answers the rumor of that event, in whatever words, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas.base import event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from tests.unit.services.matcher.test_processors import START, Matcher, item_event

ANSWERS: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(Path(__file__).with_name("answers.yaml"))
TOLD = {"tell", "information", "warn", "correct"}


def case(answer: dict[str, Any]) -> Any:
    marks = [pytest.mark.xfail(reason=answer["open"], strict=True)] if "open" in answer else []
    return pytest.param(answer, id=answer["answer"], marks=marks)


def run(answer: dict[str, Any]) -> tuple[int, set[str], set[str]]:
    """Return the number of stories, and the verdicts that the rumor and the answer led to."""
    weight = {"weight": 0.12} if answer["kind"] == "holding" else {}
    watch = Watch.model_validate({"entity_id": "x", "name": answer["name"], "kind": answer["kind"], **weight})
    client = Client(
        id="a",
        name="A",
        manager_id="m",
        trade="wealth" if answer["kind"] == "holding" else "it",
        assets=(watch,) if watch.is_asset else (),
        interests=() if watch.is_asset else (watch,),
    )
    changed = ClientChanged(client=client, firm=Firm(name="F"), manager=Manager(id="m", name="M"))
    matcher = Matcher(event(changed, key="a", id="evt_a", source="test", time=START))
    rumor = answer["rumor"]
    said = rumor.replace(", sources say", ", people familiar with the matter said")
    before = matcher.push(item_event(0, rumor, f"{said}.", host="ledger.example"))
    after = matcher.push(item_event(20, answer["answer"], answer["text"], host="herald.example"))
    stories = len(matcher.states["x"].threads)
    return stories, {alert.verdict for alert in before}, {alert.verdict for alert in after}


@pytest.mark.parametrize("answer", [case(answer) for answer in ANSWERS if answer["is"] == "denies"])
def test_a_denial_answers_the_rumor_and_whoever_was_told_of_that_is_told_of_it(answer: dict[str, Any]) -> None:
    stories, before, after = run(answer)
    assert stories == 1
    assert after <= {"correct", "warn", "hold", "ignore"}
    if before & TOLD:
        assert after & {"correct", "warn"}


@pytest.mark.parametrize("answer", [case(answer) for answer in ANSWERS if answer["is"] == "confirms"])
def test_whoever_waits_for_a_confirmation_is_told(answer: dict[str, Any]) -> None:
    _, before, after = run(answer)
    assert (before | after) & {"tell", "information"}


@pytest.mark.parametrize("answer", [case(answer) for answer in ANSWERS if answer["is"] == "other"])
def test_what_is_about_another_event_answers_nothing(answer: dict[str, Any]) -> None:
    stories, _, after = run(answer)
    assert stories == 2
    assert "correct" not in after
