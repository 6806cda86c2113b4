"""``firstword tokens``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.common.errors import BadInput
from tests.command_line import app


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["tokens", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_tokens_are_created_listed_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    assert "No tokens yet." in run("list")
    assert run("create", "CRM sync", "--scope", "read", "--scope", "write", "--days", "30").startswith("fw_")
    (token,) = json.loads(run("list", "--json"))
    assert (token["name"], token["scopes"], token["state"]) == ("CRM sync", ["read", "write"], "valid")
    assert "fw_" not in run("list")
    assert run("revoke", token["id"]) == "Revoked: CRM sync\n"
    assert "revoked" in run("list")
    with pytest.raises(BadInput, match="no token"):
        run("revoke", "tok_none")
    with pytest.raises(BadInput, match="not a scope"):
        run("create", "X", "--scope", "all")
