"""``firstword inlets``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.common.errors import BadInput
from tests.command_line import app


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def test_an_inlet_from_its_creation_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    assert "No inlets yet." in run("inlets", "list")
    made = run("inlets", "create", "desk", "--title", "Our desk", "--grade", "b", "--reason", "We edit it.")
    assert ("Created desk" in made, "grade B: We edit it." in made) == (True, True)
    assert run("inlets", "token", "desk", "--program", "CMS", "--days", "5").startswith("fw_")
    file = tmp_path / "items.jsonl"
    file.write_text('{"title": "Halden cuts", "id": "1"}\n{"id": "2"}\n', encoding="utf-8")
    assert f"{file}:2: title: Field required." in run("inlets", "push", "desk", str(file), "--check", code=1)
    assert "1 new, 0 revised" in run("inlets", "push", "desk", str(file), code=1)
    file.write_text('{"title": "Halden cuts", "id": "1"}\n', encoding="utf-8")
    assert json.loads(run("inlets", "push", "desk", str(file), "--json"))["unchanged"] == 1
    assert "now has the grade D: Late." in run("inlets", "grade", "desk", "D", "--reason", "Late.")
    (inlet,) = json.loads(run("inlets", "list", "--json"))
    assert (inlet["name"], inlet["grade"], inlet["status"], inlet["tokens"][0]["state"]) == ("desk", "D", "ok", "valid")
    assert "CMS" in run("inlets", "list")
    assert "1 token(s) revoked" in run("inlets", "remove", "desk")
    for words, problem in (
        (("create", "a b", "--title", "X"), "can't be the name"),
        (("create", "x", "--title", "X", "--grade", "G"), "is not a grade"),
        (("create", "x", "--title", "X", "--kind", "paper"), "is not a kind"),
        (("grade", "desk", "C", "--reason", "x"), "no inlet 'desk'"),
    ):
        with pytest.raises(BadInput, match=problem):
            run("inlets", *words)


def test_a_mailbox_is_set_up_and_its_password_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    place = ("--title", "Newsletters", "--host", "imap.firm.example", "--user", "letters")
    result = CliRunner().invoke(app, ("inlets", "mailbox", "letters", *place), input="open-sesame\n")
    assert ("Created letters" in result.output, "every message is of unknown origin" in result.output) == (True, True)
    again = CliRunner().invoke(app, ("inlets", "password", "letters"), input="another-one\n")
    assert "Only imaps://imap.firm.example:993 gets it." in again.output
    listed, log = run("inlets", "list", "--json"), run("audit")
    (inlet,) = json.loads(listed)
    assert (inlet["kind"], inlet["grade"]) == ("mailbox", "F")
    for secret in ("open-sesame", "another-one"):
        assert secret not in listed + log + result.output + again.output
    for words, problem in (
        (("grade", "letters", "B", "--reason", "We trust it."), "no grade of its own"),
        (("mailbox", "more", *place, "--speaks-for", "wire.example", "--ground", "x"), "Nothing says which messages"),
        (("mailbox", "more", *place[:4], "--user", "a b"), "can't be sent"),
        (("token", "letters"), "files are put"),
    ):
        with pytest.raises(BadInput, match=problem):
            run("inlets", *words)
