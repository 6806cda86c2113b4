"""A denial or a confirmation answers the rumor of that event, in whatever words, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.alerts import Alert
from schemas.base import event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from services.common.yaml_table import load_yaml
from services.matcher.judgment.credibility import states_claim
from tests.unit.services.matcher.test_processors import START, Matcher, item_event

ANSWERS: list[dict[str, Any]] = load_yaml(Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8"))
DENIALS: list[dict[str, Any]] = load_yaml(Path(__file__).with_name("denials.yaml").read_text(encoding="utf-8"))
TOLD = {"tell", "information", "warn", "correct"}


def case(answer: dict[str, Any]) -> Any:
    marks = [pytest.mark.xfail(reason=answer["open"], strict=True)] if "open" in answer else []
    return pytest.param(answer, id=answer["answer"], marks=marks)


def read(answer: dict[str, Any], rumor: str) -> tuple[Matcher, list[Alert], list[Alert]]:
    """Return the matcher after the rumor and the answer, and the alerts that each led to."""
    weight = {"weight": 0.12} if answer["kind"] == "holding" else {}
    watch = Watch.model_validate({"entity_id": "x", "name": answer["name"], "kind": answer["kind"], **weight})
    client = Client(
        id="a",
        name="A",
        manager_id="m",
        trade="wealth",
        assets=(watch,) if watch.is_asset else (),
        interests=() if watch.is_asset else (watch,),
    )
    changed = ClientChanged(client=client, firm=Firm(name="F"), manager=Manager(id="m", name="M"))
    matcher = Matcher(event(changed, key="a", id="evt_a", source="test", time=START))
    said = rumor.replace(", sources say", ", people familiar with the matter said")
    before = matcher.push(item_event(0, rumor, f"{said}.", host="ledger.example"))
    after = matcher.push(item_event(20, answer["answer"], answer["text"], host="herald.example"))
    return matcher, before, after


def run(answer: dict[str, Any]) -> tuple[int, set[str], set[str]]:
    """Return the number of stories, and the verdicts that the rumor and the answer led to."""
    matcher, before, after = read(answer, answer["rumor"])
    stories = len(matcher.states["x"].threads)
    return stories, {alert.verdict for alert in before}, {alert.verdict for alert in after}


def denies(matcher: Matcher, item_id: str = "itm_020") -> bool:
    """Return whether the answer denies what the first item reports."""
    for thread in matcher.states["x"].threads.values():
        records = {record.item_id: record for record in thread.evidence}
        if len(records) == 2 and item_id in records:
            record = records[item_id]
            return record.is_own_statement and record.status == "denied" and states_claim(record, thread.event)
    return False


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


def of_sort(sort: str) -> list[dict[str, Any]]:
    return [answer for answer in DENIALS if answer["is"] == sort]


def read_as_denial(answer: dict[str, Any]) -> bool:
    """Return whether the answer denies the report, and nobody is told because of it that the report is true."""
    matcher, _, after = read(answer, answer["report"])
    return denies(matcher) and not {"tell", "information"} & {alert.verdict for alert in after}


# Some readings are close, and eight-bit results differ a little from one processor to another: these are the numbers
# found, 238 of 302 and about 8 of 201, with a little room.


@pytest.mark.slow
def test_most_denials_in_other_words_deny_the_report() -> None:
    missed = [answer["answer"] for answer in of_sort("denies") if not read_as_denial(answer)]
    assert len(missed) <= 68, missed


@pytest.mark.slow
def test_what_is_said_of_something_else_hardly_ever_denies_the_report() -> None:
    wrong = [answer["answer"] for answer in of_sort("other") if read_as_denial(answer)]
    assert len(wrong) <= 12, wrong


def test_what_sounds_like_a_denial_and_confirms_the_report_denies_nothing() -> None:
    wrong = [answer["answer"] for answer in of_sort("confirms") if read_as_denial(answer)]
    assert len(wrong) <= 2, wrong
