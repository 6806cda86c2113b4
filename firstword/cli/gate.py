"""``firstword gate``: which findings hold a message back before it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.options import AsJson, DataDir
from firstword.firm_files import gate_in_force, read_gate
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.gate.policy import KINDS

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Check and show the rules on what may be sent to clients.")


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with the effects of findings.")]) -> None:
    """Check a file: report each error with file, line, field and fix, and warn where it is milder than the defaults.

    The exit code is 2 if the file can't be used.

    **Example:** `firstword gate check gate.yaml`
    """
    try:
        policy = read_gate(file)
    except BadInput as problem:
        for line in str(problem).splitlines():
            error(line)
        raise typer.Exit(2) from None
    milder = policy.milder()
    for kind in milder:
        warn(f"{kind}: {policy.effect(kind)} is milder than the default, {KINDS[kind].default}.")
    out.print(f"{file}: {len(policy.effects)} effect(s), {len(milder)} milder than the default.", markup=False)


@app.command()
def show(data: DataDir = None, as_json: AsJson = False) -> None:
    """Show the effect of each kind of finding.

    block: the text must change first. second_person: somebody else approves it too. reason: whoever approves it gives
    a reason. warn: it is shown. off: it is not shown.

    **Example:** `firstword gate show`
    """
    policy = gate_in_force(read_settings(data=data))
    if as_json:
        print_json({kind: {"effect": policy.effect(kind), "default": KINDS[kind].default} for kind in KINDS})
        return
    rows = [
        (kind, policy.effect(kind), "your firm" if kind in policy.effects else "default", KINDS[kind].label)
        for kind in KINDS
    ]
    if policy.second_persons:
        out.print(f"Second persons: {', '.join(policy.second_persons)}", markup=False)
    if policy.second_roles:
        out.print(f"Second persons by role: {', '.join(policy.second_roles)}", markup=False)
    table(("finding", "effect", "set by", "what it is"), rows, empty="")
