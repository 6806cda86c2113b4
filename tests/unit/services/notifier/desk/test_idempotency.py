from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import insert, null, select, update

from schemas.base import event
from schemas.clients import ClientChanged
from services.common.db import reading
from services.notifier.desk import idempotency
from services.notifier.desk.errors import Conflict
from services.notifier.desk.idempotency import KeyedRequest
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import api_requests, draft_marks
from tests.desk_data import MANAGERS, NOW
from tests.desk_world import World

PATH = "/api/v1/clients/claire-arnaud/mood"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


@pytest.fixture
def client(world: World) -> TestClient:
    return program(world, "manager-mara")


def program(world: World, user_id: str) -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, user_id, world.clock.now())}"
    return client


def post(client: TestClient, key: str = "one", mood: str = "upset", path: str = PATH) -> Response:
    answer: Any = client.post(path, json={"mood": mood}, headers={"Idempotency-Key": key})
    return answer  # type: ignore[no-any-return]


def test_a_repeat_changes_nothing_and_gets_the_same_answer(world: World, client: TestClient) -> None:
    first, again = post(client), post(client)
    assert (
        (first.status_code, first.json()) == (again.status_code, again.json()) == (200, {"client_id": "claire-arnaud"})
    )
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert world.types() == ["client.changed"]
    world.apply(world.publisher.events)
    assert post(client, "two", "calm").status_code == 200
    assert world.types() == ["client.changed"] * 2


def test_a_key_belongs_to_one_content_and_one_user(world: World, client: TestClient) -> None:
    post(client)
    other = post(client, mood="calm")
    assert (other.status_code, other.json()["fix"]) == (422, "Choose a new key for each request.")
    assert post(client, path=PATH.replace("claire-arnaud", "yusuf")).status_code == 422
    assert post(program(world, "owner"), path=PATH.replace("claire-arnaud", "yusuf")).status_code == 200


def test_a_refusal_is_not_kept(world: World, client: TestClient) -> None:
    assert post(client, path=PATH.replace("claire-arnaud", "brightwater")).status_code == 404
    with reading(world.engine) as connection:
        assert connection.execute(select(api_requests)).first() is None
    assert post(client).status_code == 200


def test_a_key_expires(world: World, client: TestClient) -> None:
    post(client)
    world.apply(world.publisher.events)
    world.clock.advance(hours=25)
    assert post(client, mood="calm").status_code == 200
    with reading(world.engine) as connection:
        (row,) = connection.execute(select(api_requests)).mappings()
    assert row["created_at"] > NOW


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(client: TestClient, key: str) -> None:
    assert post(client, key).status_code == 400


def test_a_lost_answer_is_no_reason_to_repeat(world: World, client: TestClient) -> None:
    post(client)
    with world.engine.begin() as connection:
        connection.execute(update(api_requests).values(status=None, body=None))
    answer = post(client)
    assert (answer.status_code, world.types()) == (409, ["client.changed"])
    assert "not kept" in answer.json()["detail"]


def test_a_repeat_is_refused_when_the_client_has_moved_to_somebody_else(world: World, client: TestClient) -> None:
    assert post(client).status_code == 200
    world.apply(world.publisher.events)
    moved = world.publisher.events[-1].data
    assert isinstance(moved, ClientChanged)
    away = moved.model_copy(
        update={
            "client": moved.client.model_copy(update={"manager_id": "june"}),
            "manager": MANAGERS["june"],
            "revision": moved.revision + 1,
        }
    )
    world.apply([event(away, key="claire-arnaud", id="evt_moved", source="test", time=NOW)])
    refused = post(client)
    assert (refused.status_code, "idempotency-replayed" in refused.headers) == (404, False)
    assert "no longer see" in refused.json()["detail"]
    owner = program(world, "owner")
    assert post(owner).status_code == 200
    assert post(owner).headers["idempotency-replayed"] == "true", "the owner sees everybody"


def test_a_repeat_about_a_draft_that_a_colleague_gave_is_answered_while_it_is_given(world: World) -> None:
    june, line = program(world, "manager-june"), world.draft("claire-arnaud", "warn")
    sent = {
        "json": {"version": line.version, "subject": "Another", "body": line.body},
        "headers": {"Idempotency-Key": "e"},
    }
    path = f"/api/v1/drafts/{line.id}/edit"
    mark = {"draft_id": line.id, "assigned_to": "manager-june", "asked": False, "by": "manager-mara", "changed_at": NOW}
    with world.engine.begin() as connection:
        connection.execute(insert(draft_marks).values(mark))
    assert june.post(path, **sent).status_code == 200
    assert june.post(path, **sent).headers["idempotency-replayed"] == "true"
    with world.engine.begin() as connection:
        connection.execute(update(draft_marks).values(assigned_to=None))
    assert june.post(path, **sent).status_code == 404


def test_an_answer_from_before_an_update_is_not_given_unchecked(world: World, client: TestClient) -> None:
    post(client)
    with world.engine.begin() as connection:
        connection.execute(update(api_requests).values(subjects=null()))
    assert post(client).status_code == 409


def test_of_two_at_once_one_is_refused(world: World) -> None:
    requests = [KeyedRequest("owner", "k", "c", NOW) for _ in range(2)]
    with world.engine.begin() as connection:
        requests[0].record(connection)
    with world.engine.begin() as connection, pytest.raises(Conflict, match="being carried out"):
        requests[1].record(connection)


def test_an_action_without_a_transaction_of_its_own_is_kept_too(world: World) -> None:
    request = KeyedRequest("owner", "k", "c", NOW)
    request.answer(world.engine, idempotency.Answer(200, b"{}"))
    again = KeyedRequest("owner", "k", "c", NOW + timedelta(hours=1))
    assert idempotency.find_answer(world.engine, again) == idempotency.Answer(200, b"{}")
