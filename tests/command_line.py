"""The command line called within the tests as a person calls it: what it printed, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from firstword.cli.main import main

__all__ = ["Ran", "Run", "command_line"]


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, object]]:
        """What it printed, as JSON a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *before: str) -> Run:
    """What calls ``firstword`` with the words ``before`` and those that it is given, on a terminal wide enough."""
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["firstword", *before, *map(str, arguments)])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        caught = capsys.readouterr()
        return Ran(int(str(code)), caught.out, caught.err)

    return invoke
