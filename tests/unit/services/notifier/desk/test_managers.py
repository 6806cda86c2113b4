"""Managers choose their own channels, the owner everybody's, and only channels with an address."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.notifier.delivery.routes import by_manager, manager_mail
from services.notifier.desk import auth
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.tokens import create_api_token
from services.notifier.digest.preferences import ChosenPreferences, chosen_preferences
from services.notifier.tables import audit_log
from tests.desk_world import World

ROUTES = {"email": manager_mail, "slack": by_manager({"manager:mara"})}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def browser(world: World, user_id: str) -> TestClient:
    deps = DeskDependencies(world.engine, world.publisher, world.clock, world.settings, manager_routes=ROUTES)
    client = TestClient(create_app(deps), follow_redirects=False)
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, user_id, world.clock.now())
    client.post("/signin", data={"token": token})
    return client


def form(client: TestClient) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/managers").text)
    assert found is not None
    return {"form_token": found[1]}


def kept(world: World, manager_id: str) -> ChosenPreferences:
    with reading(world.engine) as connection:
        return chosen_preferences(connection, manager_id)


def test_managers_set_their_own_preferences_and_it_is_logged(world: World) -> None:
    mara = browser(world, "manager-mara")
    page = mara.get("/managers").text
    assert "Mara Lindqvist" in page
    assert "June Okafor" not in page
    said = {"digest": "slack", "digest_then": "email", "hour": "06:45", "urgent": "slack"}
    assert mara.post("/managers/mara", data=form(mara) | said).status_code == 303
    assert kept(world, "mara") == ChosenPreferences(
        digest_by=("slack", "email"), digest_hour=time(6, 45), urgent_by=("slack",)
    )
    page = mara.get("/managers").text
    assert "Digest by Slack, then Email at 06:45" in page
    assert "Urgent drafts immediately by Slack." in page
    with reading(world.engine) as connection:
        (entry,) = connection.execute(select(audit_log).where(audit_log.c.action == "manager.reached_by")).mappings()
    assert entry["subject"] == "mara"
    assert entry["detail"] == "digest: slack, email at 06:45; urgent: slack"
    assert mara.post("/managers/mara", data=form(mara) | {"digest": "none", "urgent": ""}).status_code == 303
    assert kept(world, "mara") == ChosenPreferences(digest_by=())
    assert "No digest." in mara.get("/managers").text


def test_managers_cannot_set_a_colleagues_preferences(world: World) -> None:
    mara = browser(world, "manager-mara")
    assert mara.post("/managers/june", data=form(mara) | {"digest": "email"}).status_code == 404
    assert kept(world, "june") == ChosenPreferences()
    owner = browser(world, "owner")
    assert owner.post("/managers/june", data=form(owner) | {"digest": "email"}).status_code == 303
    assert kept(world, "june") == ChosenPreferences(digest_by=("email",))


def test_a_channel_without_an_address_is_refused_with_the_fix(world: World) -> None:
    owner = browser(world, "owner")
    refused = owner.post("/managers/june", data=form(owner) | {"digest": "slack"})
    assert refused.status_code == 400
    assert "FIRSTWORD_SLACK_HOOKS" in refused.text
    assert "manager:june" in refused.text
    assert owner.post("/managers/mara", data=form(owner) | {"hour": "half past"}).status_code == 400


def test_the_api_shows_and_sets_preferences(world: World) -> None:
    mara = browser(world, "manager-mara")
    with world.engine.begin() as connection:
        token = create_api_token(connection, "manager-mara", world.clock.now())
    bearer = {"authorization": f"Bearer {token}"}
    (found,) = mara.get("/api/v1/managers", headers=bearer).json()["items"]
    assert (found["id"], found["channels"], found["urgent"]) == ("mara", ["email", "slack"], [])
    said = {"digest_by": ["slack"], "urgent_by": ["email"]}
    answer = mara.put("/api/v1/managers/mara/reach", headers=bearer, json=said)
    assert (answer.json()["digest"]["by"], answer.json()["urgent"]) == (["slack"], ["email"])
    assert mara.put("/api/v1/managers/june/reach", headers=bearer, json=said).status_code == 404


def test_without_a_channel_the_page_explains_how_to_set_one_up(world: World) -> None:
    deps = replace(browser(world, "owner").app.state.site.dependencies, manager_routes={})  # type: ignore[attr-defined]
    client = TestClient(create_app(deps))
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", world.clock.now())
    client.post("/signin", data={"token": token})
    assert "FIRSTWORD_SMTP_HOST" in client.get("/managers").text
