"""A finding for which a second person has to approve: never the first one again, only for the text they saw."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from services.common.db import reading
from services.notifier.desk import auth
from services.notifier.desk.actions import drafts as actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.app import create_app
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.errors import Conflict, GateRefused, NotFound, RoleRefused
from services.notifier.gate.policy import GatePolicy
from services.notifier.tables import audit_log
from tests.desk_world import OWNER, World
from tests.fakes import ScriptedChannel

MARA = Viewer("manager-mara", "Mara", "manager", "mara", "Europe/Stockholm")
JUNE = Viewer("manager-june", "June", "manager", "june", "America/New_York")
RULES = GatePolicy({"slang": "second_person"})
NAMED = replace(RULES, second_persons=("manager-june",))


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def act(world: World, act: str, viewer: Viewer, *args: object, rules: GatePolicy = RULES, **named: object) -> object:
    draft_id = str(args[0])
    with world.engine.begin() as connection:
        context = ActionContext(connection, world.publisher, viewer, world.clock.now(), gate=rules)
        return getattr(actions, act)(context, draft_id, world.line(draft_id).version, *args[1:], **named)


def asked(world: World, rules: GatePolicy = RULES) -> str:
    """Let Mara approve a draft of hers that needs a second person; return its id."""
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, line.version, line.subject, f"{line.body}\n\nThat is awesome.")
    assert act(world, "approve", MARA, line.id, rules=rules) is None
    assert world.line(line.id).state == "second"
    assert "draft.approved" not in world.types()
    return line.id


def test_it_goes_out_once_somebody_else_approves_it_and_both_are_audited(world: World) -> None:
    draft_id = asked(world)
    with pytest.raises(GateRefused) as raised:
        act(world, "approve", MARA, draft_id)
    assert raised.value.refusal == "second_person_needed"
    assert act(world, "approve", OWNER, draft_id, at_once=True) == world.clock.now()
    with reading(world.engine) as connection:
        query = select(audit_log.c.user_id, audit_log.c.action, audit_log.c.detail).where(
            audit_log.c.action.in_(("draft.second_person_asked", "draft.approved"))
        )
        log = connection.execute(query.order_by(audit_log.c.action.desc())).all()
    assert [(row[0], row[1]) for row in log] == [
        ("manager-mara", "draft.second_person_asked"),
        ("owner", "draft.approved"),
    ]
    assert str(log[1][2]).endswith("first approved by manager-mara")
    channel = ScriptedChannel()
    worker = world.worker(channel)
    worker._gate = RULES
    asyncio.run(worker.deliver_due())
    assert (len(channel.sent), world.line(draft_id).state) == (1, "sent")


def test_an_edit_ends_the_first_approval_and_a_stale_second_one_is_refused(world: World) -> None:
    draft_id = asked(world)
    seen = world.line(draft_id).version
    world.desk("edit", draft_id, seen, "Another subject", world.line(draft_id).body)
    with pytest.raises(Conflict):
        world.desk("approve", draft_id, seen)
    assert act(world, "approve", OWNER, draft_id) is None  # the owner is the first person now
    assert act(world, "approve", MARA, draft_id) is not None


def test_only_named_users_are_second_persons_and_see_no_more_than_they_need(world: World) -> None:
    draft_id = asked(world, NAMED)
    with pytest.raises(GateRefused):
        act(world, "approve", OWNER, draft_id, rules=NAMED)
    with pytest.raises(NotFound):
        act(world, "dismiss", JUNE, draft_id, "too_late", rules=NAMED)
    with pytest.raises(NotFound):
        act(world, "approve", JUNE, draft_id)  # where the rules don't name her
    assert act(world, "approve", JUNE, draft_id, rules=NAMED) is not None
    with pytest.raises(NotFound):
        act(world, "approve", JUNE, draft_id, rules=NAMED)  # it no longer waits for her


def test_compliance_seconds_by_its_role_and_approves_nothing_first(world: World) -> None:
    ann = Viewer("ann", "Ann", "compliance", None, "UTC")
    rules = replace(RULES, second_roles=("compliance",))
    draft_id = asked(world, rules)
    with pytest.raises(GateRefused):
        act(world, "approve", OWNER, draft_id, rules=rules)
    assert act(world, "approve", ann, draft_id, rules=rules) is not None
    other = world.draft("claire-arnaud", "tell", "open")
    with pytest.raises(RoleRefused):
        act(world, "approve", ann, other.id, rules=rules)
    assert world.line(other.id).state == "open"


def test_a_role_that_was_taken_away_meanwhile_seconds_nothing(world: World) -> None:
    draft_id = asked(world)
    reader = Viewer("owner", "Owner", "reader", None, "UTC")
    with pytest.raises(GateRefused):
        act(world, "approve", reader, draft_id)
    assert world.line(draft_id).state == "second"


def test_no_second_person_helps_against_a_block(world: World) -> None:
    draft_id = asked(world)
    with pytest.raises(GateRefused) as raised:
        act(world, "approve", OWNER, draft_id, rules=GatePolicy({"slang": "block"}))
    assert raised.value.refusal == "blocked"


def browser(world: World, user_id: str, rules: GatePolicy) -> TestClient:
    dependencies = DeskDependencies(world.engine, world.publisher, world.clock, world.settings, gate=rules)
    client = TestClient(create_app(dependencies), follow_redirects=False)
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, user_id, world.clock.now())
    client.post("/signin", data={"token": token})
    return client


def test_the_desk_and_the_api_show_what_waits_for_whom(world: World) -> None:
    draft_id = asked(world, NAMED)
    path = f"/drafts/{draft_id}"
    approve = f'action="{path}/approve"'
    june, mara = browser(world, "manager-june", NAMED), browser(world, "manager-mara", NAMED)
    assert path in june.get("/").text.split("Waiting for your second approval")[1]
    assert "Waiting for your second approval" not in mara.get("/").text
    assert any("waits for a second approval" in mara.get(f"/?group=flat&page={page}").text for page in (1, 2))
    assert "It waits for a second person" in mara.get(path).text
    assert approve not in mara.get(path).text
    page = june.get(path).text
    assert approve in page
    assert f"{path}/dismiss" not in page.split("<dialog")[0]
    assert [line["id"] for line in june.get("/api/v1/drafts/second").json()] == [draft_id]
    assert mara.get("/api/v1/drafts/second").json() == []
    headers = {"X-Form-Token": page.split('name="form_token" value="', 1)[1].split('"', 1)[0]}
    version = {"version": world.line(draft_id).version}
    done = june.post(f"/api/v1{path}/approve", json=version, headers=headers)
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    assert june.get(path).status_code == 404
