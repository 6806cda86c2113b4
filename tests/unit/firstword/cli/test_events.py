"""``firstword events``: the list, one event, JSON, empty states and errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from firstword.compose import common
from schemas.event_views import EventView
from schemas.topics import topic_of
from services.common.processing import AnyEvent
from services.common.settings import read_settings
from services.notifier.sinks import all_sinks
from tests.command_line import Run, command_line
from tests.desk_data import book_events
from tests.event_world import DEAL, alert, created, draft, evidence, raised

WIRE, PARROT = evidence("wire", hours=3), evidence("parrot", hours=1, origin="Wire", supports="copy")
CLAIMED = evidence("blog", hours=2, claimed_publisher="Reuters", url="https://blog.example/1")
DENIAL = evidence("corvane", hours=1, status="denied", supports="denies", basis="company", attributed_to="Corvane")
CLAIRE = alert("claire-arnaud", "Corvane Pharma", WIRE, PARROT, CLAIMED, DENIAL, story="itm_wire", information=3,
               verdict="warn")  # fmt: skip
JUNES = alert("brightwater", "Estmere Group", WIRE, story="itm_wire", verdict="hold", information=3)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return command_line(monkeypatch, capsys, "events")


def fill_folder(events: Sequence[AnyEvent] = ()) -> None:
    with common.open_store(read_settings()) as store, store.engine.begin() as connection:
        for event in events or (*book_events(), raised(CLAIRE), raised(JUNES), created(draft(CLAIRE))):
            for sink in all_sinks():
                if topic_of(event).name in sink.inputs:
                    sink.apply(connection, event)


def test_events_are_listed(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert "No event matches" in out
    fill_folder()
    out = run("list", "--verdict", "hold").out
    assert "itm_wire" in out
    assert DEAL in out
    assert "contested" in out
    assert "2 (1 warn, 1 hold)" in out
    assert "2026-03-05 08:20" in out
    assert "No event matches" in run("list", "--entity", "Halden Energy").out
    assert "No event matches" in run("list", "--since", "2026-03-06").out
    listed = json.loads(run("list", "--client", "claire-arnaud", "--json").out)
    assert (listed["total"], listed["items"][0]["id"]) == (1, "itm_wire")


def test_further_events_are_announced(run: Run) -> None:
    other = alert("brightwater", "Tillgate POS", evidence("flaw", title="A flaw"), story="itm_flaw")
    fill_folder([*book_events(), raised(CLAIRE), raised(other)])
    _, out, err = run("list", "--limit", "1")
    assert len(out.splitlines()) == 2
    assert "Page 1 of 2, 2 events in all; use --page" in err


def test_an_event_is_shown_with_its_evidence_and_clients(run: Run) -> None:
    fill_folder()
    code, out, _ = run("show", "itm_wire")
    assert code == 0
    assert out.startswith(DEAL)
    assert "Contested: source B, usually reliable; information 3, possibly true" in out
    assert "  A reliable source states it as a fact." in out
    assert f"  2026-03-05 05:20  Wire (B) reports it, first: {DEAL}" in out
    assert "    2026-03-05 07:20  Parrot (B) repeats it" in out
    assert f"Blog, which says it is from Reuters, (B) reports it: {DEAL}\n      https://blog.example/1" in out
    assert "Corvane (B) denies it" in out
    assert "Clients: 2 (1 warn, 1 hold)" in out
    assert "Claire Arnaud, Arnaud Family Office (claire-arnaud): Unconfirmed" in out
    assert "    holds Corvane Pharma, warn: It matters to claire-arnaud." in out
    assert "    Draft to decide, not before 2026-03-05 09:20, past its deadline: “Estmere Group" in out
    assert "Nadia Brightwater" not in run("show", "itm_wire", "--verdict", "warn").out
    assert "No client has the verdict tell." in run("show", "itm_wire", "--verdict", "tell").out
    assert "Page 1 of 2 of the clients" in run("show", "itm_wire", "--limit", "1").err


def test_json_is_an_event_view(run: Run) -> None:
    fill_folder()
    view = EventView.model_validate_json(run("show", CLAIRE.id, "--json").out)
    assert [client.client_id for client in view.affected] == ["claire-arnaud", "brightwater"]


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        (("show", "itm_nothing"), "firstword events list"),
        (("list", "--verdict", "maybe"), "Choose from tell"),
        (("list", "--since", "soon"), "Write a time such as"),
    ],
)
def test_an_invalid_option_is_reported_with_its_fix(run: Run, wrong: tuple[str, ...], fix: str) -> None:
    code, _, err = run(*wrong)
    assert code == 2
    assert fix in err
