from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstword.client import ApiError, Desk, each, models
from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


@pytest.fixture
def client(world: World) -> Desk:
    with world.engine.begin() as connection:
        token = create_api_token(connection, "owner", NOW)
    http: Any = world.browser(None)  # the test client of the web framework is one of httpx
    return Desk("http://testserver/", token, http=http)


def test_a_draft_is_read_edited_and_approved(client: Desk) -> None:
    listed = list(each(client.list_drafts, limit=2))
    assert len(listed) == client.list_drafts().total
    draft = client.get_draft(next(line.id for line in listed if line.client_id == "claire-arnaud"))
    assert draft.alert is not None
    changed = client.edit(draft.id, models.Edit(version=draft.version, subject="Another", body=draft.body))
    assert (changed.subject, changed.version) == ("Another", draft.version + 1)
    with pytest.raises(ApiError, match="has changed since you opened it") as caught:
        client.dismiss(draft.id, models.Dismissal(version=draft.version, reason="too_late"))
    assert (caught.value.status, caught.value.type) == (409, "urn:firstword:problem:conflict")
    client.dismiss(draft.id, models.Dismissal(version=changed.version, reason="too_late"))
    assert client.list_audit_log(action="draft.dismissed", from_=date(2026, 3, 1)).total == 1


def test_a_key_makes_a_repeat_safe(world: World, client: Desk) -> None:
    mood = models.MoodDecision(mood="upset")
    for _ in range(2):
        client.decide_mood("claire-arnaud", mood, key="one")
    assert world.types() == ["client.changed"]


def answering(*answers: httpx.Response | httpx.TransportError) -> tuple[Desk, list[httpx.Request], list[float]]:
    left, sent, slept = list(answers), list[httpx.Request](), list[float]()

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Desk("https://desk.example", "fw_x", http=http, sleep=slept.append), sent, slept


DONE = httpx.Response(200, json={"client_id": "a/b"})


def test_a_request_is_repeated_with_its_key() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "5"}, json={})
    client, sent, slept = answering(httpx.ConnectError("no"), busy, DONE)
    assert client.decide_mood("a/b", models.MoodDecision(mood="calm")).client_id == "a/b"
    assert [request.url.raw_path for request in sent] == [b"/api/v1/clients/a%2Fb/mood"] * 3
    assert len({request.headers["Idempotency-Key"] for request in sent}) == 1
    assert {request.headers["Authorization"] for request in sent} == {"Bearer fw_x"}
    assert slept == [1.0, 5.0]


def test_it_gives_up_after_some_repeats() -> None:
    client, sent, _ = answering(*[httpx.Response(429, text="busy")] * 3)
    with client, pytest.raises(ApiError, match=r"answered 429\."):
        client.get_health()
    assert len(sent) == 3
    client, _, _ = answering(*[httpx.ConnectError("no")] * 3)
    with pytest.raises(httpx.ConnectError):
        client.get_health()


def test_a_refusal_is_not_repeated() -> None:
    client, sent, _ = answering(httpx.Response(404, json={"detail": "There is no such draft.", "fix": "Look again."}))
    with pytest.raises(ApiError, match=r"no such draft\. Look again\."):
        client.get_draft("x")
    assert len(sent) == 1
