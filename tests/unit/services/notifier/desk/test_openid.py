"""Signing in with an OpenID Connect provider: known people by their verified address, and nobody with less."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import event, select, update
from sqlalchemy.dialects import postgresql

from firstword.compose.outbound import build_openid
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import OpenIdSettings, Settings
from services.notifier.desk import second_factor, totp
from services.notifier.desk.actions import people
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict
from services.notifier.desk.openid import CALLBACK, Attempt, Identity, OpenIdFailed, OpenIdProvider
from services.notifier.desk.pages import openid
from services.notifier.tables import audit_log, sessions, users
from tests.desk_data import NOW
from tests.desk_world import OWNER, World
from tests.openid_provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, FakeOpenId, openid_provider

BASE = "http://testserver"
MARA = "mara@firm.example"


@pytest.fixture
def provider() -> Iterator[FakeOpenId]:
    with openid_provider(NOW, f"{BASE}{CALLBACK}") as provider:
        yield provider


@pytest.fixture
def world(tmp_path: Path, provider: FakeOpenId) -> World:
    world = World.make(tmp_path)
    world.openid = built(provider)
    set_email(world, "manager-mara", MARA)
    return world


def built(provider: FakeOpenId) -> OpenIdProvider:
    secret = SecretStr(CLIENT_SECRET)
    given = OpenIdSettings(issuer=provider.issuer, client_id=CLIENT_ID, client_secret=secret, name="Firm ID")
    openid = build_openid(Settings(base_url=BASE, oidc=given))
    assert openid is not None
    return openid


def identify(provider: FakeOpenId, change: Callable[[str], str] = str) -> Identity:
    """Sign in without a desk; ``change`` is done to the address to which the provider sends the browser back."""

    async def run() -> Identity:
        openid, attempt = built(provider), Attempt.new()
        back = change(provider.authorize(await openid.signin_address(attempt, NOW)))
        return await openid.identify(attempt, dict(parse_qsl(urlsplit(back).query)), NOW)

    return asyncio.run(run())


def set_email(world: World, user_id: str, email: str) -> None:
    with world.engine.begin() as connection:
        people.set_email(ActionContext(connection, world.publisher, OWNER, world.clock.now()), user_id, email)


def begin(browser: TestClient) -> str:
    answer = browser.get("/signin/openid")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def sign_in(world: World, provider: FakeOpenId, browser: TestClient | None = None) -> tuple[TestClient, Response]:
    browser = browser or world.browser(None)
    return browser, browser.get(provider.authorize(begin(browser)).removeprefix(BASE))


def log(world: World, action: str) -> list[tuple[str, str, str]]:
    columns = audit_log.c.user_id, audit_log.c.subject, audit_log.c.detail
    with reading(world.engine) as connection:
        return [tuple(row) for row in connection.execute(select(*columns).where(audit_log.c.action == action))]


def refused(world: World, provider: FakeOpenId) -> str:
    """Try to sign in, and return why that was refused, by the audit log."""
    browser, answer = sign_in(world, provider)
    assert (answer.status_code, "Ask the owner of this installation" in answer.text) == (403, True)
    assert browser.get("/").status_code == 303
    return log(world, "signin.failed")[-1][2].removesuffix(", from unknown")


def test_a_known_person_signs_in_by_their_verified_address(world: World, provider: FakeOpenId) -> None:
    assert 'href="/signin/openid">Sign in with Firm ID' in world.browser(None).get("/signin").text
    provider.email = "Mara@Firm.example"
    browser, answer = sign_in(world, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Mara" in browser.get("/me").text
    assert log(world, "signin") == [("manager-mara", "OpenID Connect", "from unknown")]
    assert provider.requests == [
        "GET /.well-known/openid-configuration", "POST /token", "GET /keys",
    ], "its description is kept for a while"  # fmt: skip
    with reading(world.engine) as connection:
        assert connection.execute(select(sessions.c.means)).scalars().all() == ["OpenID Connect"]


def test_an_address_that_only_the_users_endpoint_tells_counts_too(world: World, provider: FakeOpenId) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    provider.asked_for = {"sub": provider.subject, "email": MARA, "email_verified": True}
    assert sign_in(world, provider)[1].headers["location"] == "/"
    provider.asked_for = {"sub": "another", "email": MARA, "email_verified": True}
    assert refused(world, provider) == "the provider speaks of another user"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"verified": False}, "verified no mail address"),
        ({"verified": "true"}, "verified no mail address"),
        ({"claims": {"email": None}, "asked_for": None}, "answered 200 to the question for the user"),
        ({"claims": {"nonce": "another"}}, "token belongs to another attempt"),
        ({"claims": {"nonce": None}}, "token belongs to another attempt"),
        ({"claims": {"iss": "https://elsewhere.example"}}, "can't be verified (InvalidIssuerError)"),
        ({"claims": {"aud": "another-program"}}, "can't be verified (InvalidAudienceError)"),
        ({"claims": {"azp": "another-program"}}, "made for another program"),
        ({"claims": {"exp": NOW.timestamp() - 61}}, "too old"),
        ({"claims": {"iat": NOW.timestamp() - 601}}, "too old"),
        ({"claims": {"iat": NOW.timestamp() + 61}}, "from the future"),
        ({"claims": {"exp": None}}, "can't be verified (MissingRequiredClaimError)"),
        ({"key": OTHER_KEY}, "can't be verified (InvalidSignatureError)"),
        ({"token": jwt.encode({"sub": "1"}, "", algorithm="none")}, "can't be verified"),
        ({"token": jwt.encode({"sub": "1"}, CLIENT_SECRET * 2, algorithm="HS256", headers={"kid": "k1"})}, "can't be"),
        ({"token": "no token"}, "can't be verified"),
        ({"metadata": {"issuer": "https://elsewhere.example"}}, "calls itself otherwise"),
        ({"metadata": {"token_endpoint": "file:///etc/passwd"}}, "no usable token_endpoint"),
    ],
)
def test_whoever_proves_less_is_nobody(provider: FakeOpenId, change: dict[str, Any], why: str) -> None:
    for name, value in change.items():
        setattr(provider, name, value)
    with pytest.raises(OpenIdFailed, match=re.escape(why)):
        identify(provider)


def another_state(address: str) -> str:
    return address.replace("state=", "state=x")


def another_issuer(address: str) -> str:
    return address.replace("iss=http", "iss=https")


def no_issuer(address: str) -> str:
    return address.partition("&iss=")[0]


def a_refusal(address: str) -> str:
    return f"{address}&error=access_denied"


@pytest.mark.parametrize("change", [another_state, another_issuer, no_issuer, a_refusal])
def test_an_answer_that_is_not_that_of_the_attempt_is_refused(
    provider: FakeOpenId, change: Callable[[str], str]
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(OpenIdFailed):
        identify(provider, change)
    assert "POST /token" not in provider.requests


def test_an_answer_is_of_one_browser_and_works_once(world: World, provider: FakeOpenId) -> None:
    browser, victim = world.browser(None), world.browser(None)
    back = provider.authorize(begin(browser)).removeprefix(BASE)
    assert victim.get(back).status_code == 403, "a link with somebody else's code signs nobody in"
    begin(victim)
    assert victim.get(back).status_code == 403
    cookies = dict(browser.cookies)
    assert browser.get(back).headers["location"] == "/"
    assert "firstword_openid" not in browser.cookies
    again = world.browser(None)
    again.cookies.update(cookies)
    assert again.get(back).status_code == 403
    assert log(world, "signin.failed")[-1][2].startswith("the provider answered 400")


def test_an_address_that_became_another_accounts_signs_nobody_in(world: World, provider: FakeOpenId) -> None:
    assert sign_in(world, provider)[1].headers["location"] == "/"
    provider.email = "eve@firm.example"
    assert refused(world, provider) == "an address of nobody here"
    provider.email, provider.subject = MARA, "2002"
    assert refused(world, provider) == "another account with the same address"
    set_email(world, "manager-mara", MARA)
    assert sign_in(world, provider)[1].headers["location"] == "/"


def test_whoever_may_not_sign_in_does_not_this_way_either(world: World, provider: FakeOpenId) -> None:
    with world.engine.begin() as connection:
        connection.execute(update(users).where(users.c.id == "manager-mara").values(disabled_at=NOW))
    assert refused(world, provider) == "a user who may not sign in"


def test_the_second_factor_comes_after_it(world: World, provider: FakeOpenId) -> None:
    with world.engine.begin() as connection:
        secret = second_factor.begin(connection, "manager-mara", NOW)
        assert second_factor.confirm(connection, "manager-mara", totp.code_at(secret, totp.step_at(NOW)), NOW)
    browser, answer = sign_in(world, provider)
    assert answer.headers["location"] == "/signin/code"
    assert browser.get("/").status_code == 303
    world.clock.advance(seconds=60)
    page = browser.get("/signin/code").text
    form = {"form_token": page.split('name="form_token" value="')[1].partition('"')[0]}
    code = totp.code_at(secret, totp.step_at(world.clock.now()))
    assert browser.post("/signin/code", data={**form, "code": code}).headers["location"] == "/"
    assert [subject for _, subject, _ in log(world, "signin")] == ["OpenID Connect and code"]


def proven_after(world: World, provider: FakeOpenId, path: str = "/signin/openid") -> bool:
    """Sign in as the owner; return whether that is a proof of who they are, for what asks for one."""
    browser = world.browser(None)
    address = str(browser.get(path).headers["location"])
    assert browser.get(provider.authorize(address).removeprefix(BASE)).headers["location"] == "/"
    assert ("prompt=login&max_age=0" in address) is ("again" in path)
    return "prove that it is you" not in browser.get("/people").text


def test_a_sign_in_proves_as_much_as_the_provider_asked_for(world: World, provider: FakeOpenId) -> None:
    set_email(world, "owner", "owner@firm.example")
    provider.email, seconds = "owner@firm.example", int(NOW.timestamp())
    assert proven_after(world, provider), "a provider that doesn't say when is believed that it was now"
    provider.claims = {"auth_time": seconds - 3_600}
    assert not proven_after(world, provider)
    assert not proven_after(world, provider, "/signin/openid?again=true"), "one that did not ask again"
    provider.claims = {"auth_time": seconds}
    assert proven_after(world, provider, "/signin/openid?again=true")
    for odd in (-1e300, 10**30):
        provider.claims = {"auth_time": odd}
        assert not proven_after(world, provider), odd


def test_the_owner_sets_addresses_each_for_one_person(world: World) -> None:
    owner = world.browser()
    page = owner.get("/people").text
    form = {"form_token": page.split('name="form_token" value="')[1].partition('"')[0]}
    answer = owner.post("/people/manager-june/email", data={**form, "email": " June@Firm.example "})
    assert answer.headers["location"] == "/people?note=person-email"
    assert "june@firm.example" in owner.get("/people").text
    assert log(world, "user.email")[-1] == ("owner", "manager-june", "june@firm.example")
    with pytest.raises(Conflict):
        set_email(world, "manager-june", MARA)
    with pytest.raises(BadInput):
        set_email(world, "manager-june", "june")
    assert owner.post("/people/manager-june/email", data={**form, "email": ""}).status_code == 303
    assert "june@firm.example" not in owner.get("/people").text


def test_nobody_makes_firstword_ask_the_provider_without_end(
    world: World, provider: FakeOpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "RATE", 2)
    browser, asked = sign_in(world, provider)[0], len(provider.requests)
    answers = [browser.get("/signin/openid"), browser.get(f"{CALLBACK}?state=x&code=y")]
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(429, "30")] * 2
    assert len(provider.requests) == asked
    world.clock.advance(seconds=60)
    assert browser.get("/signin/openid").status_code == 303


def test_of_two_first_sign_ins_at_once_one_waits_for_the_other(world: World, provider: FakeOpenId) -> None:
    found: list[str] = []

    def note(_: object, statement: Any, *given: object) -> None:
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        found.append(str(statement.compile(dialect=dialect)) if hasattr(statement, "compile") else "")

    event.listen(world.engine, "before_execute", note)
    assert sign_in(world, provider)[1].headers["location"] == "/"
    assert [text for text in found if "users.email =" in text and text.endswith("FOR UPDATE")]


def test_a_provider_that_is_down_is_said(world: World) -> None:
    assert world.openid is not None
    nowhere = replace(world.openid.settings, issuer="http://127.0.0.1:1")
    world.openid.settings = nowhere
    answer = world.browser(None).get("/signin/openid")
    assert (answer.status_code, "be asked now" in answer.text) == (502, True)
    world.openid = None
    assert world.browser(None).get("/signin/openid").status_code == 404
    assert "/signin/openid" not in world.browser(None).get("/signin").text


@pytest.mark.parametrize(
    "given",
    [{"issuer": "http://id.firm.example"}, {"issuer": "https://id.firm.example"},
     {"issuer": "https://id.firm.example", "client_id": "x"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(given: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        build_openid(Settings(data=tmp_path, oidc=OpenIdSettings(**given)))  # type: ignore[arg-type]
    assert build_openid(Settings(data=tmp_path)) is None
