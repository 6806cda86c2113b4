"""A stolen session lets nobody in and makes nothing that outlives it: that asks for a proof of who somebody is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, select, update

from services.common.db import reading
from services.notifier.desk import auth, second_factor, totp
from services.notifier.desk.access import PROVEN, PROVEN_OF_ALL, ROUTES
from services.notifier.desk.auth import SESSION_COOKIE
from services.notifier.desk.pages.proof import PAGES
from services.notifier.desk.throttle import FREE
from services.notifier.tables import api_tokens, audit_log, sessions, users
from tests.desk_world import World

FIELDS = {
    "user_id": "eve", "name": "Eve", "role": "owner", "email": "eve@elsewhere.example", "days": "30", "scope": "read",
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def old_session(world: World, user_id: str = "owner") -> TestClient:
    """Return a browser that signed in some time ago, or what somebody has who stole its cookie then."""
    browser = world.browser(user_id)
    world.clock.advance(seconds=601)
    return browser


def form(browser: TestClient, **fields: str) -> dict[str, str]:
    token = browser.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    return {"form_token": token, **fields}


def with_factor(world: World, user_id: str = "owner") -> str:
    with world.engine.begin() as connection:
        secret = second_factor.begin(connection, user_id, world.clock.now())
        code = totp.code_at(secret, totp.step_at(world.clock.now()))
        assert second_factor.confirm(connection, user_id, code, world.clock.now())
    world.clock.advance(seconds=60)
    return secret


def sign_in(world: World, secret: str, user_id: str = "owner") -> TestClient:
    browser = world.browser(None)
    link(world, browser, user_id)
    page = browser.get("/signin/code").text
    token = page.split('name="form_token" value="')[1].partition('"')[0]
    assert browser.post("/signin/code", data={"form_token": token, "code": code(world, secret)}).status_code == 303
    return browser


def link(world: World, browser: TestClient, user_id: str = "owner") -> None:
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, user_id, world.clock.now())
    assert browser.post("/signin", data={"token": token}).status_code == 303


def code(world: World, secret: str) -> str:
    return totp.code_at(secret, totp.step_at(world.clock.now()))


def state(world: World) -> tuple[object, ...]:
    """Return who may do what, and how many ways in there are."""
    with reading(world.engine) as connection:
        people = connection.execute(select(users.c.id, users.c.role, users.c.email, users.c.disabled_at)).all()
        required = second_factor.required_roles(connection)
        return sorted(map(str, people)), required, connection.scalar(select(func.count()).select_from(api_tokens))


def asked(answer: Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/me/proof?then=")


@pytest.mark.parametrize("route", PROVEN)
def test_a_stolen_session_does_none_of_it_and_a_proven_one_may(world: World, route: str) -> None:
    method, path = route.split()
    path, thief = path.format(user_id="manager-mara", feed_id="feed_x"), old_session(world)
    before = state(world)
    assert asked(thief.request(method, path, data=form(thief, **FIELDS)))
    assert state(world) == before
    owner = world.browser()
    assert not asked(owner.request(method, path, data=form(owner, **FIELDS)))


@pytest.mark.parametrize("route", PROVEN_OF_ALL)
def test_data_on_all_clients_leaves_only_with_a_proof(world: World, route: str) -> None:
    path = route.split()[1]
    assert asked(old_session(world).get(path))
    assert world.browser().get(path).status_code == 200
    assert not asked(old_session(world, "manager-mara").get(path)), "their own clients are another matter"


def test_the_tables_name_routes_that_there_are() -> None:
    assert set(ROUTES) >= {*PROVEN, *PROVEN_OF_ALL}
    assert set(ROUTES) >= {f"GET {page}" for page in PAGES}


def test_everything_that_changes_people_is_in_the_table() -> None:
    assert {route for route in ROUTES if route.startswith("POST /people")} <= set(PROVEN)


def test_a_code_proves_it_for_ten_minutes(world: World) -> None:
    secret = with_factor(world)
    owner = sign_in(world, secret)
    assert owner.post("/tokens", data=form(owner, **FIELDS)).status_code == 200, "who has just signed in has proved it"
    world.clock.advance(seconds=601)
    refused = owner.post("/people/manager-mara/link", data=form(owner))
    assert refused.headers["location"] == "/me/proof?then=%2Fpeople"
    assert "prove that it is you" in owner.get("/people").text
    page = owner.get(refused.headers["location"]).text
    assert 'name="then" value="/people"' in page
    wrong = owner.post("/me/proof", data=form(owner, code="000000", then="/people"))
    assert (wrong.status_code, "not valid now" in wrong.text) == (403, True)
    given = owner.post("/me/proof", data=form(owner, code=code(world, secret), then="/people"))
    assert given.headers["location"] == "/people?note=proved"
    assert "prove that it is you" not in owner.get("/people").text
    assert owner.post("/people/manager-mara/link", data=form(owner)).status_code == 200
    world.clock.advance(seconds=600)
    assert asked(owner.post("/people/manager-mara/link", data=form(owner)))
    with reading(world.engine) as connection:
        query = select(audit_log.c.action).where(audit_log.c.action.in_(("session.proved", "signin.failed")))
        assert connection.execute(query.order_by(audit_log.c.id)).scalars().all() == ["signin.failed", "session.proved"]


def test_a_thief_who_sets_up_a_factor_of_their_own_has_proved_nothing(world: World) -> None:
    thief = old_session(world)
    shown = thief.post("/me/second-factor/begin", data=form(thief)).text
    secret = re.search(r"<code class=\"secret\">([A-Z2-7]{32})</code>", shown)
    assert secret is not None
    done = thief.post("/me/second-factor/confirm", data=form(thief, code=code(world, secret[1])))
    assert "Your recovery codes" in done.text
    world.clock.advance(seconds=60)
    assert asked(thief.post("/people", data=form(thief, **FIELDS)))
    page = thief.get("/me/proof").text
    assert ('name="code"' in page, "Sign in again" in page) == (False, True)
    assert thief.post("/me/proof", data=form(thief, code=code(world, secret[1]))).status_code == 409
    assert asked(thief.post("/people", data=form(thief, **FIELDS)))


def test_codes_are_not_guessed_here_either(world: World) -> None:
    secret = with_factor(world)
    thief = sign_in(world, secret)
    world.clock.advance(seconds=601)
    sent = form(thief)
    assert [thief.post("/me/proof", data={**sent, "code": "123456"}).status_code for _ in range(FREE)] == [403] * FREE
    assert thief.post("/me/proof", data={**sent, "code": code(world, secret)}).status_code == 429


def test_signing_in_again_proves_it_and_replaces_the_session(world: World) -> None:
    owner = old_session(world)
    stolen = owner.cookies[SESSION_COOKIE]
    assert "Sign in again" in owner.get("/me/proof").text
    link(world, owner)
    assert owner.post("/people/manager-mara/link", data=form(owner)).status_code == 200
    thief = world.browser(None)
    thief.cookies.set(SESSION_COOKIE, stolen)
    assert thief.get("/").status_code == 303, "what was stolen before is worth nothing any more"


def test_an_address_leads_nowhere_else(world: World) -> None:
    secret = with_factor(world)
    owner = sign_in(world, secret)
    world.clock.advance(seconds=60)
    page = owner.get("/me/proof", params={"then": "https://elsewhere.example"})
    assert "elsewhere" not in page.text
    given = owner.post("/me/proof", data=form(owner, code=code(world, secret), then="//elsewhere.example"))
    assert given.headers["location"] == "/?note=proved"


def test_a_session_from_before_this_version_has_to_prove_it(world: World) -> None:
    owner = world.browser()
    with world.engine.begin() as connection:
        connection.execute(update(sessions).values(proved_at=None))
    assert asked(owner.post("/tokens", data=form(owner, **FIELDS)))
