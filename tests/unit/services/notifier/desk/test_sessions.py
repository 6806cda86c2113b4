"""Each sign-in is a session of its own, listed with what is known of it, and ended alone or with all others."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import delete, select
from typer.testing import CliRunner

from firstword.compose.common import open_store
from services.common.db import reading
from services.common.settings import read_settings
from services.notifier.desk.auth import ensure_owner
from services.notifier.desk.sessions import (
    Session,
    SignIn,
    browser_in_words,
    create_session,
    list_sessions,
    shortened,
)
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log, sessions
from tests.command_line import app
from tests.desk_data import NOW
from tests.desk_world import World

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 "
    "Edg/137.0.0.0"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def listed(world: World, user_id: str | None = None) -> list[Session]:
    with reading(world.engine) as connection:
        return list(list_sessions(connection, world.clock.now(), user_id))


def ended(client: TestClient) -> bool:
    return str(client.get("/sessions").headers.get("location")) == "/signin"


def post(client: TestClient, path: str) -> Response:
    token = client.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    answer: Response = client.post(path, data={"form_token": token})
    return answer


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [(FIREFOX, "Firefox on Linux"), (EDGE, "Edge on Windows"), (SAFARI, "Safari on iPhone"),
     ("Mozilla/5.0 (Macintosh) Odd/1.0", "Another browser on macOS"), ("curl/8.5.0", "Another program"),
     ("<script>Firefox/1 " + "x" * 9_000, "Firefox"), ("", "Another program")],
)  # fmt: skip
def test_browsers_in_words(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("::ffff:192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
     ("fe80::1%eth0", "fe80::/48"), ("testclient", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_addresses_are_shortened(address: str | None, network: str) -> None:
    assert shortened(address) == network


def test_one_session_is_ended_and_the_others_stay(world: World) -> None:
    here, lost, june = world.browser("manager-mara"), world.browser("manager-mara"), world.browser("manager-june")
    here.headers["User-Agent"] = FIREFOX
    first, second = (session.id for session in sorted(listed(world, "manager-mara"), key=lambda each: each.id))
    with reading(world.engine) as connection:
        mine = here.app.state.site.sessions.viewer(connection, here.cookies["firstword_session"]).session.id  # type: ignore[attr-defined]
    other = second if mine == first else first
    page = here.get("/sessions").text
    assert (page.count("(this one)"), first in page, second in page, "June" in page) == (1, True, True, False)
    assert post(june, f"/sessions/{other}/end").status_code == 404, "another's"
    assert post(here, f"/sessions/{other}/end").headers["location"] == "/sessions?note=session-ended"
    assert (ended(lost), ended(here), ended(june)) == (True, False, False)
    assert post(here, f"/sessions/{other}/end").status_code == 404
    entry = select(audit_log.c.user_id, audit_log.c.detail).where(audit_log.c.action == "session.ended")
    with reading(world.engine) as connection:
        assert connection.execute(entry).all() == [("manager-mara", "of manager-mara: Another program")]


def test_all_others_end_and_a_cookie_without_its_row_is_worth_nothing(world: World) -> None:
    here, elsewhere, june = world.browser("manager-mara"), world.browser("manager-mara"), world.browser("manager-june")
    assert post(here, "/sessions/end-others").status_code == 303
    assert (ended(here), ended(elsewhere), ended(june)) == (False, True, False)
    with world.engine.begin() as connection:
        connection.execute(delete(sessions))
    assert ended(here)


def test_last_seen_is_recorded_now_and_then(world: World) -> None:
    client = world.browser("manager-mara")
    seen = TestClient(client.app, follow_redirects=False, client=("198.51.100.9", 4000), cookies=client.cookies)
    world.clock.advance(seconds=299)
    seen.get("/me")
    assert [(session.seen_at, session.network) for session in listed(world)] == [(NOW, "unknown")]
    world.clock.advance(seconds=1)
    seen.get("/me")
    assert [(session.seen_at, session.network) for session in listed(world)] == [(world.clock.now(), "198.51.100.0/24")]
    assert listed(world)[0].created_at == NOW


def test_the_owner_sees_and_ends_everybodys_by_the_api_too(world: World) -> None:
    owner, mara = world.browser(), world.browser("manager-mara")
    assert "Mara" in owner.get("/sessions").text
    items = owner.get("/api/v1/sessions").json()["items"]
    assert [(item["user_id"], item["is_this"], item["means"]) for item in items] == [
        ("owner", True, "link"), ("manager-mara", False, "link"),
    ]  # fmt: skip
    token = owner.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    answer = owner.post(f"/api/v1/sessions/{items[1]['id']}/end", headers={"X-Form-Token": token})
    assert (answer.status_code, ended(mara), ended(owner)) == (200, True, False)
    program = world.browser(None)
    with world.engine.begin() as connection:
        program.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    assert program.get("/api/v1/sessions").json()["items"][0]["is_this"] is False
    assert program.post("/api/v1/sessions/end-others").json() == {"ended": 1}
    assert ended(owner)


def test_the_command_line_lists_and_ends_them(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["people", *arguments, "--data", str(tmp_path)])
        return result.exit_code, result.output

    with open_store(read_settings(data=tmp_path)) as store, store.engine.begin() as connection:
        ensure_owner(connection, NOW)
        signin, now, day = SignIn("link", "Firefox on Linux", "192.0.2.0/24"), store.clock.now(), timedelta(days=1)
        ids = [create_session(connection, "owner", signin, now, valid_for=day) for _ in range(3)]
    assert [row["id"] for row in json.loads(run("sessions", "owner", "--json")[1])] == sorted(ids)
    assert run("end-sessions", "owner", "--session", ids[0]) == (0, "Ended 1 session of owner.\n")
    assert run("end-sessions", "owner", "--session", ids[0])[0] != 0
    assert run("end-sessions", "owner") == (0, "Ended 2 sessions of owner.\n")
    assert "Nobody is signed in." in run("sessions")[1]
    assert run("end-sessions", "nobody-here")[0] != 0
