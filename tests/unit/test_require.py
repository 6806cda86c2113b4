"""`require` finds a tool, skips without it, and never skips in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import require

ABSENT = "firstword-no-such-tool"


def test_a_command_and_a_path_are_found(tmp_path: Path) -> None:
    assert require("sh", "part of every system").name == "sh"
    assert require(str(tmp_path), "made by the test") == tmp_path


def test_without_the_tool_a_test_is_skipped_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is missing: make one"):
        require(ABSENT, "make one")


def test_in_ci_a_missing_tool_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool is missing: make one"):
        require(ABSENT, "make one")
