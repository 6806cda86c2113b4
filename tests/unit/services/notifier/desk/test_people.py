"""The owner adds people, gives them roles and lets them in; each change is audited and counts at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.common.errors import BadInput
from services.notifier.desk import auth
from services.notifier.desk.actions import people
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.tables import audit_log, users
from tests.desk_data import NOW
from tests.desk_world import OWNER, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def act(world: World, name: str, *args: object, **named: object) -> object:
    with world.engine.begin() as connection:
        context = ActionContext(connection, world.publisher, OWNER, world.clock.now())
        return getattr(people, name)(context, *args, **named)


def token_of(client: TestClient) -> str:
    return str(client.get("/me").text.split('name="form_token" value="')[1].partition('"')[0])


def log(world: World) -> list[tuple[str, str, str | None]]:
    query = select(audit_log.c.action, audit_log.c.subject, audit_log.c.detail).where(
        audit_log.c.action.startswith("user.")
    )
    with reading(world.engine) as connection:
        return [(row.action, row.subject, row.detail) for row in connection.execute(query.order_by(audit_log.c.id))]


def test_the_owner_adds_somebody_lets_them_in_and_changes_their_role(world: World) -> None:
    owner = world.browser()
    form = {"form_token": token_of(owner)}
    added = owner.post("/people", data={**form, "user_id": "ann.lee", "name": "Ann <b>Lée</b>", "role": "compliance"})
    assert (added.status_code, added.headers["location"]) == (303, "/people?note=person-added")
    page = owner.post("/people/ann.lee/link", data=form).text
    link = re.search(r"/signin\?token=([\w-]{40,})", page)
    assert link is not None
    assert "<b>Lée</b>" not in page
    ann = world.browser(None)
    assert ann.post("/signin", data={"token": link[1]}).status_code == 303
    assert (ann.get("/clients").status_code, ann.get("/audit").status_code, ann.get("/people").status_code) == (
        200, 200, 403,
    )  # fmt: skip
    assert owner.post("/people/ann.lee/role", data={**form, "role": "ops"}).status_code == 303
    answer = ann.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/feeds")
    assert "Arnaud" not in ann.get("/feeds").text
    assert [entry for entry in log(world) if entry[1] == "ann.lee"] == [
        ("user.added", "ann.lee", "compliance"),
        ("user.link_created", "ann.lee", None),
        ("user.role", "ann.lee", "ops; before: compliance"),
    ]


def test_a_disabled_user_loses_sessions_and_links_at_once(world: World) -> None:
    act(world, "add_person", "ann", "Ann", "reader")
    ann = world.browser("ann")
    with world.engine.begin() as connection:
        link = auth.create_signin_link(connection, "ann", NOW)
    act(world, "disable", "ann")
    assert ann.get("/clients").status_code == 303
    assert ann.post("/signin", data={"token": link}).status_code == 403
    with pytest.raises(Conflict, match="may not sign in"):
        act(world, "create_link", "ann")
    act(world, "enable", "ann")
    assert ann.get("/clients").status_code == 303, "an old session stays ended"
    assert world.browser("ann").get("/clients").status_code == 200


def test_somebody_stays_owner(world: World) -> None:
    for name, args in (("change_role", ("owner", "reader")), ("disable", ("owner",))):
        with pytest.raises(Conflict, match="Nobody would be owner"):
            act(world, name, *args)
    act(world, "add_person", "ann", "Ann", "owner")
    act(world, "change_role", "owner", "reader")
    assert world.browser("owner").get("/people").status_code == 403


def test_a_new_link_of_the_command_line_keeps_a_changed_role(world: World) -> None:
    act(world, "change_role", "manager-mara", "lead", ["june"])
    act(world, "change_role", "manager-mara", "lead", ["june"])
    with world.engine.begin() as connection:
        auth.ensure_manager(connection, NOW, manager_id="mara", name="Mara L.")
        row = connection.execute(select(users).where(users.c.id == "manager-mara")).mappings().one()
    assert (row["role"], row["team"], row["name"]) == ("lead", ["june"], "Mara L.")
    assert log(world) == [("user.role", "manager-mara", "team lead of june; before: account manager")]
    lead = world.browser("manager-mara")
    assert {line["id"] for line in lead.get("/api/v1/managers").json()["items"]} == {"june", "mara"}


@pytest.mark.parametrize(
    ("name", "args", "error", "said"),
    [
        ("add_person", ("Ann Lee", "Ann", "reader"), BadInput, "as the id of a user"),
        ("add_person", ("ops", "Ann", "reader"), BadInput, "as the id of a user"),
        ("add_person", ("manager-x", "Ann", "reader"), BadInput, "as the id of a user"),
        ("add_person", ("ann", " ", "reader"), BadInput, "needs a name"),
        ("add_person", ("ann", "Ann", "manager"), BadInput, "come from the client book"),
        ("add_person", ("ann", "Ann", "lead", ["nobody"]), BadInput, "There are: june, mara"),
        ("add_person", ("owner", "Ann", "reader"), Conflict, "already"),
        ("change_role", ("owner", "manager"), BadInput, "no account manager of the client book"),
        ("change_role", ("nobody-here", "reader"), NotFound, "no such user"),
        ("disable", ("nobody-here",), NotFound, "no such user"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_fix(
    world: World, name: str, args: tuple[object, ...], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        act(world, name, *args)
    with pytest.raises(BadInput, match="Choose one of owner"):
        people.role_named("king")


@pytest.mark.parametrize("path", ["", "/owner/role", "/manager-mara/disable", "/manager-mara/enable", "/owner/link"])
def test_every_form_needs_its_token(world: World, path: str) -> None:
    owner = world.browser()
    sent = {"user_id": "ann", "name": "Ann", "role": "owner"}
    assert owner.post(f"/people{path}", data=sent).status_code == 400
    foreign = {**sent, "form_token": token_of(world.browser("manager-mara"))}
    assert owner.post(f"/people{path}", data=foreign).status_code == 400
    assert log(world) == []
