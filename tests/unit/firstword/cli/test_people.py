"""``firstword people``."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from firstword.compose.common import open_store
from firstword.compose.embedded import build_runtime
from firstword.storage.tables import events
from schemas.clients import Book
from services.common.settings import read_settings
from services.notifier.tables import interactions
from tests.command_line import app
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager

CLIENT = "anna-berg"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["people", *words])
    return result.exit_code, result.output or str(result.exception)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    manager = a_manager()
    clients = tuple(
        a_client(id=id, name=name, manager_id=manager.id) for id, name in ((CLIENT, "Anna Berg"), ("b", "Bo"))
    )
    with open_store(read_settings()) as store:
        store.import_book(Book(firm=a_firm(), managers=(manager,), clients=clients))
        build_runtime(store).run_until_idle()
    return tmp_path


def events_of(client_id: str) -> int:
    with open_store(read_settings()) as store:
        runtime = build_runtime(store)
        runtime.run_until_idle()
        runtime.prune()
        with store.engine.connect() as connection:
            query = select(func.count()).select_from(events).where(events.c.key == client_id)
            return connection.scalar(query) or 0


def test_everything_on_a_client_is_written_to_a_private_file(data: Path) -> None:
    file = data / "anna.json"
    assert run("export", CLIENT, "-o", str(file))[0] == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = json.loads(file.read_text())
    assert found["data"]["clients"]["rows"][0]["name"] == "Anna Berg"
    assert run("export", CLIENT, "-o", str(file))[0] != 0
    assert "Nothing is stored" in run("export", "nobody", "-o", str(data / "x.json"))[1]


def test_an_erased_client_is_nowhere_any_more(data: Path) -> None:
    assert events_of(CLIENT) > 0
    code, said = run("erase", CLIENT, "--yes")
    assert (code, "Erased anna-berg" in said) == (0, True)
    assert events_of(CLIENT) == 0
    assert events_of("b") > 0
    with open_store(read_settings()) as store:
        book = store.book()
    assert book is not None
    assert [client.id for client in book.clients] == ["b"]
    for file in (data / "data").rglob("*.db*"):
        assert b"Anna Berg" not in file.read_bytes(), file
    assert run("erase", CLIENT, "--yes")[0] != 0


def test_an_erasure_asks_first() -> None:
    result = CliRunner().invoke(app, ["people", "erase", CLIENT], input="n\n")
    assert result.exit_code != 0
    assert events_of(CLIENT) > 0


def test_the_tables_are_listed() -> None:
    code, said = run("tables")
    assert code == 0
    assert "audit_log" in said


def test_retention_shows_how_long_each_kind_is_kept_why_and_what_was_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(read_settings()) as store, store.engine.begin() as connection:
        row: dict[str, object] = {"id": "i", "client_id": CLIENT, "manager_id": "m", "channel": "phone"}
        row |= {"at": datetime(2001, 1, 1, tzinfo=UTC), "summary": "", "outcome": "x"}
        connection.execute(interactions.insert().values(row))
    code, said = run("retention")
    (line,) = [line for line in said.splitlines() if line.startswith("conversations")]
    assert code == 0
    assert all(text in line for text in ("1,827", "MiFID II", "not yet")), line
    assert line.split()[-1] == "1"
    monkeypatch.setenv("FIRSTWORD_RETENTION_HOLD", "true")
    assert "FIRSTWORD_RETENTION_HOLD is on" in run("retention", "--run")[1]
    monkeypatch.delenv("FIRSTWORD_RETENTION_HOLD")
    assert "Removed 1 rows of 1 kinds" in run("retention", "--run")[1]
    code, said = run("retention", "--json")
    (found,) = [kind for kind in json.loads(said)["kinds"] if kind["kind"] == "conversations"]
    assert (found["days"], found["due"], found["last_run"]["removed_rows"]) == (1_827, 0, 1)


def test_retention_says_what_is_kept_for_less_than_a_law_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_RETENTION", '{"conversations": 30}')
    code, said = run("retention")
    assert code == 0
    assert "conversations is kept for 30 days, and the law named asks 1,827" in said
    monkeypatch.setenv("FIRSTWORD_RETENTION", '{"talks": 30}')
    assert run("retention")[0] != 0


def test_what_the_command_line_shows_of_clients_is_in_the_log() -> None:
    for words in (["clients", "list"], ["clients", "show", CLIENT], ["noticed", "list"], ["clients", "remove", "b"]):
        assert CliRunner().invoke(app, words).exit_code == 0
    entries = json.loads(CliRunner().invoke(app, ["audit", "--json"]).output)
    assert [(entry["action"], entry["client_id"], entry["detail"]) for entry in entries] == [
        ("client.removed", None, None), ("noticed.listed", None, None), ("client.read", CLIENT, None),
        ("clients.listed", None, f"clients: {CLIENT}, b"),
    ]  # fmt: skip


def test_roles_are_given_on_the_command_line() -> None:
    assert run("add", "ann.lee", "king", "--name", "Ann Lee")[0] != 0
    code, said = run("add", "ann.lee", "compliance", "--name", "Ann Lee")
    assert (code, "firstword signin --user ann.lee" in said) == (0, True)
    link = CliRunner().invoke(app, ["signin", "--user", "ann.lee"])
    assert (link.exit_code, "/signin?token=" in link.output) == (0, True)
    assert CliRunner().invoke(app, ["signin", "--user", "ann.lee", "--manager", "mara"]).exit_code != 0
    assert run("role", "ann.lee", "reader")[0] == 0
    (person,) = json.loads(run("list", "--json")[1])
    assert (person["user_id"], person["role"], person["disabled_at"]) == ("ann.lee", "reader", None)
    assert run("reset-factor", "ann.lee")[0] == 0
    assert run("reset-factor", "nobody-here")[0] != 0
    assert run("disable", "ann.lee")[0] == 0
    assert "not since" in run("list")[1]
    assert run("enable", "ann.lee")[0] == 0
    assert "Compliance" in run("roles")[1] or "compliance" in run("roles")[1]
    entries = json.loads(CliRunner().invoke(app, ["audit", "--action", "user", "--json"]).output)
    assert [entry["action"] for entry in entries] == [
        "user.enabled", "user.disabled", "user.factor_reset", "user.role", "user.link_created", "user.added",
    ]  # fmt: skip
    assert {entry["user_id"] for entry in entries} == {"ops"}
