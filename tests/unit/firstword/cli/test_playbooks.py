"""``firstword playbooks``: errors with file, line and fix; the rules in force; the draft for a situation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstword.firm_files import playbooks_in_force
from services.common.errors import BadInput
from services.common.settings import read_settings
from tests.command_line import Run, command_line

OWN = """\
playbook: own
trade: wealth
rules:
  - when: {kind: dividend_cut, stance: holds}
    action: calling us about {asset}
    reason: we may have spoken with the company
"""
CASE = ("--kind", "dividend_cut", "--stance", "holds", "--trade", "wealth")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return command_line(monkeypatch, capsys, "playbooks")


def write_own(tmp_path: Path, text: str = OWN, name: str = "own.yaml") -> Path:
    path = tmp_path / "data" / "playbooks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_check_reports_each_error_and_finding(run: Run, tmp_path: Path) -> None:
    path = write_own(tmp_path)
    assert run("check", str(path)) == (0, f"{path}: 1 rules for wealth; 0 finding(s).\n", "")
    write_own(tmp_path, OWN.replace("action: calling", "action: call"))
    code, out, err = run("check", str(path.parent))
    assert (code, out) == (2, "")
    assert f"{path}:5: rules[0].action: it does not begin with a verb in -ing." in err
    write_own(tmp_path, OWN.replace("with the company", "with the company about its stuff, and Ms Berg agrees"))
    code, out, err = run("check", str(path))
    assert code == 0
    assert f"{path}:4: Found neither in the evidence nor in the client book: “Ms Berg” (name)." in err
    assert run("check", str(tmp_path / "none.yaml"))[0] == 2


def test_the_rules_in_force_are_listed_by_layer(run: Run, tmp_path: Path) -> None:
    write_own(tmp_path)
    write_own(tmp_path, f"manager: jonas\n{OWN}", "jonas.yaml")
    listed = json.loads(run("list", "dividend_cut/holds", "--json")[1])
    assert [rule["layer"] for rule in listed][-2:] == ["firm", "manager"]
    assert listed[-1]["manager"] == "jonas"
    assert {rule["layer"] for rule in json.loads(run("list", "--shipped", "--json")[1])} == {"shipped"}
    assert "calling us about {asset}" in run("list", "calling us")[1]
    assert run("list", "no such thing")[1].strip() == "No rule matches."


def test_try_shows_the_draft_and_the_rule_that_decided(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("try", *CASE, "--desire", "income", "--words", "a quiet income", "--risk", "moderate")
    assert code == 0
    unknown = run("try", *CASE, "--desire", "income")[1]
    assert "Based upon your desire for income, I" in unknown
    assert "doesn't say how much risk Claire Arnaud accepts" in unknown
    assert "Based upon your desire for a quiet income and moderate risk" in out
    assert "playbook wealth, rule dividend_cut/holds/income" in out
    path = write_own(tmp_path)
    assert "calling us about Halden Energy" in run("try", *CASE)[1]
    jonas = tmp_path / "jonas.yaml"
    jonas.write_text(f"manager: jonas\n{OWN.replace('calling us', 'calling me')}", encoding="utf-8")
    assert "calling me" in run("try", *CASE, "--file", str(jonas), "--manager", "jonas")[1]
    assert "calling me" not in run("try", *CASE, "--file", str(jonas))[1]
    assert json.loads(run("try", *CASE, "--verdict", "warn", "--json")[1])["subject"].startswith("Unconfirmed: ")
    assert run("try", "--kind", "dividends", "--stance", "holds", "--trade", "wealth")[0] == 2
    path.write_text(OWN.replace("trade: wealth", "trade: weath"), encoding="utf-8")
    assert "'weath' is not a trade" in run("try", *CASE)[2]


def test_without_playbooks_of_their_own_a_firm_uses_the_shipped_ones(tmp_path: Path) -> None:
    assert len(playbooks_in_force(read_settings(data=tmp_path)).layers) == 1
    with pytest.raises(BadInput, match="no playbook"):
        playbooks_in_force(read_settings(data=tmp_path, playbooks=tmp_path))
