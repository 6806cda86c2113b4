"""``firstword trades``: what is particular to each trade, and how a firm defines its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import TypeAdapter, ValidationError

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.options import AsJson, DataDir
from firstword.firm_files import (
    own_playbooks_path,
    own_trades_path,
    playbooks_in_force,
    read_trades,
    trades_in_force,
)
from schemas.clients import STANCE_OF, Stance, Trade, WatchKind
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.drafting.compose import Refusal
from services.notifier.drafting.data_files import phrasing_of
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, dry_run
from services.notifier.drafting.playbook_rules import Rule
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition
from services.notifier.trades.template import playbook_template, trade_template
from services.notifier.trades.trade_files import TradeFile

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="List, check and write trades: what firms of a trade call things, ask, say and must never say.\n\n"
    "A trade is a YAML file. Firstword ships some; your firm changes parts of them or adds its own in the folder "
    "`trades` of the data folder (or FIRSTWORD_TRADES), without any code.\n\n"
    "**Start:** `firstword trades new architects --like it`, edit the two files that it names, check them with "
    "`firstword trades check` and `firstword playbooks check`, write `trade: architects` into the client book, and "
    "restart Firstword.",
)


@app.command()
def check(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="FILE|FOLDER", help="A trade file or a folder of them [default: your firm's own]."),
    ] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check trades: report each error with file, line, field and fix, and warn of parts that are missing.

    Warnings are for relations to what clients have that are said in general words, desires that no rule serves, parts
    that are left out, and drafts that the trade's own words would hold back. The exit code is 2 if a file has errors.

    **Example:** `firstword trades check trades/architects.yaml`
    """
    settings = read_settings(data=data)
    path = path or own_trades_path(settings)
    try:
        files = read_trades(path)
        trades = Trades.shipped().with_files(files)
    except BadInput as problem:
        for line in str(problem).splitlines():
            error(line)
        raise typer.Exit(2) from None
    own = {file.definition.trade: trades.of(file.definition.trade) for file in files}
    known = Trades({**trades_in_force(settings).definitions, **own})
    playbooks = playbooks_in_force(settings).with_trades(known)
    found = {file.file: list(_gaps(file, known.of(file.definition.trade), playbooks)) for file in files}
    if as_json:
        print_json(found)
        return
    for file in files:
        for message in found[file.file]:
            warn(message)
        trade = known.of(file.definition.trade)
        out.print(f"{file.file}: {trade.trade} ({trade.name}); {len(found[file.file])} warning(s).", markup=False)


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the trades that a client book may name, where each is defined, and how many rules its playbooks have.

    **Example:** `firstword trades list`
    """
    playbooks = playbooks_in_force(read_settings(data=data))
    trades = playbooks.trades
    rows = [
        {
            "trade": name,
            "title": trades.of(name).name,
            "description": trades.of(name).description or "",
            "defined": _origin(name, trades),
            "rules": len(_rules(name, playbooks)),
        }
        for name in trades.names
    ]
    if as_json:
        print_json(rows)
        return
    columns = ("trade", "title", "description", "defined", "rules")
    table(columns, [tuple(str(row[column]) for column in columns) for row in rows], empty="")


@app.command()
def show(
    trade: Annotated[str, typer.Argument(metavar="NAME", help="A trade that 'firstword trades list' shows.")],
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a trade as a file: all that is in force for it, with what your firm changed and what it takes from others.

    Copy from it what you want to change into a file of your own.

    **Example:** `firstword trades show wealth`
    """
    trades = trades_in_force(read_settings(data=data))
    if trade not in trades.names:
        raise BadInput(f"There is no trade {trade!r}.", fix=f"Choose from {', '.join(trades.names)}.")
    values = trades.of(trade).model_dump(mode="json", exclude_unset=True)
    if as_json:
        print_json(values)
        return
    out.print(f"# {_origin(trade, trades)}", markup=False)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    out.print(text, markup=False, end="", soft_wrap=True)


