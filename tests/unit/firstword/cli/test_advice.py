"""``firstword advice``: groups, CSV, and the message without data."""

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


def fill_folder() -> None:
    """Fill the data folder, with every draft that gives an opinion sent."""
    with common.open_store(read_settings()) as store, store.engine.begin() as connection:
        for event in seed_events():
            for sink in all_sinks():
                if event.data.event_type.split(".")[0] in ("client", "alert", "draft"):
                    sink.apply(connection, event)
                    if isinstance(event.data, DraftCreated):
                        record_opinions(connection, event.data.draft.id, NOW)


def test_opinions_are_grouped_and_listed(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert "No opinion was sent in this period" in out
    fill_folder()
    code, out, _ = run("--by", "stance", "--days", "0")
    assert code == 0
    assert "holds" in out
    assert "Groups with fewer than 10 opinions show counts only" in out
    groups = json.loads(run("--by", "kind", "--days", "0", "--json")[1])
    assert sum(group["given"] for group in groups) == len(run("--csv", "--days", "0")[1].splitlines()) - 1
    theirs = run("--csv", "--days", "0", "--manager", "june")[1]
    assert "claire-arnaud" not in theirs
    assert "brightwater" in theirs


@pytest.mark.parametrize(
    ("wrong", "fix"), [(("--by", "mood"), "Choose from rule"), (("--manager", "x"), "Import a client book first")]
)
def test_an_invalid_option_is_reported_with_its_fix(run: Run, wrong: tuple[str, ...], fix: str) -> None:
    code, _, err = run(*wrong)
    assert code == 2
    assert fix in err
