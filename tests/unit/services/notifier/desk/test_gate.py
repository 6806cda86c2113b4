"""Findings hold a message back at the desk, in the API, for a language model's words, and when it is sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update

from services.common.db import reading
from services.notifier import queries
from services.notifier.desk.actions import drafts as actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, GateRefused
from services.notifier.gate.current import gate_findings
from services.notifier.gate.policy import Effect, GatePolicy
from services.notifier.scope import EVERYTHING
from services.notifier.tables import audit_log, drafts
from services.notifier.trades.catalog import Trades
from services.notifier.trades.trade_files import parse_trade
from tests.desk_world import OWNER, World
from tests.fakes import ScriptedChannel

WRONG = "You are wrong about it."
SLANG = "That is awesome."


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def edited(world: World, added: str) -> str:
    """Add a sentence to a draft and return the draft's id."""
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, line.version, line.subject, f"{line.body}\n\n{added}")
    return line.id


def approve(world: World, draft_id: str, gate: GatePolicy, reason: str = "") -> None:
    with world.engine.begin() as connection:
        context = ActionContext(connection, world.publisher, OWNER, world.clock.now(), gate=gate)
        actions.approve(context, draft_id, world.line(draft_id).version, reason=reason, at_once=True)


def audited(world: World, action: str) -> str:
    with reading(world.engine) as connection:
        query = select(audit_log.c.detail).where(audit_log.c.action == action)
        return str(connection.execute(query).scalar_one())


@pytest.mark.parametrize(
    "added",
    ["It is guaranteed.", WRONG, "Its profit rises by 47% next year.", "I spoke with Mr. Trelawney about it.",
     "It pays again on 14 May 2031."],
)  # fmt: skip
def test_by_default_these_are_blocked_whatever_the_reason(world: World, added: str) -> None:
    draft_id = edited(world, added)
    events = len(world.publisher.events)
    with pytest.raises(GateRefused) as raised:
        world.desk("approve", draft_id, 1, reason="I want it to go out.")
    assert (raised.value.refusal, world.line(draft_id).state) == ("blocked", "edited")
    assert len(world.publisher.events) == events


@pytest.mark.parametrize(
    ("effect", "without", "with_reason"),
    [("block", False, False), ("reason", False, True), ("warn", True, True), ("off", True, True)],
)
def test_the_firm_sets_what_a_finding_does(world: World, effect: Effect, without: bool, with_reason: bool) -> None:
    draft_id = edited(world, WRONG)
    gate = GatePolicy({"confrontation": effect})
    for reason, may in (("", without), (" \n", without), ("He asked me to be blunt.", with_reason)):
        if world.line(draft_id).state == "approved":
            world.desk("take_back", draft_id, world.line(draft_id).version)
        if may:
            approve(world, draft_id, gate, reason)
        else:
            with pytest.raises(GateRefused):
                approve(world, draft_id, gate, reason)
        assert world.line(draft_id).state == ("approved" if may else "edited")


def test_a_reason_is_kept_with_the_approval_and_audited(world: World) -> None:
    draft_id = edited(world, SLANG)
    world.desk("approve", draft_id, 1, reason="He talks\nlike that.")
    with reading(world.engine) as connection:
        kept = connection.execute(select(drafts.c.approval).where(drafts.c.id == draft_id)).scalar_one()
    assert (kept["by"], kept["reason"]) == ("owner", "He talks like that.")
    assert "slang: awesome. Reason: He talks like that." in audited(world, "draft.approved")


def test_an_edit_and_taking_it_back_end_an_approval(world: World) -> None:
    draft_id = edited(world, SLANG)
    world.desk("approve", draft_id, 1, reason="He talks like that.")
    world.desk("take_back", draft_id, 2)
    with pytest.raises(GateRefused):
        world.desk("approve", draft_id, 3)


def test_a_message_that_was_sent_by_hand_is_recorded_with_a_reason(world: World) -> None:
    draft_id = edited(world, WRONG)
    with pytest.raises(GateRefused):
        world.desk("mark_sent", draft_id, 1)
    world.desk("mark_sent", draft_id, 1, reason="I had sent it before I saw this.")
    assert audited(world, "draft.sent_by_hand").startswith(
        "in spite of confrontation: You are wrong. Reason: I had sent it"
    )


def test_unconfirmed_news_said_as_fact_is_blocked(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    start, end = line.body.index("According to an unconfirmed report by"), line.body.index("I am telling you")
    body = f"{line.body[:start]}Estmere Group is buying Corvane Pharma.\n\n{line.body[end:]}"
    world.desk("edit", line.id, 0, line.subject, body)
    with pytest.raises(GateRefused) as raised:
        world.desk("approve", line.id, 1, reason="I heard so.")
    assert "meaning.hedge" in {finding.kind for finding in raised.value.findings}


def test_an_edit_between_looking_and_approving_is_not_approved(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, 0, line.subject, f"{line.body}\n\n{WRONG}")
    with pytest.raises(Conflict):
        world.desk("approve", line.id, 0)
    assert world.line(line.id).state == "edited"


def sent_after(world: World, gate: GatePolicy | None = None, **changed: object) -> tuple[int, str, str]:
    """Approve a draft, change its row, let the worker send; return messages sent, state and outcome."""
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, 0, at_once=True)
    if changed:
        with world.engine.begin() as connection:
            connection.execute(update(drafts).where(drafts.c.id == line.id).values(**changed))
    channel = ScriptedChannel()
    worker = world.worker(channel)
    worker._gate = gate or GatePolicy()
    asyncio.run(worker.deliver_due())
    after = world.line(line.id)
    return len(channel.sent), after.state, after.outcome or ""


