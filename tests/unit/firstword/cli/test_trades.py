"""``firstword trades``: a firm defines a trade in files, from the first template to drafts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstword.book import load_book
from firstword.compose import embedded
from firstword.firm_files import playbooks_in_force, trades_in_force
from firstword.runtimes.replay import in_time_order
from schemas.drafts import Draft
from services.common.settings import read_settings
from tests.command_line import Run, command_line
from tests.unit.firstword.cli.architects import BOOK, PLAYBOOK, TRADE, news


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path) -> Run:
    return command_line(monkeypatch, capsys)


def write(data: Path) -> None:
    for folder, text in (("trades", TRADE), ("playbooks", PLAYBOOK)):
        (data / folder).mkdir(parents=True)
        (data / folder / "architects.yaml").write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("like", [(), ("--like", "it")])
def test_a_new_trade_passes_the_checks_and_nothing_is_overwritten(run: Run, data: Path, like: tuple[str, ...]) -> None:
    assert run("trades", "new", "architects", *like).code == 0
    checked = run("trades", "check")
    assert checked.code == 0
    assert "architects (Architects)" in checked.out
    assert ("no playbook is for it" in checked.err) == (not like)
    assert run("playbooks", "check", str(data / "playbooks")).code == 0
    assert "architects" in trades_in_force(read_settings()).names
    before = (data / "trades" / "architects.yaml").read_text()
    assert run("trades", "new", "architects").code == 2
    (data / "trades" / "architects.yaml").unlink()
    refused = run("trades", "new", "architects")
    assert refused.code == 2
    assert "there is such a file already" in refused.err
    assert "architects" in before
    assert not (data / "trades" / "architects.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "Big Firm"), "is not a valid name"),
        (("new", "wealth"), "There is a trade 'wealth' already"),
        (("new", "masons", "--like", "wealt"), "there is no trade 'wealt'"),
        (("show", "masons"), "There is no trade 'masons'"),
        (("check", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_mistakes_are_refused_with_a_fix(run: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = run("trades", *arguments)
    assert ran.code == 2
    assert said in ran.err


def test_check_reports_faults_with_their_place_and_warns_of_what_is_missing(run: Run, data: Path) -> None:
    write(data)
    file = data / "trades" / "architects.yaml"
    assert run("trades", "check").err == ""
    file.write_text(TRADE.replace("  budget:", "  light:\n  budget:"))
    assert "no rule of a playbook is made for 'light'" in run("trades", "check").err
    file.write_text(TRADE.replace("never:", "tone: {deliver*: bring}\nnever:"))
    assert "No draft for" in run("trades", "check").err
    file.write_text(TRADE.replace("default: site", "default: house"))
    ran = run("trades", "check")
    assert ran.code == 2
    assert f"{file}:5: assets.default: 'house' is not one of the possible values." in ran.err
    assert run("up").code == 2
    failing = [check for check in json.loads(run("doctor", "--json").out) if check["state"] == "fail"]
    assert "trades" in [check["what"] for check in failing]


def test_trades_are_listed_and_shown_as_they_are_in_force(run: Run, data: Path) -> None:
    write(data)
    (data / "trades" / "wealth.yaml").write_text("trade: wealth\njargon: {some: {yield: allowed}}\n")
    rows = {row["trade"]: row for row in json.loads(run("trades", "list", "--json").out)}
    assert rows["architects"]["defined"] == "defined by your firm"
    assert rows["wealth"]["defined"] == "ships with Firstword, changed by your firm"
    assert rows["it"]["defined"] == "ships with Firstword"
    assert "Architects" in run("trades", "list").out
    shown = run("trades", "show", "wealth").out
    assert "volatility" in shown
    assert "yield: income" not in shown
    (data / "trades" / "again.yaml").write_text(shown.replace("trade: wealth", "trade: again", 1))
    assert run("trades", "check", str(data / "trades" / "again.yaml")).code == 0


def test_a_book_may_name_only_trades_that_are_defined(run: Run, data: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    book.write_text(BOOK, encoding="utf-8")
    ran = run("clients", "check", str(book))
    assert ran.code == 1
    assert f"{book}:2: error: firm.trade: There is no trade 'architects'." in ran.out
    write(data)
    assert run("clients", "check", str(book)).code == 0


def test_news_for_a_client_of_an_invented_trade_becomes_a_draft_in_its_words(data: Path) -> None:
    write(data)
    settings = read_settings()
    book, problems = load_book(BOOK, "book.yaml", trades_in_force(settings))
    assert book is not None, problems
    assert book.clients[0].assets[0].kind == "site"
    replay = embedded.build_replay(book, ("drafts",), playbooks=playbooks_in_force(settings))
    (draft,) = [emitted for emitted in replay.run(in_time_order(news())) if isinstance(emitted, Draft)]
    assert (draft.playbook, draft.findings) == ("architects", ())
    assert "You are building at Estmere Harbor" in draft.body
    assert "a building within its budget" in draft.body
    assert "Please talk to us before you instruct anybody." in draft.body
    assert "How would a delay at Estmere Harbor affect you?" in draft.body
    assert draft.body.index("?") < draft.body.index("Please talk to us")


def test_clients_of_a_trade_that_was_removed_are_still_written_to_and_the_doctor_names_it(
    run: Run, data: Path, tmp_path: Path
) -> None:
    write(data)
    book = tmp_path / "book.yaml"
    book.write_text(BOOK, encoding="utf-8")
    assert run("clients", "import", str(book)).code == 0
    known, _ = load_book(BOOK, "book.yaml", trades_in_force(read_settings()))
    assert known is not None
    for folder in ("trades", "playbooks"):
        (data / folder / "architects.yaml").unlink()
    (check,) = [check for check in json.loads(run("doctor", "--json").out) if check["what"] == "trades"]
    assert check["state"] == "note"
    assert "architects" in check["found"]
    replay = embedded.build_replay(known, ("drafts",), playbooks=playbooks_in_force(read_settings()))
    (draft,) = [emitted for emitted in replay.run(in_time_order(news())) if isinstance(emitted, Draft)]
    assert "Estmere Harbor" in draft.body
    assert draft.playbook == "general"
    assert "You are building" not in draft.body
