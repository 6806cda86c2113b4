"""``firstword playbooks``: what is advised when, and what a draft by it would say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.options import AsJson, DataDir
from firstword.playbooks import playbooks_in_force, read_playbooks
from schemas.clients import Risk, Stance, Trade
from schemas.mentions import Direction, EventKind
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.drafting.compose import Composed, Refusal, message_text
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, dry_run
from services.notifier.drafting.grammar import check_grammar
from services.notifier.drafting.playbooks import LAYERS, Playbook, Playbooks, Rule, Size, Urgency
from services.notifier.drafting.tone import blank_quotations

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Playbooks: what is advised when, by whom it is set, and how it reads.")
#: Field of a trial → what may stand there; the options of ``try``.
CHOICES: dict[str, tuple[str, ...]] = {
    "trade": get_args(Trade),
    "kind": get_args(EventKind),
    "stance": get_args(Stance),
    "direction": get_args(Direction),
    "risk": get_args(Risk),
    "verdict": MESSAGE_VERDICTS,
    "size": get_args(Size),
    "urgency": get_args(Urgency),
    "jargon": ("plain", "some", "expert"),
    "mood": ("calm", "upset"),
}
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Playbooks, or folders of them.")]
OwnFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="A playbook, or folder, to lay over those in force.")
]


def _one_of(name: str, default: str | None = None) -> Any:
    some = ", ".join(CHOICES[name])
    return typer.Option(default if default is not None else ..., f"--{name}", help=f"One of {some}.")


@app.command()
def check(files: Files) -> None:
    """Check playbooks: every fault with file, line, field and fix; then each rule's draft is proofread.

    Exit code 0: they can be used, 2: they can't. What is only worth a look is a warning.

    [b]Example[/b]  firstword playbooks check house/
    """
    bad, books = False, list[Playbook]()
    for file in files:
        try:
            books += read_playbooks(file)
        except BadInput as faults:
            bad = True
            for line in str(faults).splitlines():
                error(line)
    for book in books:
        misread = list(_misread(book))
        for fault in misread:
            warn(fault)
        whose = f", {book.manager}'s own" if book.manager else ""
        out.print(
            f"{book.file}: {len(book.rules)} rules for {book.trade or 'every trade'}{whose}; {len(misread)} to look at."
        )
    if bad:
        raise typer.Exit(2)


@app.command("list")
def list_(
    find: Annotated[str, typer.Argument(help="A part of the event, the stance or the advice.")] = "",
    shipped: Annotated[bool, typer.Option("--shipped", help="Only those that ship with Firstword.")] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the rules in force, most important layer last."""
    playbooks = Playbooks.shipped() if shipped else playbooks_in_force(read_settings(data=data))
    found = [
        (layer, book, rule)
        for layer, books in zip(LAYERS, playbooks.layers, strict=False)
        for book in books
        for rule in book.rules
        if find.casefold() in f"{rule.id} {rule.action} {rule.reason}".casefold()
    ]
    if as_json:
        print_json([_as_json(layer, book, rule) for layer, book, rule in found])
        return
    rows = [
        (f"{layer}: {book.name}", str(rule.line), rule.id, "no opinion" if rule.silent else rule.action)
        for layer, book, rule in found
    ]
    table(("playbook", "line", "when", "advice"), rows, empty="No rule matches.")


@app.command("try")
def try_(
    kind: str = _one_of("kind"),
    stance: str = _one_of("stance"),
    trade: str = _one_of("trade"),
    direction: str = _one_of("direction", "negative"),
    desire: Annotated[
        list[str] | None, typer.Option("--desire", help="What the client wants; may be repeated.")
    ] = None,
    words: Annotated[str | None, typer.Option("--words", help="The first desire in the client's own words.")] = None,
    risk: str = _one_of("risk", "moderate"),
    verdict: str = _one_of("verdict", "tell"),
    size: str = _one_of("size", "moderate"),
    urgency: str = _one_of("urgency", "normal"),
    jargon: str = _one_of("jargon", "plain"),
    mood: str = _one_of("mood", "calm"),
    view: Annotated[str | None, typer.Option("--view", help="What the client has said of it.")] = None,
    update: Annotated[bool, typer.Option("--update", help="The client was told of it before, as unconfirmed.")] = False,
    manager: Annotated[
        str, typer.Option("--manager", help="An account manager's id, for their own playbook.")
    ] = "mara",
    file: OwnFile = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the draft for any combination, written on invented news, and which rule spoke.

    [b]Example[/b]  firstword playbooks try --kind dividend_cut --stance holds --trade wealth --desire income
    """
    given = {"trade": trade, "kind": kind, "stance": stance, "direction": direction, "risk": risk, "verdict": verdict}
    given |= {"size": size, "urgency": urgency, "jargon": jargon, "mood": mood}
    for name, value in given.items():
        if value not in CHOICES[name]:
            raise BadInput(f"--{name}: {value!r} is not known.", fix=f"Use one of {', '.join(CHOICES[name])}.")
    playbooks = playbooks_in_force(read_settings(data=data))
    if file is not None:
        playbooks = playbooks.with_firm_playbooks(read_playbooks(file))
    trial = DryRunCase(
        **cast("Any", given), desires=tuple(desire or ()), words=words, view=view, manager=manager, update=update
    )
    done = dry_run(trial, playbooks, SystemClock().now())
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


def _misread(book: Playbook) -> Iterator[str]:
    """What is to be looked at in the drafts that the rules of ``book`` lead to, each once."""
    playbooks = Playbooks(((book,),))
    for rule in (one for one in book.rules if not one.silent):
        said: dict[str, None] = {}
        for trial in _trials(book, rule):
            done = dry_run(trial, playbooks, SystemClock().now())
            if isinstance(done, Refusal):
                said[f"{done.detail} (It is no fault where your client book has it.)"] = None
            elif done.draft.rule != rule.id:
                said["another rule of this file comes first in this case"] = None
            else:
                found = (*done.draft.findings, *check_grammar(blank_quotations(message_text(done.draft.parts))))
                said.update(dict.fromkeys(f"“{one.text}”: {one.message} {one.mend}" for one in found))
        yield from (f"{book.file}:{rule.line}: {text}" for text in said)


def _trials(book: Playbook, rule: Rule) -> Iterator[DryRunCase]:
    desires = (sorted(rule.desires)[0],) if rule.desires else ()
    for verdict in ("tell", "warn"):
        yield DryRunCase(
            trade=book.trade or "wealth",
            kind=rule.kinds[0],
            stance=rule.stances[0],
            direction=rule.directions[0] if rule.directions else "negative",
            desires=desires,
            risk=rule.risks[0] if rule.risks else "moderate",
            verdict=verdict,
            size=rule.sizes[0] if rule.sizes else "moderate",
            urgency=rule.urgencies[0] if rule.urgencies else "normal",
            manager=book.manager or "mara",
        )


def _as_json(layer: str, book: Playbook, rule: Rule) -> dict[str, Any]:
    return {
        "layer": layer, "playbook": book.name, "trade": book.trade, "manager": book.manager, "file": book.file,
        "line": rule.line, "kind": rule.kinds, "stance": rule.stances, "direction": rule.directions,
        "desire": sorted(rule.desires), "risk": rule.risks, "size": rule.sizes, "urgency": rule.urgencies,
        "action": rule.action, "reason": rule.reason, "meaning": rule.meaning, "question": rule.question,
        "silent": rule.silent,
    }  # fmt: skip
