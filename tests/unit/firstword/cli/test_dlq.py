"""``firstword dlq`` on a data folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firstword.compose import common
from firstword.storage.dead_letters import DeadLetter, DeadLetters
from services.common.db import reading
from services.common.settings import read_settings
from tests.command_line import Run, command_line

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    with common.open_store(read_settings(data=tmp_path)) as store, store.engine.begin() as connection:
        for seq, topic in ((7, "items"), (9, "alerts")):
            DeadLetters().add(connection, DeadLetter("annotate", 1, topic, seq, b"{", "no JSON", "UnreadableEvent", AT))
    return command_line(monkeypatch, capsys)


def test_dead_letters_are_listed_shown_and_dropped(run: Run) -> None:
    _, out, _ = run("dlq", "list", "--json")
    assert [(letter["id"], letter["topic"], letter["seq"]) for letter in json.loads(out)] == [
        ("1", "items", 7),
        ("2", "alerts", 9),
    ]
    assert json.loads(run("dlq", "show", "2")[1])["payload"] == "{"
    assert "annotate v1" in run("dlq", "list", "--topic", "items")[1]
    assert run("dlq", "drop", "1")[1].strip() == "Dropped 1 event."
    assert run("dlq", "show", "1")[0] == 2
    run("dlq", "drop", "--all")
    assert run("dlq", "list")[1].strip() == "No dead letters."


def test_events_are_replayed_by_the_running_system(run: Run, tmp_path: Path) -> None:
    assert "process again: 1 event." in run("dlq", "replay", "1")[1]
    listed = run("dlq", "list")[1].splitlines()
    assert ["waits for its replay" in line for line in listed[1:]] == [True, False]
    with common.open_store(read_settings(data=tmp_path)) as store, reading(store.engine) as connection:
        assert [letter.id for letter in DeadLetters().asked(connection)] == [1]


def test_the_stacks_database_holds_no_dead_letters(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_DATABASE", "postgresql://nobody@nowhere.example/firstword")
    code, _, err = run("dlq", "list")
    assert code == 2
    assert "FIRSTWORD_KAFKA" in err
