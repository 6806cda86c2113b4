"""Signing in with an OpenID Connect provider that is another's program, in a process of its own, over real sockets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.e2e.test_up import FIRSTWORD, running
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port

ADDRESS, SUBJECT = "owner@firm.example", "1001"
BOOK = Path(__file__).with_name("book.yaml")
OPML = '<opml version="2.0"><body><outline type="rss" text="X" xmlUrl="http://127.0.0.1:9/feed.xml"/></body></opml>'
START_SECONDS = 120


class Provider:
    """oidc-provider-mock: clients have to be registered, and a nonce is needed."""

    def __init__(self, log: Path) -> None:
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        owner = json.dumps({"sub": SUBJECT, "email": ADDRESS, "email_verified": True})
        words = ("--port", str(port), "--require-registration", "--require-nonce", "--user-claims", owner)
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", *words]
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)

    def wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            try:
                httpx.get(
                    f"{self.issuer}/.well-known/openid-configuration", timeout=PATIENCE_SECONDS
                ).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("the provider did not start")

    def register(self, redirect: str) -> dict[str, str]:
        answer = httpx.post(
            f"{self.issuer}/oauth2/clients", json={"redirect_uris": [redirect]}, timeout=PATIENCE_SECONDS
        )
        found: dict[str, str] = answer.raise_for_status().json()
        return found

    def set_user(self, subject: str, **claims: object) -> None:
        httpx.put(f"{self.issuer}/users/{subject}", json=claims, timeout=PATIENCE_SECONDS).raise_for_status()

    def answer(self, address: str, **form: str) -> str:
        """Press the button of the provider's page; return where it sends the browser."""
        assert httpx.get(address, timeout=PATIENCE_SECONDS).status_code == 200
        sent = httpx.post(address, data=form, timeout=PATIENCE_SECONDS)
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def provider_process(log: Path) -> Iterator[Provider]:
    provider = Provider(log)
    try:
        provider.wait()
        yield provider
    finally:
        provider.kill()


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with provider_process(tmp_path / "provider.log") as provider:
        yield provider


def begin(browser: httpx.Client, path: str = "/signin/openid") -> str:
    answer = browser.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def new_browser(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=PATIENCE_SECONDS)


@pytest.mark.slow
def test_a_known_person_signs_in_at_another_programs_provider(provider: Provider, tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    desk = f"http://127.0.0.1:{port}"
    client = provider.register(f"{desk}/signin/openid/callback")
    (tmp_path / "feeds.opml").write_text(OPML)
    settings = {
        "FIRSTWORD_BASE_URL": desk,
        "FIRSTWORD_OIDC_ISSUER": provider.issuer,
        "FIRSTWORD_OIDC_CLIENT_ID": client["client_id"],
        "FIRSTWORD_OIDC_CLIENT_SECRET": client["client_secret"],
        "FIRSTWORD_OIDC_NAME": "Firm ID",
    }
    options = ("--book", str(BOOK), "--feeds", str(tmp_path / "feeds.opml"))
    with running(data, *options, port=port, **settings), new_browser(desk) as browser, new_browser(desk) as other:
        assert "Sign in with Firm ID" in browser.get("/signin").text
        back = provider.answer(begin(browser), sub=SUBJECT)
        refused = browser.get(back)
        assert (refused.status_code, "Ask the owner of this installation" in refused.text) == (403, True)

        command = [FIRSTWORD, "people", "email", "owner", ADDRESS, "--data", str(data)]
        assert subprocess.run(command, capture_output=True).returncode == 0
        address = begin(browser)
        asked = parse_qs(urlsplit(address).query)
        assert (asked["code_challenge_method"], len(asked["nonce"][0]) > 20) == (["S256"], True)
        back = provider.answer(address, sub=SUBJECT)
        assert other.get(back).status_code == 403, "the answer is one browser's"
        signed_in = browser.get(back)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
        assert "by OpenID Connect" in browser.get("/sessions").text
        assert browser.get(back).status_code == 403, "and works once"

        token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/me").text)
        assert token is not None
        made = browser.post("/tokens", data={"form_token": token[1], "name": "x", "days": "1", "scope": "read"})
        assert made.status_code == 200, "who has just signed in has proved who they are"
        assert parse_qs(urlsplit(begin(browser, "/signin/openid?again=true")).query)["prompt"] == ["login"]

        provider.set_user("2002", email=ADDRESS, email_verified=True)
        assert other.get(provider.answer(begin(other), sub="2002")).status_code == 403, "another account"
        provider.set_user(SUBJECT, email=ADDRESS, email_verified=False)
        assert other.get(provider.answer(begin(other), sub=SUBJECT)).status_code == 403, "not verified any more"
        back = provider.answer(begin(other), sub=SUBJECT)
        provider.kill()
        gone = other.get(back)
        assert (gone.status_code, "Firm ID can" in gone.text) == (502, True)
        assert other.get("/").status_code == 303
        said = subprocess.run(
            [FIRSTWORD, "audit", "--action", "signin", "--json", "--data", str(data)], capture_output=True, text=True
        )
        details = [entry["detail"] for entry in json.loads(said.stdout)]
        reasons = (
            "an address of nobody here",
            "another account with the same address",
            "the provider has verified no mail address",
        )
        for reason in reasons:
            assert any(detail.startswith(reason) for detail in details), details
