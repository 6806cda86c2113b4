"""``firstword deliveries`` and ``firstword audit``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from firstword.storage.engine import open_sqlite
from services.notifier.audit_seals import AuditSealer
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.routes import manager_mail
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue
from services.notifier.tables import audit_log, deliveries
from tests.command_line import app
from tests.desk_data import MANAGERS, NOW
from tests.desk_world import World
from tests.fakes import ScriptedChannel


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["deliveries", *words], catch_exceptions=True)
    assert (result.exit_code == code) or (code and result.exception is not None), result.output
    return result.stdout


@pytest.fixture
def world(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    world = World.on(open_sqlite(shutil.copyfile(migrated_file, tmp_path / "firstword.db")))
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version, at_once=True)
    return world


def test_a_pending_delivery_can_be_canceled(world: World) -> None:
    (row,) = json.loads(run("list", "--json"))
    assert row["status"] == "pending"
    assert row["id"][:8] in run("list")
    run("cancel", row["id"])
    assert json.loads(run("show", row["id"]))["status"] == "failed"
    assert world.line(row["draft_id"]).state == "open"
    run("cancel", row["id"], code=1)


async def test_a_delivery_of_unknown_outcome_can_be_retried(world: World) -> None:
    await world.worker(ScriptedChannel(Outcome("unknown", "no answer"))).deliver_due()
    (row,) = json.loads(run("list", "--status", "unknown", "--json"))
    shown = json.loads(run("show", row["id"]))
    assert [attempt["outcome"] for attempt in shown["tries"]] == ["unknown"]
    run("cancel", row["id"], code=1)
    run("retry", row["id"])
    assert json.loads(run("list", "--json"))[0]["status"] == "pending"
    with world.engine.begin() as connection:
        connection.execute(update(deliveries).values(status="delivered"))
    run("retry", row["id"], code=2)


def test_unknown_ids_and_statuses_are_refused(world: World) -> None:
    for words in (("show", "dlv_none"), ("retry", "dlv_none"), ("cancel", "dlv_none"), ("list", "--status", "lost")):
        run(*words, code=2)


def test_messages_to_managers_are_listed_with_their_status(world: World) -> None:
    assert "No messages." in run("managers")
    manager = MANAGERS["june"].model_copy(update={"email": None})
    with world.engine.begin() as connection:
        words = RenderedMessage("Your day", "…", "…", ())
        enqueue(connection, "digest", manager, "2026-03-05", words, by=["email"], routes={"email": manager_mail},
            due_at=NOW, now=NOW)  # fmt: skip
    assert "no mail address for June Okafor" in run("managers", "--status", "failed")
    (row,) = json.loads(run("managers", "--json"))
    assert (row["kind"], row["manager_id"], row["status"]) == ("digest", "june", "failed")
    run("managers", "--status", "lost", code=2)


def test_the_audit_log_lists_actions_of_the_operator(world: World) -> None:
    (row,) = json.loads(run("list", "--json"))
    run("cancel", row["id"])
    result = CliRunner().invoke(app, ["audit", "--user", "ops", "--json"])
    entry, read = json.loads(result.stdout)
    assert (entry["action"], entry["client_id"]) == ("draft.taken_back", "claire-arnaud")
    assert (read["action"], read["detail"]) == ("deliveries.listed", "clients: claire-arnaud")
    assert "draft.taken_back" in CliRunner().invoke(app, ["audit", "--action", "draft"]).stdout
    assert "No entry matches." in CliRunner().invoke(app, ["audit", "--client", "nobody"]).stdout
    assert CliRunner().invoke(app, ["audit", "--since", "yesterday"]).exit_code != 0


def test_the_audit_log_is_verified(world: World) -> None:
    AuditSealer(world.engine, world.clock).seal_all()
    intact = CliRunner().invoke(app, ["audit", "verify"])
    assert intact.exit_code == 0
    assert "is intact" in intact.stdout
    head = json.loads(CliRunner().invoke(app, ["audit", "verify", "--json"]).stdout)["head"]
    assert CliRunner().invoke(app, ["audit", "verify", "--head", head]).exit_code == 0
    assert CliRunner().invoke(app, ["audit", "verify", "--head", "7"]).exit_code != 0
    with world.engine.begin() as connection:
        connection.execute(update(audit_log).values(user_id="nobody"))
    changed = CliRunner().invoke(app, ["audit", "verify", "--json"])
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)["intact"] is False
