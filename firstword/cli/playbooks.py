"""``firstword playbooks``: the rules for advice, and the drafts that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.options import AsJson, DataDir
from firstword.firm_files import playbooks_in_force, read_playbooks, trades_in_force
from schemas.clients import Risk, Stance
from schemas.mentions import Direction, EventKind
from schemas.readings import Firmness, Role
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.drafting.compose import Composed, Refusal, message_text
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, dry_run
from services.notifier.drafting.fit import doubts, presuppositions
from services.notifier.drafting.grammar import check_grammar
from services.notifier.drafting.playbook_rules import Playbook, Rule, Size, Urgency
from services.notifier.drafting.playbooks import LAYERS, Playbooks
from services.notifier.drafting.tone import blank_quotations
from services.notifier.trades.catalog import DEFAULT_TRADE, Trades

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Check, list and try playbooks, the rules that decide what is advised when."
)
#: The options of ``try`` and their possible values.
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(EventKind),
    "stance": get_args(Stance),
    "direction": get_args(Direction),
    "risk": (*get_args(Risk), "unknown"),
    "verdict": MESSAGE_VERDICTS,
    "size": get_args(Size),
    "urgency": get_args(Urgency),
    "jargon": ("plain", "some", "expert"),
    "mood": ("calm", "upset"),
    "role": get_args(Role),
    "status": get_args(Firmness),
}
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Playbook files, or folders of them.")]
OwnFile = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="A playbook file or folder that takes precedence over those in force."),
]


def _one_of(name: str, default: str | None = None) -> Any:
    choices = ", ".join(CHOICES[name])
    return typer.Option(default if default is not None else ..., f"--{name}", help=f"One of {choices}.")


@app.command()
def check(files: Files, data: DataDir = None) -> None:
    """Check playbooks: report each error with file, line, field and fix, and proofread the draft of each rule.

    The exit code is 2 if the playbooks can't be used. Findings in drafts are warnings. Playbooks may be for the trades
    that are in force with this data folder; 'firstword trades list' shows them.

    **Example:** `firstword playbooks check our-playbooks/`
    """
    failed, playbooks, trades = False, list[Playbook](), trades_in_force(read_settings(data=data))
    for file in files:
        try:
            playbooks += read_playbooks(file, trades)
        except BadInput as problem:
            failed = True
            for line in str(problem).splitlines():
                error(line)
    for playbook in playbooks:
        findings = [*_doubts(playbook), *_proofread(playbook, trades)]
        for finding in findings:
            warn(finding)
        owner = f", of {playbook.manager}" if playbook.manager else ""
        scope = f"{len(playbook.rules)} rules for {playbook.trade or 'every trade'}{owner}"
        out.print(f"{playbook.file}: {scope}; {len(findings)} finding(s).", markup=False)
    if failed:
        raise typer.Exit(2)


@app.command("list")
def list_(
    find: Annotated[str, typer.Argument(help="Only rules with this text in their event, stance or advice.")] = "",
    shipped: Annotated[bool, typer.Option("--shipped", help="Only rules that ship with Firstword.")] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the rules in force. Later layers take precedence over earlier ones."""
    playbooks = Playbooks.shipped() if shipped else playbooks_in_force(read_settings(data=data))
    matches = [
        (layer, playbook, rule)
        for layer, in_layer in zip(LAYERS, playbooks.layers, strict=False)
        for playbook in in_layer
        for rule in playbook.rules
        if find.casefold() in f"{rule.id} {rule.action} {rule.reason}".casefold()
    ]
    if as_json:
        print_json([_as_json(layer, playbook, rule) for layer, playbook, rule in matches])
        return
    rows = [
        (f"{layer}: {playbook.name}", str(rule.line), rule.id, _advice_of(rule)) for layer, playbook, rule in matches
    ]
    table(("playbook", "line", "when", "advice"), rows, empty="No rule matches.")


def _advice_of(rule: Rule) -> str:
    return "no message" if rule.skips else "no opinion" if rule.silent else rule.action