@app.command()
def new(
    trade: Annotated[
        str, typer.Argument(metavar="NAME", help="Its name in books: lower-case letters, digits, - and _.")
    ],
    like: Annotated[
        str | None, typer.Option("--like", metavar="NAME", help="Take all that you don't change from this trade.")
    ] = None,
    data: DataDir = None,
) -> None:
    """Write a commented trade file and an empty playbook, to be filled in. Files that exist are never overwritten.

    With --like, the new trade works at once: it takes words, questions and rules from the other trade. Without, it
    starts from the words and rules for every trade.

    **Example:** `firstword trades new architects --like it`
    """
    settings = read_settings(data=data)
    trades = trades_in_force(settings)
    try:
        TypeAdapter(Trade).validate_python(trade)
    except ValidationError:
        fix = "Use lower-case letters, digits, - and _, beginning with a letter, at most 40 characters."
        raise BadInput(f"{trade!r} is not a valid name of a trade.", fix=fix) from None
    if trade in trades.names:
        fix = f"Choose another name. To change the trade, write a file with `trade: {trade}` and the parts to change."
        raise BadInput(f"There is a trade {trade!r} already.", fix=fix)
    if like is not None and like not in trades.names:
        raise BadInput(f"--like: there is no trade {like!r}.", fix=f"Choose from {', '.join(trades.names)}.")
    texts = {
        own_trades_path(settings): trade_template(trade, like),
        own_playbooks_path(settings): playbook_template(trade),
    }
    files = {folder / f"{trade}.yaml": text for folder, text in texts.items()}
    for folder in texts:
        if folder.exists() and not folder.is_dir():
            raise BadInput(f"{folder} is a file, so there is no folder for new ones.", fix="Name a folder instead.")
    if existing := [str(file) for file in files if file.exists()]:
        raise BadInput(f"{', '.join(existing)}: there is such a file already.", fix="Move it away, or edit it.")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        out.print(f"Written: {file}", markup=False)
    out.print("Next: edit both, then run 'firstword trades check' and 'firstword playbooks check'.", markup=False)


def _gaps(file: TradeFile, trade: TradeDefinition, playbooks: Playbooks) -> Iterator[str]:
    """Yield what is missing in a trade, and what its own words would hold back."""
    if general := [stance for stance in _stances(trade) if _says_nothing(trade, stance)]:
        phrases = phrasing_of(trade)
        said = "; ".join(f"{stance}: “{phrases.stance[stance].format(asset='…', share='')}”" for stance in general)
        yield f"{file.at('stances')} relations without words of the trade's own, so it says {said}."
    rules = _rules(trade.trade, playbooks)
    served = frozenset[str]().union(*(rule.desires for rule in rules))
    for desire in trade.desires:
        if served.isdisjoint(playbooks.trades.desire_names(trade.trade, desire)):
            yield f"{file.at('desires')} no rule of a playbook is made for {desire!r}. Add one with desire: {desire}."
    if not rules:
        fix = f"Write a playbook with trade: {trade.trade}, or take rules from another trade with like."
        yield f"{file.at('trade')} no playbook is for it, so advice is general. {fix}"
    missing = [name for name in ("desires", "jargon", "discovery") if not getattr(trade, name)]
    if missing:
        yield f"{file.at('trade')} it has no {', no '.join(missing)}. The guide to trades explains each part."
    yield from (f"{file.at('trade')} {message}" for message in dict.fromkeys(_held_back(trade, playbooks)))


def _says_nothing(trade: TradeDefinition, stance: Stance) -> bool:
    words = trade.stances.get(stance)
    return words is None or words.sentence is None


def _stances(trade: TradeDefinition) -> tuple[Stance, ...]:
    """Return the relations that clients of the trade may have, those of its default kinds first."""
    kinds: list[WatchKind] = [trade.assets.default, *trade.assets.allowed, *trade.interests.allowed]
    return tuple(dict.fromkeys(STANCE_OF[kind] for kind in kinds))


def _held_back(trade: TradeDefinition, playbooks: Playbooks) -> Iterator[str]:
    """Yield why drafts of the trade would not be offered, each tried on invented news."""
    rules = [rule for rule in _rules(trade.trade, playbooks) if not rule.silent]
    cases = {DryRunCase(trade.trade, rule.events[0], rule.stances[0], desires=_first(rule)): None for rule in rules}
    cases |= {DryRunCase(trade.trade, "regulation", stance): None for stance in _stances(trade)}
    for case in cases:
        for verdict in MESSAGE_VERDICTS:
            done = dry_run(replace(case, verdict=verdict), playbooks, SystemClock().now())
            if isinstance(done, Refusal):
                yield f"No draft for {case.kind}, {case.stance}, {verdict}: {done.detail}"


def _first(rule: Rule) -> tuple[str, ...]:
    return tuple(sorted(rule.desires)[:1])


def _rules(trade: Trade, playbooks: Playbooks) -> list[Rule]:
    """Return the rules that are for a trade, its own and those of the trades that it is like."""
    trades = playbooks.trades.rules_for(trade)
    books = (playbook for layer in playbooks.layers for playbook in layer)
    return [rule for playbook in books if playbook.trade in trades for rule in playbook.rules]


def _origin(trade: Trade, trades: Trades) -> str:
    if trade not in trades.own:
        return "ships with Firstword"
    return "ships with Firstword, changed by your firm" if trade in Trades.shipped().names else "defined by your firm"
