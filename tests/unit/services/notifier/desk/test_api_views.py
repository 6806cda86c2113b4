"""Saved views by the API: create, use, rename, change, delete."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import World

NAME = "Mornings / Zürich"
AT = f"views/{quote(NAME, safe='')}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def program(world: World, user_id: str = "manager-mara") -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        token = create_api_token(connection, user_id, NOW)
    client.headers["Authorization"] = f"Bearer {token}"
    client.base_url = client.base_url.join("/api/v1/")
    return client


def test_a_view_is_created_used_renamed_and_deleted(world: World) -> None:
    client = program(world)
    wanted = {"name": f" {NAME}  ", "view": {"sort": "newest", "verdict": "warn"}}
    created = client.post("views", json=wanted)
    assert created.status_code == 201, created.text
    assert created.json()["name"] == NAME
    assert created.json()["address"] == "/?sort=newest&verdict=warn"
    assert client.get("views").json()["items"] == [created.json()]

    taken = client.post("views", json=wanted)
    assert (taken.status_code, taken.json()["fix"]) == (409, "Change that one, or choose another name.")
    everything = client.get("drafts?limit=200").json()["items"]
    shown = client.get(f"{AT}/drafts?limit=200").json()
    warnings = [draft["id"] for draft in everything if draft["verdict"] == "warn"]
    assert 0 < len(warnings) < len(everything)
    assert sorted(draft["id"] for draft in shown["items"]) == sorted(warnings)
    assert [draft["created_at"] for draft in shown["items"]] == sorted(
        (draft["created_at"] for draft in shown["items"]), reverse=True
    )

    renamed = client.put(AT, json={"name": "Warnings"}).json()
    assert (renamed["name"], renamed["view"]["verdict"]) == ("Warnings", "warn")
    changed = client.put("views/Warnings", json={"view": {"snoozed": True}}).json()
    assert (changed["name"], changed["view"]["snoozed"], changed["view"]["verdict"]) == ("Warnings", True, None)
    assert client.get("views/Warnings/drafts").json()["items"] == []
    assert client.post("views/Warnings/delete").json() == {"name": "Warnings"}
    assert client.get("views").json()["items"] == []


@pytest.mark.parametrize("sort", ["deadline", "newest", "client"])
def test_a_view_is_read_by_cursor_in_its_order(world: World, sort: str) -> None:
    client = program(world)
    client.post("views", json={"name": "All", "view": {"sort": sort}})
    whole = [draft["id"] for draft in client.get("views/All/drafts?limit=200").json()["items"]]
    read: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("views/All/drafts", params={"limit": 2, "cursor": cursor}).json()
        read += [draft["id"] for draft in page["items"]]
        cursor = page["next"]
    assert read == whole
    assert len(whole) == len(set(whole)) > 4


def test_a_view_belongs_to_its_user(world: World) -> None:
    program(world).post("views", json={"name": "Mine", "view": {}})
    other = program(world, "manager-june")
    assert other.get("views").json()["items"] == []
    for answer in (
        other.get("views/Mine/drafts"),
        other.put("views/Mine", json={"name": "Yours"}),
        other.post("views/Mine/delete"),
    ):
        assert answer.status_code == 404
    assert [item["name"] for item in program(world).get("views").json()["items"]] == ["Mine"]


def test_a_name_that_is_taken_or_empty_is_refused(world: World) -> None:
    client = program(world)
    for name in ("A", "B"):
        client.post("views", json={"name": name, "view": {}})
    refused = client.put("views/A", json={"name": "B"})
    assert (refused.status_code, refused.json()["detail"]) == (400, "You have a view called 'B' already.")
    assert client.post("views", json={"name": "..", "view": {}}).status_code == 400
    assert client.post("views", json={"name": "C", "view": {"sort": "size"}}).status_code == 422
    assert [item["name"] for item in client.get("views").json()["items"]] == ["A", "B"]


def test_a_view_is_renamed_on_the_page(world: World) -> None:
    browser = world.browser("manager-mara")
    token = browser.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    browser.post("/views", data={"form_token": token, "name": "Early", "query": "deadline=4"})
    shown = browser.get("/?deadline=4").text
    assert 'action="/views/rename"' in shown
    renamed = browser.post("/views/rename", data={"form_token": token, "name": "Early", "to": "Next 4 hours"})
    assert (renamed.status_code, renamed.headers["location"].partition("#")[0]) == (303, "/?deadline=4&note=view-saved")
    assert "Next 4 hours" in browser.get("/?deadline=4").text
