"""Endpoints' secrets are sealed in the database, and still sign."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from standardwebhooks import Webhook
from typer.testing import CliRunner

from firstword.compose.common import open_store
from services.common.db import reading
from services.common.sealing import Keys, LockedSecret, new_key
from services.common.settings import Settings
from services.notifier.webhooks import endpoints
from services.notifier.webhooks.tables import webhook_endpoints
from tests.command_line import app
from tests.desk_data import NOW
from tests.http_server import Reply, serving
from tests.webhook_world import WebhookWorld, dismissed


def stored(engine: Engine) -> str:
    with reading(engine) as connection:
        return json.dumps(connection.execute(select(webhook_endpoints.c.secrets)).scalars().all())


async def test_a_sealed_secret_signs_and_is_replaced(database: Engine) -> None:
    world = WebhookWorld.on(database.execution_options(keys=Keys([new_key()], "a test")))
    async with serving(lambda _: Reply()) as server:
        endpoint = world.add(server.url())
        assert "whsec_" not in stored(database)
        (former,) = endpoint.signing(NOW)
        with world.engine.begin() as connection:
            fresh = endpoints.rotate(connection, endpoint.id, NOW)
        assert "whsec_" not in stored(database)
        assert world.endpoint(endpoint.id).signing(NOW) == [fresh, former]
        world.tell(dismissed(1))
        assert await world.deliver() == 1
    (request,) = server.requests
    signed = request.headers["webhook-signature"].split()
    for secret in (fresh, former):
        assert Webhook(secret).sign(request.headers["webhook-id"], NOW, request.body.decode()) in signed


async def test_without_the_key_nothing_is_sent_until_a_retry(database: Engine) -> None:
    world = WebhookWorld.on(database.execution_options(keys=Keys([new_key()], "a test")))
    async with serving(lambda _: Reply()) as server:
        endpoint = world.add(server.url())
        world.tell(dismissed(1))
        lost = WebhookWorld(
            database.execution_options(keys=Keys([new_key()], "elsewhere")), world.clock, world.publisher
        )
        with pytest.raises(LockedSecret):
            lost.endpoint(endpoint.id).signing(NOW)
        assert await lost.deliver() == 1
        assert server.requests == []
        (attempt,) = world.attempts()
        assert attempt["outcome"] == "retry"
        assert "Put the key back" in attempt["detail"]
        with lost.engine.begin() as connection:
            endpoints.rotate(connection, endpoint.id, NOW)
        world.clock.advance(seconds=6)
        assert await lost.deliver() == 1
        assert len(server.requests) == 1, "a new secret signs, though the former can't be read"


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_plain_text_secrets_are_sealed_at_the_next_start(tmp_path: Path) -> None:
    with open_store(Settings(data=tmp_path, database=None)) as store:
        plain = store.engine.execution_options(keys=Keys([], "none"))
        with plain.begin() as connection:
            made = endpoints.add(connection, "https://hooks.example/", NOW)
        assert made.secrets[0].value in stored(plain)
    with open_store(Settings(data=tmp_path, database=None)) as store:
        assert "whsec_" not in stored(store.engine)
        with reading(store.engine) as connection:
            assert endpoints.find(connection, made.id).signing(NOW) == [made.secrets[0].value]


def test_the_command_line_replaces_the_key(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "webhooks", "add", "https://hooks.example/", "--json"))
    with open_store(Settings(data=tmp_path, database=None)) as running:
        before = stored(running.engine)
        assert made["secret"] not in before
        assert "first of 2 keys" in run(tmp_path, "keys", "rotate")
        assert stored(running.engine) != before
        with reading(running.engine) as connection:
            assert endpoints.find(connection, made["id"]).signing(NOW) == [made["secret"]], "while it runs"
    shown = json.loads(run(tmp_path, "webhooks", "show", made["id"], "--secret"))
    assert shown["secrets"] == [made["secret"]]
    assert len(CliRunner().invoke(app, ["keys", "new"]).stdout.strip()) == 64


def test_the_doctor_reports_a_missing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(run(tmp_path, "webhooks", "add", "https://hooks.example/", "--json"))
    assert _check(tmp_path)["state"] == "ok"
    monkeypatch.setenv("FIRSTWORD_KEYS", new_key())
    found = _check(tmp_path)
    assert (found["state"], made["id"] in found["fix"]) == ("fail", True)


def _check(folder: Path) -> dict[str, str]:
    result = CliRunner().invoke(app, ["doctor", "--json", "--data", str(folder)])
    checks: list[dict[str, str]] = json.loads(result.stdout)
    return next(check for check in checks if check["what"] == "webhook secrets")
