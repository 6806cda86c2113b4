"""Run the command line in a test, and return its output and exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from firstword.cli.main import build_app, main

__all__ = ["Ran", "Run", "app", "command_line"]

#: All commands, for Typer's runner.
app = build_app()


class Ran(NamedTuple):
    """The result of a command."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, object]]:
        """Return the output, parsed as one JSON value per line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *before: str) -> Run:
    """Return a function that runs ``firstword`` with the arguments ``before`` and its own, on a wide terminal."""
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
