"""The ``firstword`` command. A user's mistake is reported with its fix, never with a traceback."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

import firstword
from firstword.cli import (
    advice,
    audit,
    backup,
    clients,
    console,
    deliveries,
    desk,
    digest,
    dlq,
    doctor,
    events,
    explain,
    feeds,
    gate,
    inlets,
    keys,
    lag,
    migrate,
    noticed,
    parse,
    people,
    playbooks,
    quarantine,
    replay,
    sample,
    signin,
    sources,
    tokens,
    topics,
    trades,
    transfer,
    up,
    webhooks,
    worker,
)
from firstword.storage.engine import explain_database_error
from services.common.errors import FirstwordError

__all__ = ["app", "main"]

app = typer.Typer(
    name="firstword",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Firstword watches the news for your clients, judges what is credible, and drafts what account managers tell "
    "them, before the clients call.\n\n"
    "**Try it:** Run `firstword up` and open the address that it prints. It starts with invented clients and news."
    "\n\n"
    "**Use it:** Write a client book, check it with `firstword clients check my-book.yaml`, then run "
    "`firstword up --book my-book.yaml --feeds my-feeds.opml`.",
    epilog="Exit codes: 0 success · 1 failure · 2 invalid input · 3 something is unreachable or in use",
)
app.command("up")(up.up)
app.command("parse")(parse.parse)
app.command("replay")(replay.replay)
app.command("explain")(explain.explain)
app.add_typer(audit.app, name="audit")
app.add_typer(people.app, name="people")
app.command("digest")(digest.digest)
app.command("advice")(advice.advice)
app.command("doctor")(doctor.doctor)
app.command("signin")(signin.signin)
app.command("export")(transfer.export)
app.command("import")(transfer.import_)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(feeds.app, name="feeds")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(inlets.app, name="inlets")
app.add_typer(gate.app, name="gate")
app.add_typer(clients.app, name="clients")
app.add_typer(sources.app, name="sources")
app.add_typer(trades.app, name="trades")
app.add_typer(playbooks.app, name="playbooks")
app.add_typer(events.app, name="events")
app.add_typer(noticed.app, name="noticed")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(tokens.app, name="tokens")
app.add_typer(keys.app, name="keys")

STACK = "Commands for the stack (Kafka and PostgreSQL)"
app.command("migrate", rich_help_panel=STACK)(migrate.migrate)
app.command("worker", rich_help_panel=STACK)(worker.worker)
app.command("desk", rich_help_panel=STACK)(desk.desk)
app.command("lag", rich_help_panel=STACK)(lag.lag)
app.add_typer(topics.app, name="topics", rich_help_panel=STACK)
app.add_typer(dlq.app, name="dlq")
app.add_typer(sample.app, name="sample", rich_help_panel=STACK)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"firstword {firstword.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Accept the options that precede a command."""


def main() -> None:
    """Run the command line and exit with its exit code."""
    try:
        app()
    except FirstwordError as error:
        console.error(error.message, error.fix)
        sys.exit(error.exit_code)
    except DBAPIError as failure:
        explained = explain_database_error(failure)
        if explained is None:
            raise
        console.error(explained.message, explained.fix)
        sys.exit(explained.exit_code)
    except BrokenPipeError:
        # The reader of our output has ended, as `head` does. Stay silent, even when Python flushes stdout on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
