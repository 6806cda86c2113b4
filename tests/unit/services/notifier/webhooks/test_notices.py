"""A disabled endpoint is reported by mail, at the desk and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from typer.testing import CliRunner

from firstword.compose.common import open_store
from firstword.compose.outbound import build_senders
from services.common.errors import BadInput
from services.common.metrics import Metrics
from services.common.settings import Settings
from services.notifier.delivery.channels.base import Outcome
from services.notifier.webhooks import endpoints, outbox
from services.notifier.webhooks.disabling import disable
from services.notifier.webhooks.notices import EndpointNotifier
from services.notifier.webhooks.payloads import trial_message
from tests.command_line import app
from tests.desk_world import World
from tests.fakes import ScriptedChannel
from tests.http_server import Reply, serving
from tests.webhook_world import WebhookWorld


def given_up(engine: Engine) -> WebhookWorld:
    world = WebhookWorld.on(engine)
    made = world.add("https://ann:tellnobody@hooks.example/in?token=tellnobody", description="the CRM")
    with engine.begin() as connection:
        disable(connection, made, "failing", "Nothing arrived for three days", world.clock.now())
    return world


async def test_a_notice_is_sent_by_mail_until_it_is_accepted(database: Engine) -> None:
    world = given_up(database)
    channel = ScriptedChannel(Outcome("retry", "busy"), Outcome("delivered", "ok"))
    notices = EndpointNotifier(database, world.clock, channel, "ops@harbour.example")
    assert await notices.send_due() == 1
    assert await notices.send_due() == 0, "not at once again"
    world.clock.advance(minutes=6)
    assert await notices.send_due() == 1
    world.clock.advance(days=1)
    assert await notices.send_due() == 0
    first, second = channel.sent
    assert first == second, "one notice, under one id"
    assert "the CRM" in first.subject
    assert "three days" in first.body
    assert "tellnobody" not in repr(first)


async def test_a_notice_that_may_have_arrived_is_not_repeated(database: Engine) -> None:
    world = given_up(database)
    channel = ScriptedChannel(Outcome("unknown", "no answer"))
    notices = EndpointNotifier(database, world.clock, channel, "ops@harbour.example")
    await notices.send_due()
    world.clock.advance(days=1)
    assert await notices.send_due() == 0


def test_the_desk_reports_it_to_its_owner(tmp_path: Path) -> None:
    desk = World.make(tmp_path)
    given_up(desk.engine)
    page = desk.browser().get("/").text
    assert "Webhooks to <bdi>the CRM</bdi> are disabled" in page
    assert "Nothing arrived for three days" in page
    assert "are disabled" not in desk.browser("manager-june").get("/").text


def test_the_command_line_manages_an_endpoint_from_adding_to_removing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    monkeypatch.setenv("FIRSTWORD_ALLOW_PRIVATE", '["127.0.0.1"]')

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["webhooks", *words])
        assert result.exit_code == code, result.output
        return result.stdout

    made = json.loads(run("add", "http://127.0.0.1:9/hook", "--json"))
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in run("list") + run("list", "--json") + run("show", made["id"])
    assert made["secret"] in run("show", made["id"], "--secret")
    assert "refuses the connection" in json.loads(run("test", made["id"], "--json", code=1))["detail"]
    fresh = json.loads(run("rotate", made["id"], "--json"))["secret"]
    assert json.loads(run("show", made["id"], "--secret"))["secrets"] == [fresh, made["secret"]]
    run("disable", made["id"], "--because", "moving house")
    assert json.loads(run("list", "--json"))[0]["disabled_because"] == "moving house"
    run("enable", made["id"], "--catch-up")
    assert json.loads(run("show", made["id"]))["state"] == "active"
    (attempt,) = json.loads(run("log", "--json"))
    assert json.loads(run("log", "--delivery", attempt["delivery_id"]))["tries"][0]["outcome"] == "retry"
    run("replay", made["id"], "--since", "2h")
    run("remove", made["id"])
    assert json.loads(run("list", "--json")) == []


async def test_a_test_message_reports_the_response(database: Engine) -> None:
    world = WebhookWorld.on(database)
    async with serving(lambda _: Reply(418, b"a teapot")) as server, world.worker() as worker:
        made = world.add(server.url())
        with database.begin() as connection:
            told = trial_message(made.id, "evt_test_1", world.clock.now())
            work = outbox.begin_test(connection, endpoints.find(connection, made.id), told, world.clock.now())
        done = await worker.send(work)
    assert (done.result.status, done.result.body) == (418, "a teapot")
    assert json.loads(server.requests[0].body)["type"] == "endpoint.test"
    (row,) = world.deliveries()
    assert (row["status"], world.endpoint(made.id).state) == ("failed", "active"), "tried once, and nothing follows"


@pytest.mark.parametrize(
    ("to", "found"), [(None, False), ("slack:ops", True), ("ops@harbour.example", None), ("teams:ops", None)]
)
def test_notices_use_the_configured_channel(tmp_path: Path, to: str | None, found: bool | None) -> None:
    hooks = {"ops": SecretStr("https://hooks.example/x")}
    settings = Settings(data=tmp_path, database=None, slack_hooks=hooks, notices_to=to)
    with open_store(settings) as store:
        if found is None:
            with pytest.raises(BadInput, match="isn't configured"):
                build_senders(store, Metrics())
        else:
            assert ("notices" in build_senders(store, Metrics())) is found
