"""Consumers verify requests with the reference libraries of Standard Webhooks, in Python and JavaScript."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Engine
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifier.webhooks import endpoints
from tests.conftest import require
from tests.desk_data import NOW, seed_events
from tests.http_server import Reply, Request, serving
from tests.patience import PATIENCE_SECONDS
from tests.webhook_world import WebhookWorld

HERE = Path(__file__).parent / "webhooks"


async def posted(engine: Engine) -> tuple[list[Request], list[str]]:
    """Return requests that were sent during the rotation of a secret, and the secrets, the new one first."""
    world = WebhookWorld.on(engine)
    world.clock.set(NOW - timedelta(days=30))
    async with serving(lambda _: Reply()) as server:
        made = world.add(server.url())
        world.clock.set(datetime.now(UTC))  # the libraries use the machine's clock
        with engine.begin() as connection:
            endpoints.rotate(connection, made.id, world.clock.now())
        world.tell(*islice(seed_events(), 200))
        await world.deliver()
        return server.requests, world.endpoint(made.id).signing(world.clock.now())


async def test_the_python_library_verifies_every_request(database: Engine) -> None:
    requests, secrets = await posted(database)
    assert len(requests) > 10
    assert len(secrets) == 2
    for request in requests:
        for secret in secrets:
            assert Webhook(secret).verify(request.body, dict(request.headers)) == json.loads(request.body)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoints.new_secret()).verify(requests[0].body, dict(requests[0].headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(requests[0].body.replace(b"timestamp", b"timestomp"), dict(requests[0].headers))


@pytest.mark.slow
def test_the_javascript_library_verifies_every_request(database: Engine, tmp_path: Path) -> None:
    node = require("node", "install Node.js 20 or later (Debian: nodejs)")
    npm = require("npm", "install npm (Debian: npm)")
    shutil.copytree(HERE, tmp_path / "js")
    subprocess.run([npm, "ci", "--silent", "--ignore-scripts"], cwd=tmp_path / "js", check=True, timeout=600)
    requests, secrets = asyncio.run(posted(database))
    cases = [
        {"secret": secret, "body": request.body.decode(), "headers": dict(request.headers)}
        for request in requests
        for secret in (*secrets, endpoints.new_secret())
    ]
    lines = "".join(f"{json.dumps(request)}\n" for request in cases)
    result = subprocess.run(
        [node, "verify.js"],
        cwd=tmp_path / "js",
        input=lines,
        text=True,
        capture_output=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(cases)
    for case, answer in zip(cases, answers, strict=True):
        if case["secret"] in secrets:
            assert answer["read"] == json.loads(str(case["body"]))
        else:
            assert "read" not in answer
