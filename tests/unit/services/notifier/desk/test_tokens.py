from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.common.errors import BadInput
from services.notifier.desk import tokens
from services.notifier.desk.tokens import create_api_token, find_token, revoke_token
from services.notifier.tables import api_tokens, audit_log
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def program(world: World, *scopes: str, user_id: str = "manager-mara") -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        token = create_api_token(connection, user_id, NOW, scopes=scopes)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def form_token(client: TestClient) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/tokens").text)
    assert found is not None
    return found[1]


def test_only_a_hash_is_stored_and_a_token_ends(world: World) -> None:
    with world.engine.begin() as connection:
        token = create_api_token(connection, "owner", NOW, name=" CRM  sync ", valid_for=timedelta(days=1))
        (row,) = connection.execute(select(api_tokens)).mappings()
        assert token not in map(str, row.values())
        found = find_token(connection, token, NOW + timedelta(hours=23))
        assert found is not None
        assert (found.name, found.state(NOW), found.state(NOW + timedelta(days=1))) == ("CRM sync", "valid", "expired")
        assert find_token(connection, token, NOW + timedelta(days=1)) is None
        revoke_token(connection, found.id, NOW)
        assert find_token(connection, token, NOW) is None
        assert tokens.list_tokens(connection)[0].state(NOW) == "revoked"


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 81}, {"scopes": ()}, {"scopes": ("all",)}, {"valid_for": timedelta()},
     {"valid_for": timedelta(days=4_000)}],
)  # fmt: skip
def test_a_token_that_makes_no_sense_is_refused(world: World, wrong: dict[str, object]) -> None:
    with world.engine.begin() as connection, pytest.raises(BadInput):
        create_api_token(connection, "owner", NOW, **wrong)  # type: ignore[arg-type]
    with world.engine.begin() as connection, pytest.raises(BadInput, match="no user"):
        create_api_token(connection, "nobody", NOW)


def test_a_token_does_what_its_scopes_allow(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    at, approval = f"/api/v1/drafts/{line.id}", {"version": 0}
    text = {"version": 0, "subject": line.subject, "body": line.body}
    reader, writer, sender = program(world, "read"), program(world, "write"), program(world, "send")
    assert [client.get(at).status_code for client in (reader, writer, sender)] == [200, 403, 403]
    assert [client.post(f"{at}/edit", json=text).status_code for client in (reader, sender, writer)] == [403, 403, 200]
    refused = writer.post(f"{at}/approve", json=approval)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:firstword:problem:forbidden")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="send"'
    assert sender.post(f"{at}/approve", json=approval).status_code == 200


def test_the_latest_use_is_recorded_now_and_then(world: World) -> None:
    client = program(world, "read")

    def used() -> object:
        with reading(world.engine) as connection:
            return connection.execute(select(api_tokens.c.last_used_at)).scalar_one()

    client.get("/api/v1/health")
    world.clock.advance(minutes=4)
    client.get("/api/v1/health")
    assert used() == NOW
    world.clock.advance(minutes=1)
    client.get("/api/v1/health")
    assert used() == NOW + timedelta(minutes=5)


def test_users_create_and_revoke_their_own_tokens_on_a_page(world: World) -> None:
    mara, owner = world.browser("manager-mara"), world.browser()
    wanted = {"form_token": form_token(mara), "name": "CRM sync", "scope": ["read", "write"], "days": "30"}
    shown = mara.post("/tokens", data=wanted).text
    found = re.search(r"fw_[\w-]{40,}", shown)
    assert found is not None
    assert found[0] not in mara.get("/tokens").text
    client = world.browser(None)
    client.headers["Authorization"] = f"Bearer {found[0]}"
    assert client.get("/api/v1/drafts").status_code == 200
    with reading(world.engine) as connection:
        token_id = connection.execute(select(api_tokens.c.id)).scalar_one()
        assert connection.execute(select(audit_log.c.action)).scalars().all().count("token.created") == 1
    june = world.browser("manager-june")
    revoked = {"form_token": form_token(june)}
    assert "CRM sync" not in june.get("/tokens").text
    assert june.post(f"/tokens/{token_id}/revoke", data=revoked).status_code == 404
    assert "CRM sync" in owner.get("/tokens").text
    answer = owner.post(f"/tokens/{token_id}/revoke", data={"form_token": form_token(owner)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/tokens?note=token-revoked")
    assert client.get("/api/v1/drafts").status_code == 401
    assert "revoked" in owner.get("/tokens").text