def test_a_text_that_changed_after_its_approval_is_not_sent(world: World) -> None:
    sent, state, outcome = sent_after(world, body="Something else entirely.")
    assert (sent, state) == (0, "failed")
    assert "has changed since it was approved" in outcome


def test_a_finding_that_came_after_the_approval_is_not_sent(world: World) -> None:
    finding = {"rule": "promise", "text": "guaranteed", "message": "A promise."}
    sent, state, outcome = sent_after(world, checks={"grounding": [], "findings": [finding]})
    assert (sent, state) == (0, "failed")
    assert "guaranteed" in outcome


def test_without_findings_it_is_sent(world: World) -> None:
    assert sent_after(world)[:2] == (1, "sent")


def token(browser: TestClient, path: str) -> str:
    return str(browser.get(path).text.split('name="form_token" value="', 1)[1].split('"', 1)[0])


def test_the_api_answers_with_a_problem_that_lists_the_findings(world: World) -> None:
    draft_id = edited(world, f"{WRONG} {SLANG}")
    browser = world.browser()
    headers = {"X-Form-Token": token(browser, f"/drafts/{draft_id}")}
    path = f"/api/v1/drafts/{draft_id}"
    assert [found["effect"] for found in browser.get(path).json()["gate"]][:2] == ["block", "reason"]
    blocked = browser.post(f"{path}/approve", json={"version": 1}, headers=headers)
    assert (blocked.status_code, blocked.json()["type"]) == (409, "urn:firstword:problem:gate.blocked")
    assert [(found["kind"], found["text"]) for found in blocked.json()["findings"]] == [
        ("confrontation", "You are wrong")
    ]
    line = world.line(draft_id)
    text = {"version": 1, "subject": line.subject, "body": line.body.replace(WRONG, "")}
    left = browser.post(f"{path}/edit", json=text, headers=headers).json()["gate"]
    assert left[0]["effect"] == "reason"
    asked = browser.post(f"{path}/approve", json={"version": 2}, headers=headers)
    assert (asked.status_code, asked.json()["type"]) == (422, "urn:firstword:problem:gate.reason_needed")
    reasoned = {"version": 2, "reason": "He talks like that."}
    assert browser.post(f"{path}/approve", json=reasoned, headers=headers).status_code == 200
    assert world.line(draft_id).state == "approved"


def test_the_page_offers_what_the_gate_allows(world: World) -> None:
    draft_id = edited(world, WRONG)
    browser = world.browser()
    page = browser.get(f"/drafts/{draft_id}").text
    assert "Must be changed" in page
    assert f'action="/drafts/{draft_id}/approve"' not in page
    form = {"form_token": token(browser, f"/drafts/{draft_id}"), "version": "1", "reason": "Because."}
    assert browser.post(f"/drafts/{draft_id}/approve", data=form).status_code == 409
    line = world.line(draft_id)
    world.desk("edit", draft_id, 1, line.subject, line.body.replace(WRONG, SLANG))
    page = browser.get(f"/drafts/{draft_id}").text
    assert "Needs a reason" in page
    assert 'name="reason"' in page
    assert browser.post(f"/drafts/{draft_id}/approve", data={**form, "version": "2", "reason": ""}).status_code == 422
    assert browser.post(f"/drafts/{draft_id}/approve", data={**form, "version": "2"}).status_code == 303


def test_what_is_off_is_not_shown(world: World) -> None:
    draft_id = edited(world, SLANG)
    with reading(world.engine) as connection:
        line = queries.draft(connection, EVERYTHING, draft_id)
    assert line is not None
    assert "Slang" in world.browser().get(f"/drafts/{draft_id}").text
    approve(world, draft_id, replace(GatePolicy(), effects={"slang": "off"}))
    assert world.line(draft_id).state == "approved"


def test_words_and_sentences_of_the_clients_trade_hold_a_message_back(world: World) -> None:
    text = 'trade: wealth\nalways: ["Please talk to us first."]\nnever: {"miracle*": It promises a result.}\n'
    trades = Trades.shipped().with_files([parse_trade(text, "wealth.yaml")])

    def try_with(added: str) -> set[str]:
        line = world.draft("claire-arnaud", "warn")
        with world.engine.begin() as connection:
            context = ActionContext(connection, world.publisher, OWNER, world.clock.now(), trades=trades)
            actions.edit(context, line.id, line.version, line.subject, f"{line.draft.body}\n\n{added}")
        with reading(world.engine) as connection:
            found = gate_findings(connection, line.id, GatePolicy())
        return {finding.kind for finding in found if finding.effect == "block"}

    assert try_with("It is a miracle.") == {"compliance", "standing_sentence"}
    assert try_with("Please talk to us first.") == set()
