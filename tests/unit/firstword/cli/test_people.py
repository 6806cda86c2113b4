"""``firstword people``."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from firstword.cli.main import app
from firstword.compose.common import open_store
from firstword.compose.embedded import build_runtime
from firstword.storage.tables import events
from schemas.clients import Book
from services.common.settings import read_settings
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
