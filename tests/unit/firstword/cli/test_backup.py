"""``firstword backup`` and ``firstword restore``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firstword.storage.engine import open_sqlite
from firstword.storage.migrate import migrate
from tests.command_line import app
from tests.desk_world import World

pytestmark = pytest.mark.slow


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output or str(result.exception)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the backup of an installation with an approved message that is due."""
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    engine = open_sqlite(tmp_path / "data" / "firstword.db")
    migrate(engine)
    world = World.on(engine)
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version, at_once=True)
    assert run("backup", str(tmp_path / "b.tar"))[0] == 0
    return tmp_path / "b.tar"


def test_a_message_that_may_have_been_sent_since_is_not_sent_again(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "restored"
    code, said = run("restore", str(file), "--data", str(target))
    assert (code, "may have been sent since the backup" in said) == (0, True)
    (row,) = json.loads(run("deliveries", "list", "--json", "--data", str(target))[1])
    assert row["status"] == "unknown"
    shown = json.loads(run("deliveries", "show", row["id"], "--data", str(target))[1])
    assert "it may have been sent since" in shown["tries"][0]["detail"]


def test_a_database_server_is_referred_to_its_own_tools(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_DATABASE", "postgresql://user@localhost/firstword")
    assert "pg_dump" in str(CliRunner().invoke(app, ["backup", str(file) + "2"]).exception.fix)  # type: ignore[union-attr]