@app.command("try")
def try_(
    kind: str = _one_of("kind"),
    stance: str = _one_of("stance"),
    trade: str = typer.Option(..., "--trade", help="A trade that 'firstword trades list' shows."),
    direction: str = _one_of("direction", "negative"),
    desire: Annotated[
        list[str] | None, typer.Option("--desire", help="A desire of the client; may be repeated.")
    ] = None,
    words: Annotated[str | None, typer.Option("--words", help="The first desire, in the client's own words.")] = None,
    risk: str = _one_of("risk", "unknown"),
    verdict: str = _one_of("verdict", "tell"),
    size: str = _one_of("size", "moderate"),
    urgency: str = _one_of("urgency", "normal"),
    jargon: str = _one_of("jargon", "plain"),
    mood: str = _one_of("mood", "calm"),
    role: str = _one_of("role", "object"),
    status: str = _one_of("status", "fact"),
    says: Annotated[
        str, typer.Option("--says", help="The news in one sentence, with {name} for the thing watched.")
    ] = "",
    view: Annotated[str | None, typer.Option("--view", help="What the client has said about the subject.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write an update: the client was told before, as unconfirmed.")
    ] = False,
    manager: Annotated[
        str, typer.Option("--manager", help="The account manager's id, for their own playbook.")
    ] = "mara",
    file: OwnFile = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the draft for a situation, with invented news, and the rule that decided.

    **Example:** `firstword playbooks try --kind dividend_cut --stance holds --trade wealth --desire income`
    """
    given = {"kind": kind, "stance": stance, "direction": direction, "risk": risk, "verdict": verdict}
    given |= {"role": role, "status": status, "size": size, "urgency": urgency, "jargon": jargon, "mood": mood}
    for name, value in given.items():
        if value not in CHOICES[name]:
            raise BadInput(f"--{name}: {value!r} is not a valid value.", fix=f"Choose from {', '.join(CHOICES[name])}.")
    playbooks = playbooks_in_force(read_settings(data=data))
    known = playbooks.trades.names
    if trade not in known:
        raise BadInput(f"--trade: there is no trade {trade!r}.", fix=f"Choose from {', '.join(known)}.")
    if file is not None:
        playbooks = playbooks.with_firm_playbooks(read_playbooks(file, playbooks.trades))
    given |= {"trade": trade, "manager": manager}
    case = DryRunCase(
        **cast("Any", {**given, "risk": None if risk == "unknown" else risk}),
        desires=tuple(desire or ()),
        words=words,
        view=view,
        update=update,
        says=says,
    )
    done = dry_run(case, playbooks, SystemClock().now())
    if as_json:
        print_json({"reason": done.reason, "detail": done.detail} if isinstance(done, Refusal) else done.draft)
    else:
        _show(done)
    if isinstance(done, Refusal):
        raise typer.Exit(1)


def _show(done: Composed | Refusal) -> None:
    if isinstance(done, Refusal):
        error(f"No draft: {done.detail}")
        return
    draft = done.draft
    out.print(f"Subject: {draft.subject}\n\n{draft.body}\n", markup=False)
    rule = f"playbook {draft.playbook}, rule {draft.rule}" if draft.rule else "no rule: no opinion"
    out.print(f"({rule}; {draft.words} words, {draft.reading_seconds} s to read)", style="dim", markup=False)
    for note in draft.notes:
        out.print(f"  {note}", style="dim", markup=False)
    for finding in draft.findings:
        warn(f"“{finding.text}”: {finding.message} {finding.mend or ''}".rstrip())


def _proofread(playbook: Playbook, trades: Trades) -> Iterator[str]:
    """Yield the findings in the drafts that the rules of ``playbook`` lead to, each once."""
    playbooks = Playbooks(((playbook,),), trades)
    for rule in (rule for rule in playbook.rules if not rule.silent):
        messages: dict[str, None] = {}
        for case in _cases(playbook, rule):
            done = dry_run(case, playbooks, SystemClock().now())
            if isinstance(done, Refusal):
                messages[f"{done.detail} (This is fine if it is in your client book.)"] = None
            elif done.draft.rule != rule.id:
                messages["another rule in this file applies first"] = None
            else:
                grammar = check_grammar(blank_quotations(message_text(done.draft.parts)))
                for finding in (*done.draft.findings, *grammar):
                    messages[f"“{finding.text}”: {finding.message} {finding.mend}"] = None
        yield from (f"{playbook.file}:{rule.line}: {message}" for message in messages)


def _doubts(playbook: Playbook) -> Iterator[str]:
    """Yield what the rules of ``playbook`` presuppose in contradiction to their kinds, or leave open."""
    for rule in playbook.rules:
        for field, cause, fix in doubts(rule):
            yield f"{playbook.file}:{rule.line}: {field}: {cause}. {fix}"


def _cases(playbook: Playbook, rule: Rule) -> Iterator[DryRunCase]:
    desires = (sorted(rule.desires)[0],) if rule.desires else ()
    role = (rule.roles or presuppositions(rule.kinds[0], rule.stances[0]).roles)[0]
    for verdict in ("tell", "warn"):
        yield DryRunCase(
            trade=playbook.trade or DEFAULT_TRADE,
            kind=rule.events[0],
            stance=rule.stances[0],
            direction=rule.directions[0] if rule.directions else "negative",
            desires=desires,
            risk=rule.risks[0] if rule.risks else None,
            verdict=verdict,
            size=rule.sizes[0] if rule.sizes else "moderate",
            urgency=rule.urgencies[0] if rule.urgencies else "normal",
            manager=playbook.manager or "mara",
            role=role,
            status=rule.statuses[0] if rule.statuses else None,
        )


def _as_json(layer: str, playbook: Playbook, rule: Rule) -> dict[str, Any]:
    return {
        "layer": layer, "playbook": playbook.name, "trade": playbook.trade, "manager": playbook.manager,
        "file": playbook.file,
        "line": rule.line, "kind": rule.kinds, "stance": rule.stances, "direction": rule.directions,
        "role": rule.roles, "status": rule.statuses, "desire": sorted(rule.desires), "risk": rule.risks,
        "size": rule.sizes, "urgency": rule.urgencies,
        "action": rule.action, "reason": rule.reason, "variants": rule.variants, "meaning": rule.meaning,
        "question": rule.question,
        "silent": rule.silent,
    }  # fmt: skip
