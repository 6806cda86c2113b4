"""The API beside lists, approvals and feeds, which have tests of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def program(world: World, user_id: str = "manager-mara", *scopes: str) -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        token = create_api_token(connection, user_id, NOW, scopes=scopes or ("read", "write", "send"))
    client.headers["Authorization"] = f"Bearer {token}"
    client.base_url = client.base_url.join("/api/v1/")
    return client


def test_a_message_sent_by_hand_is_rated_and_answered(world: World) -> None:
    client, line = program(world), world.draft("claire-arnaud", "warn")
    at = f"drafts/{line.id}"
    assert client.post(f"{at}/outcome", json={"outcome": "replied"}).status_code == 409, "it is not sent yet"
    assert client.post(f"{at}/sent", json={"version": 0, "reason": "On the phone."}).json() == {"draft_id": line.id}
    world.apply(world.publisher.events)
    assert client.post(f"{at}/outcome", json={"outcome": "replied", "opinion": "Wait."}).status_code == 200
    assert client.post(f"{at}/feedback", json={"feedback": "useful"}).status_code == 200
    assert client.post(f"{at}/feedback", json={"feedback": "nice"}).status_code == 422
    world.apply(world.publisher.events)
    kinds = [
        (item["outcome"], item["opinion"]) for item in client.get("clients/claire-arnaud/contacts").json()["items"]
    ]
    assert ("replied", "Wait.") in kinds
    assert client.get("deliveries").json()["total"] == 1


def test_an_approval_is_taken_back(world: World) -> None:
    client, line = program(world), world.draft("claire-arnaud", "warn")
    client.post(f"drafts/{line.id}/approve", json={"version": 0})
    version = world.line(line.id).version
    assert client.post(f"drafts/{line.id}/take-back", json={"version": version}).status_code == 200
    assert world.line(line.id).state == "open"
    (delivery,) = client.get("deliveries").json()["items"]
    assert client.post(f"deliveries/{delivery['id']}/arrived").status_code == 409
    assert program(world, "manager-mara", "write").post(f"deliveries/{delivery['id']}/again").status_code == 403
    assert program(world, "manager-june").post(f"deliveries/{delivery['id']}/again").status_code == 404


def test_conversations_and_answers_are_recorded(world: World) -> None:
    client = program(world)
    talk = {"at": NOW.isoformat(), "channel": "phone", "summary": "They are calm.", "confirm": True}
    recorded = client.post("clients/claire-arnaud/contacts", json=talk)
    assert (recorded.status_code, recorded.json()["draft_id"][:4]) == (201, "drf_")
    assert client.post("clients/claire-arnaud/contacts", json=talk | {"at": "2026-03-05T09:00"}).status_code == 422
    question = client.get("clients/claire-arnaud/questions").json()["items"][0]
    answer = {"answers": {question["id"]: "A house in the south."}}
    assert client.post("clients/claire-arnaud/questions", json=answer).json()["added"] == 1
    world.apply(world.publisher.events)
    assert client.get("clients/claire-arnaud/questions").json()["items"][0]["answers"] == ["A house in the south."]
    for path in ("contacts", "questions"):
        assert client.get(f"clients/brightwater/{path}").status_code == 404


def test_drafts_are_put_aside_and_given_away(world: World) -> None:
    client, line = program(world), world.draft("claire-arnaud", "warn")
    at = f"drafts/{line.id}"
    assert client.post(f"{at}/snooze", json={"until": "yesterday"}).status_code == 400
    assert client.post(f"{at}/assign", json={"to": "nobody"}).status_code == 400
    given = client.post(f"{at}/assign", json={"to": "manager-june", "note": "You know her."})
    assert given.json() == {"draft_id": line.id, "name": "June"}
    assert client.post(f"{at}/take").json() == {"draft_id": line.id, "name": None}
    assert client.post(f"{at}/wake").json() == {"draft_id": line.id, "until": None}


def test_decisions_are_paged(world: World) -> None:
    client = program(world, "owner")
    line = world.draft("claire-arnaud", "warn")
    client.post(f"drafts/{line.id}/dismiss", json={"version": 0, "reason": "too_late", "comment": "He rang"})
    first = client.get("decisions", params={"limit": 1}).json()
    assert (first["items"][0]["what"], first["items"][0]["reason"]) == ("dismissed", "too_late: He rang")
    second = client.get("decisions", params={"limit": 1, "cursor": first["next"]}).json()
    assert second["items"] != first["items"]


def test_callers_see_and_change_their_account(world: World) -> None:
    client = program(world, "manager-mara", "read", "write")
    me = client.get("me").json()
    assert (me["user_id"], me["role"], me["scopes"]) == ("manager-mara", "manager", ["read", "write"])
    assert client.put("me/time-zone", json={"name": "Europe/Oslo"}).json() == {"name": "Europe/Oslo"}
    assert client.put("me/time-zone", json={"name": "Mars"}).status_code == 400
    assert client.get("me").json()["time_zone"] == "Europe/Oslo"
    (token,) = client.get("tokens").json()["items"]
    assert token["state"] == "valid"
    assert program(world, "manager-june").post(f"tokens/{token['id']}/revoke").status_code == 404
    assert client.post(f"tokens/{token['id']}/revoke").json() == {"token_id": token["id"]}
    assert client.get("me").status_code == 401


def test_unknown_parameters_are_refused(world: World) -> None:
    refused = program(world).get("drafts", params={"limt": 3})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.limt")
