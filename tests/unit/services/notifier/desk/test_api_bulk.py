"""Search and actions on many drafts, by the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.make(tmp_path)
    yield world
    world.engine.dispose()


def program(world: World, user_id: str = "owner") -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, user_id, NOW)}"
    return client


def picks(client: TestClient, count: int = 2) -> list[dict[str, object]]:
    items = client.get(f"/api/v1/drafts?limit={count}").json()["items"]
    return [{"id": item["id"], "version": item["version"]} for item in items]


def test_a_search_names_what_it_finds(world: World) -> None:
    found = program(world).get("/api/v1/search?q=arnaud").json()
    assert [client["client_name"] for client in found["clients"]] == ["Claire Arnaud"]
    assert found["totals"]["client"] == 1
    assert all(draft["client_id"] == "claire-arnaud" for draft in found["drafts"])
    assert program(world, "manager-june").get("/api/v1/search?q=arnaud").json()["clients"] == []
    assert program(world).get("/api/v1/search?q=").status_code == 422


def test_each_draft_is_done_or_refused_by_itself(world: World) -> None:
    client = program(world)
    first, second = picks(client)
    stale = {**second, "version": int(str(second["version"])) + 7}
    wanted = {"act": "dismiss", "drafts": [first, stale], "reason": "not_useful"}
    done, refused = client.post("/api/v1/bulk/act", json=wanted).json()["items"]
    assert (done["id"], done["done"]) == (first["id"], True)
    assert (refused["id"], refused["done"]) == (second["id"], False)
    assert refused["detail"]
    assert client.get(f"/api/v1/drafts/{first['id']}").json()["state"] == "dismissed"
    assert client.post("/api/v1/bulk/act", json={**wanted, "drafts": []}).status_code == 422
    unnamed = client.post("/api/v1/bulk/act", json={"act": "dismiss", "drafts": [second]}).json()["items"][0]
    assert "needs a reason" in unnamed["detail"]


def test_a_preview_of_sending_changes_nothing(world: World) -> None:
    client = program(world)
    chosen = picks(client)
    shown = client.post("/api/v1/bulk/approve", json={"drafts": chosen, "preview": True}).json()["items"]
    assert len(shown) == 2
    assert picks(client) == chosen
    done = client.post("/api/v1/bulk/approve", json={"drafts": chosen}).json()["items"]
    assert [outcome["done"] for outcome in done] == [outcome["done"] for outcome in shown]


def test_only_a_token_that_may_send_approves(world: World) -> None:
    client = program(world)
    with world.engine.begin() as connection:
        text = create_api_token(connection, "owner", NOW, scopes=("read", "write"))
    client.headers["Authorization"] = f"Bearer {text}"
    chosen = picks(client)
    assert client.post("/api/v1/bulk/approve", json={"drafts": chosen}).status_code == 403
    assert client.post("/api/v1/bulk/act", json={"act": "wake", "drafts": chosen}).status_code == 200
