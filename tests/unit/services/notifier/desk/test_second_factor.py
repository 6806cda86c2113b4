"""Codes as a second factor: the RFC's own vectors, and signing in against whoever has only the link, or an old code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, update

from firstword.cli.operator import OPERATOR
from services.common.db import reading
from services.common.sealing import Keys, new_key
from services.notifier.desk import auth, second_factor, totp
from services.notifier.desk.actions import second_factor as actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import CODE_COOKIE, SESSION_COOKIE
from services.notifier.desk.throttle import FREE
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log, recovery_codes, second_factors, sessions
from tests.desk_data import NOW
from tests.desk_world import World

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ME = "/me/second-factor"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def token_of(client: TestClient, path: str = ME) -> str:
    return str(client.get(path).text.split('name="form_token" value="')[1].partition('"')[0])


def post(client: TestClient, path: str, **fields: object) -> Response:
    answer: Response = client.post(path, data={"form_token": token_of(client), **fields})
    return answer


def enrol(world: World, client: TestClient) -> tuple[str, list[str]]:
    """Set up a second factor; return its secret and the recovery codes."""
    secret = re.search(r"<code class=\"secret\">([A-Z2-7]{32})</code>", post(client, f"{ME}/begin").text)
    assert secret is not None
    shown = post(client, f"{ME}/confirm", code=code_of(world, secret[1])).text
    codes = re.findall(r"<code class=\"secret\">([0-9a-f-]{23})</code>", shown)
    world.clock.advance(seconds=60)
    return secret[1], codes


def code_of(world: World, secret: str) -> str:
    return totp.code_at(secret, totp.step_at(world.clock.now()))


def first_factor(world: World, user_id: str = "manager-mara") -> TestClient:
    """Return a browser that has used a link, and is asked for a code."""
    client = world.browser(None)
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, user_id, world.clock.now())
    answer = client.post("/signin", data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin/code")
    return client


def give(client: TestClient, code: str) -> int:
    status: int = client.post(
        "/signin/code", data={"form_token": token_of(client, "/signin/code"), "code": code}
    ).status_code
    return status


def log(world: World, action: str) -> list[tuple[str, str]]:
    query = select(audit_log.c.user_id, audit_log.c.subject).where(audit_log.c.action == action)
    with reading(world.engine) as connection:
        return [(row.user_id, row.subject) for row in connection.execute(query.order_by(audit_log.c.id))]


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
     (20000000000, "353130")],
)  # fmt: skip
def test_the_vectors_of_the_rfc(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    step = totp.step_at(moment)
    assert totp.code_at(RFC_SECRET, step) == code
    assert totp.matching_step(RFC_SECRET, code, moment, None) == step
    assert totp.matching_step(RFC_SECRET, code, moment, step) is None, "none is accepted twice"
    assert totp.matching_step(RFC_SECRET, code, moment + timedelta(seconds=30), None) == step
    assert totp.matching_step(RFC_SECRET, code, moment + timedelta(seconds=60), None) is None
    assert totp.matching_step(RFC_SECRET, "", moment, None) is None


def test_setting_it_up_shows_a_picture_made_here_and_ends_other_sessions(world: World) -> None:
    mara, elsewhere = world.browser("manager-mara"), world.browser("manager-mara")
    page = post(mara, f"{ME}/begin")
    assert 'src="data:image/svg+xml' in page.text
    wrong = post(mara, f"{ME}/confirm", code="000000")
    assert (wrong.status_code, "not valid now" in wrong.text, "data:image" in wrong.text) == (400, True, True)
    assert elsewhere.get("/").status_code == 200, "it is not on yet"
    _, codes = enrol(world, mara)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert mara.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert codes[0] not in mara.get(ME).text
    with reading(world.engine) as connection:
        stored = connection.execute(select(recovery_codes.c.code_hash)).scalars().all()
    assert not set(codes) & set(stored)
    assert log(world, "user.factor_added") == [("manager-mara", "manager-mara")]
    assert post(mara, f"{ME}/begin").status_code == 409


def test_a_link_alone_opens_nothing_and_a_code_works_once(world: World) -> None:
    secret, _ = enrol(world, world.browser("manager-mara"))
    client = first_factor(world)
    assert client.cookies.get(SESSION_COOKIE) is None
    assert client.get("/").status_code == 303
    client.cookies.set(SESSION_COOKIE, client.cookies[CODE_COOKIE])
    assert client.get("/").status_code == 303, "one cookie is no other"
    client.cookies.delete(SESSION_COOKIE)
    code = code_of(world, secret)
    assert give(client, f" {code[:3]} {code[3:]} ") == 303
    assert client.get("/").status_code == 200
    assert client.cookies.get(CODE_COOKIE) is None
    thief = first_factor(world)
    assert give(thief, code) == 403
    world.clock.advance(seconds=30)
    assert give(thief, code) == 403, "also while the next one runs"
    assert log(world, "signin")[-1] == ("manager-mara", "link and code")
    assert log(world, "signin.failed") == [("manager-mara", "code")] * 2


def test_a_session_that_was_planted_is_replaced(world: World) -> None:
    secret, _ = enrol(world, world.browser("manager-mara"))
    attacker, victim = world.browser("manager-june"), first_factor(world)
    planted = attacker.cookies[SESSION_COOKIE]
    victim.cookies.set(SESSION_COOKIE, planted, domain="testserver.local", path="/")
    answer = victim.post(
        "/signin/code", data={"form_token": token_of(victim, "/signin/code"), "code": code_of(world, secret)}
    )
    issued = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(SESSION_COOKIE))
    assert planted not in issued
    assert "HttpOnly" in issued


def test_a_recovery_code_works_once(world: World) -> None:
    _, codes = enrol(world, world.browser("manager-mara"))
    assert give(first_factor(world), codes[3].upper()) == 303
    again = first_factor(world)
    assert give(again, codes[3]) == 403
    assert give(again, codes[4].replace("-", " ")) == 303
    assert "8 recovery codes are left" in again.get(ME).text
    assert log(world, "user.recovery_code_used") == [("manager-mara", "manager-mara")] * 2


def test_wrong_codes_wait_and_in_the_wait_no_code_is_looked_at(world: World) -> None:
    secret, codes = enrol(world, world.browser("manager-mara"))
    june_secret, _ = enrol(world, world.browser("manager-june"))
    client = first_factor(world)
    assert [give(client, "abc") for _ in range(FREE)] == [403] * FREE
    assert give(client, code_of(world, secret)) == 429
    assert give(first_factor(world), codes[0]) == 429, "from elsewhere neither"
    assert give(first_factor(world, "manager-june"), code_of(world, june_secret)) == 303, "others don't wait"
    world.clock.advance(seconds=2)
    assert give(client, code_of(world, secret)) == 303


def test_the_form_needs_its_token_and_its_cookie_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = enrol(world, world.browser("manager-mara"))
    client, other = first_factor(world), first_factor(world)
    code = code_of(world, secret)
    assert client.post("/signin/code", data={"code": code}).status_code == 403
    foreign = {"code": code, "form_token": token_of(other, "/signin/code")}
    assert client.post("/signin/code", data=foreign).status_code == 403
    assert world.browser(None).post("/signin/code", data=foreign).status_code == 403
    with world.engine.begin() as connection:
        auth.end_sessions(connection, "manager-mara")
    assert client.get("/signin/code").status_code == 403, "signing out everywhere ends it too"
    late = first_factor(world)
    monkeypatch.setattr(auth, "CODE_LIFETIME", timedelta(seconds=-1))
    assert late.get("/signin/code").status_code == 403


@pytest.mark.parametrize("act", ["begin", "confirm", "codes", "remove"])
def test_every_form_of_the_page_needs_its_token(world: World, act: str) -> None:
    assert world.browser("manager-mara").post(f"{ME}/{act}", data={"code": "1"}).status_code == 400


def test_removing_it_and_new_codes_ask_for_a_code(world: World) -> None:
    mara = world.browser("manager-mara")
    secret, codes = enrol(world, mara)
    assert post(mara, f"{ME}/remove", code="000000").status_code == 400
    renewed = post(mara, f"{ME}/codes", code=codes[0])
    assert renewed.status_code == 200
    assert give(first_factor(world), codes[1]) == 403, "the earlier ones are gone"
    assert post(mara, f"{ME}/remove", code=code_of(world, secret)).status_code == 303
    assert world.browser("manager-mara").get("/").status_code == 200


def test_a_role_may_need_it_and_that_counts_at_once(world: World) -> None:
    owner, mara = world.browser(), world.browser("manager-mara")
    with world.engine.begin() as connection:
        bearer = {"Authorization": f"Bearer {create_api_token(connection, 'manager-mara', NOW)}"}
    form = token_of(mara)
    answer = owner.post("/people/factors", data={"form_token": token_of(owner), "role": ["manager", "lead"]})
    assert answer.status_code == 303
    assert (mara.get("/").status_code, mara.get("/").headers["location"]) == (303, ME)
    assert mara.get("/api/v1/drafts").status_code == 403
    assert mara.post("/me/ways", data={"form_token": form}).headers["location"] == ME
    assert world.browser(None).get("/api/v1/drafts", headers=bearer).status_code == 200
    assert owner.get("/").status_code == 200
    assert "Your role needs a second factor" in mara.get(ME).text
    enrol(world, mara)
    assert mara.get("/").status_code == 200
    assert log(world, "factor.required") == [("owner", "roles")]
    assert mara.post("/people/factors", data={"form_token": token_of(mara)}).status_code == 403


def test_the_owner_resets_what_was_lost(world: World) -> None:
    owner, mara = world.browser(), world.browser("manager-mara")
    enrol(world, mara)
    waiting = first_factor(world)
    assert owner.post("/people/manager-mara/reset-factor", data={"form_token": token_of(owner)}).status_code == 303
    assert mara.get("/").status_code == 303
    assert waiting.get("/signin/code").status_code == 403
    assert world.browser("manager-mara").get("/").status_code == 200
    assert log(world, "user.factor_reset") == [("owner", "manager-mara")]


def test_an_owner_does_not_reset_their_own(world: World) -> None:
    owner = world.browser()
    enrol(world, owner)
    refused = owner.post("/people/owner/reset-factor", data={"form_token": token_of(owner)})
    assert (refused.status_code, "ask another owner" in refused.text) == (409, True)
    assert "/people/owner/reset-factor" not in owner.get("/people").text
    with world.engine.begin() as connection:
        actions.reset(ActionContext(connection, world.publisher, OPERATOR, NOW), "owner")
    assert log(world, "user.factor_reset") == [("ops", "owner")]
    assert owner.get("/").status_code == 303
    assert world.browser("owner").get("/").status_code == 200, "a link alone, until it is set up anew"


def test_a_token_is_made_only_in_a_session_with_the_factor_that_the_role_needs(world: World) -> None:
    mara, fields = world.browser("manager-mara"), {"name": "CRM", "days": 30, "scope": "read"}
    assert post(mara, "/tokens", **fields).status_code == 200, "nobody asks for it"
    enrol(world, mara)
    with world.engine.begin() as connection:
        second_factor.require_for(connection, ["manager"])
    assert post(mara, "/tokens", **fields).status_code == 200
    with world.engine.begin() as connection:
        connection.execute(update(sessions).values(with_factor=False))
    refused = post(mara, "/tokens", **fields)
    assert (refused.status_code, "sign in again with a code" in refused.text) == (409, True)


def test_secrets_are_sealed_and_move_to_a_new_key(world: World) -> None:
    old, new = new_key(), new_key()
    engine = world.engine.execution_options(keys=Keys((old,), "a test"))
    with engine.begin() as connection:
        secret = second_factor.begin(connection, "owner", NOW)
        stored = connection.execute(select(second_factors.c.secret)).scalar_one()
        assert stored.startswith("sealed:")
        assert secret not in stored
    with world.engine.execution_options(keys=Keys((new, old), "a test")).begin() as connection:
        assert second_factor.seal_all(connection) == 0
    with world.engine.execution_options(keys=Keys((new,), "a test")).begin() as connection:
        assert second_factor.pending_secret(connection, "owner") == secret
    with world.engine.execution_options(keys=Keys((new_key(),), "a test")).begin() as connection:
        assert second_factor.seal_all(connection) == 1
