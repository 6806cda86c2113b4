"""``firstword advice``: groups, a table for spreadsheets, and what is said where there is nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstword.compose import common
from schemas.drafts import DraftCreated
from services.common.settings import read_settings
from services.notifier.advice.store import record_opinions
from services.notifier.sinks import all_sinks
from tests.command_line import Run, command_line
from tests.desk_data import NOW, seed_events


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return command_line(monkeypatch, capsys, "advice")


def filled() -> None:
    """A data folder in which each draft that gives an opinion was sent."""
    with common.open_store(read_settings()) as store, store.engine.begin() as connection:
        for event in seed_events():
            for sink in all_sinks():
                if event.data.event_type.split(".")[0] in ("client", "alert", "draft"):
                    sink.apply(connection, event)
                    if isinstance(event.data, DraftCreated):
                        record_opinions(connection, event.data.draft.id, NOW)


def test_it_tells_what_there_is(run: Run) -> None:
    code, said, _ = run()
    assert code == 0
    assert "No opinion went out in this time" in said
    filled()
    code, said, _ = run("--by", "stance", "--days", "0")
    assert code == 0
    assert "holds" in said
    assert "Of fewer than 10 cases no share is reckoned" in said
    groups = json.loads(run("--by", "kind", "--days", "0", "--json")[1])
    assert sum(group["given"] for group in groups) == len(run("--csv", "--days", "0")[1].splitlines()) - 1
    theirs = run("--csv", "--days", "0", "--manager", "june")[1]
    assert "claire-arnaud" not in theirs
    assert "brightwater" in theirs


@pytest.mark.parametrize(("wrong", "fix"), [(("--by", "mood"), "There are: rule"), (("--manager", "x"), "Known here")])
def test_what_is_not_there_is_said_with_what_is(run: Run, wrong: tuple[str, ...], fix: str) -> None:
    code, _, complaint = run(*wrong)
    assert code == 2
    assert fix in complaint
