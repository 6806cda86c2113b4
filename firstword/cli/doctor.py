"""``firstword doctor``: check an installation."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from firstword.cli.console import out, print_json
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common, embedded
from firstword.compose.outbound import build_model_probe
from firstword.doctor import Check, run_checks
from firstword.store import Store
from services.common.errors import BadInput
from services.common.settings import read_settings

__all__ = ["doctor"]

MARKS = {"ok": "[green]ok[/]     ", "note": "[cyan]note[/]   ", "warn": "[yellow]warn[/]   ", "fail": "[red]FAIL[/]   "}


def doctor(
    data: DataDir = None,
    port: Annotated[int | None, typer.Option("--port", help="The port of the desk [default: 8080].")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the installation and say what to fix. The exit code is 1 if a check fails.

    **Example:** `firstword doctor --data data`
    """
    settings = read_settings(data=data, port=port)
    with common.open_store(settings) as store:
        lags = _lags(store)
        checks = run_checks(store, common.build_ingest(store), lags, partial(build_model_probe, settings))
    if as_json:
        print_json([check.__dict__ for check in checks])
    else:
        for check in checks:
            _show(check)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


def _lags(store: Store) -> dict[str, int]:
    """Return how many events wait for each consumer; none if the firm's rules have errors, which a check reports."""
    if store.settings.database is not None:
        return {}
    try:
        return embedded.build_runtime(store).lags()
    except BadInput:
        return {}


def _show(check: Check) -> None:
    out.print(MARKS[check.state], end="")
    out.print(f"{check.what}: {check.found}", markup=False)
    if check.fix:
        out.print(f"       {check.fix}", markup=False)
