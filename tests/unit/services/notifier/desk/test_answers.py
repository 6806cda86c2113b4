from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.security import HEADERS
from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import SETTINGS, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    return client


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/api/v1/drafts?cursor=x", {}, 400),
        ("GET", "/api/v1/drafts?limit=0", {}, 422),
        ("GET", "/api/v1/drafts?limit=1&page=1&cursor=x", {}, 400),
        ("GET", "/api/v1/drafts/x%00y", {}, 400),
        ("GET", "/api/v1/drafts", {"headers": {"Authorization": "Bearer guess"}}, 401),
        ("GET", "/api/v1/drafts/none", {}, 404),
        ("GET", "/api/v1/nowhere", {}, 404),
        ("POST", "/api/v1/drafts", {}, 405),
        ("POST", "/api/v1/drafts/x/edit", {"content": "x" * 300_000}, 413),
        ("POST", "/api/v1/drafts/x/edit", {"headers": {"Origin": "https://evil.example"}}, 403),
        ("POST", "/api/v1/drafts/x/edit", {"content": "{"}, 422),
        ("POST", "/api/v1/drafts/x/edit", {"json": {"version": -1}}, 422),
    ],
)
def test_every_error_is_a_problem(
    client: TestClient, method: str, path: str, sent: dict[str, object], status: int
) -> None:
    answer = client.request(method, path, **sent)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:firstword:problem:")
    assert problem["title"]
    assert problem["detail"] == problem["error"]


def test_invalid_fields_are_named(client: TestClient) -> None:
    problem = client.post("/api/v1/drafts/x/edit", json={"version": "no", "subject": "s"}).json()
    assert [error["field"] for error in problem["errors"]] == ["body.version", "body.body"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/clients/x/mood", "GET, POST"),
        ("PUT", "/api/v1/drafts", "GET"),
        ("GET", "/api/v1/drafts/x/edit", "POST"),
        ("DELETE", "/drafts/x/edit", "POST"),
    ],
)
def test_a_method_that_is_not_possible_names_those_that_are(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_too_many_requests_are_refused_for_a_while(world: World) -> None:
    client = world.with_settings(api_rate=2).browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    answers = [client.get("/api/v1/health") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "30"
    assert answers[2].json()["fix"] == "Wait 30 s, then send fewer."


@pytest.mark.parametrize("path", ["/api/v1/feeds", "/feeds"])
def test_a_mistake_of_ours_shows_no_details(world: World, path: str) -> None:
    def broken() -> tuple[()]:
        raise RuntimeError("secret")

    app = create_app(DeskDependencies(world.engine, world.publisher, world.clock, SETTINGS, feeds_view=broken))
    client = TestClient(app, raise_server_exceptions=False, cookies=world.browser().cookies)
    answer = client.get(path)
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_lists_are_paged_by_cursor(client: TestClient) -> None:
    whole = client.get("/api/v1/drafts", params={"limit": 200}).json()
    page = client.get("/api/v1/drafts", params={"limit": 2}).json()
    found = page["items"]
    while page["next"] is not None:
        page = client.get("/api/v1/drafts", params={"limit": 2, "cursor": page["next"]}).json()
        found += page["items"]
    assert (found, whole["next"]) == (whole["items"], None)
    assert len(found) == whole["total"] > 4


@pytest.mark.parametrize("path", ["clients", "held", "noticed", "events", "deliveries", "audit"])
def test_every_list_has_a_cursor(client: TestClient, path: str) -> None:
    first = client.get(f"/api/v1/{path}", params={"limit": 1}).json()
    assert (first["next"] is None) == (first["total"] <= 1)
    if first["next"] is not None:
        second = client.get(f"/api/v1/{path}", params={"limit": 1, "cursor": first["next"]}).json()
        assert (second["page"], second["items"] == first["items"]) == (None, False)


def test_a_character_that_the_database_refuses_is_no_fault_of_the_server(database: Engine) -> None:
    world = World.on(database)
    line = world.draft("claire-arnaud", "warn")
    client = world.browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    edit = {"version": line.version, "subject": "Halden\x00", "body": line.body}
    answer = client.post(f"/api/v1/drafts/{line.id}/edit", json=edit)
    assert answer.status_code < 500
    if database.dialect.name == "postgresql":
        assert answer.status_code == 400
        assert "can't be stored" in answer.json()["detail"]
