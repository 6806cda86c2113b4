"""The ``firstword`` command. A user's mistake is reported with its fix, never with a traceback.

A command's module is imported only if the command is named, or for the help of all: together they take seconds to load.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, NamedTuple

import typer
from sqlalchemy.exc import DBAPIError

import firstword
from firstword.cli import console
from firstword.storage.engine import explain_database_error
from services.common.errors import FirstwordError

__all__ = ["COMMANDS", "build_app", "main"]

STACK = "Commands for the stack (Kafka and PostgreSQL)"


class Command(NamedTuple):
    """The place of a command: its module in this folder, and its function there; a group is the module's ``app``."""

    module: str
    function: str | None = None
    panel: str | None = None


#: In the order of the help.
COMMANDS = {
    "up": Command("up", "up"),
    "parse": Command("parse", "parse"),
    "replay": Command("replay", "replay"),
    "explain": Command("explain", "explain"),
    "audit": Command("audit"),
    "people": Command("people"),
    "digest": Command("digest", "digest"),
    "advice": Command("advice", "advice"),
    "doctor": Command("doctor", "doctor"),
    "signin": Command("signin", "signin"),
    "export": Command("transfer", "export"),
    "import": Command("transfer", "import_"),
    "backup": Command("backup", "backup"),
    "restore": Command("backup", "restore"),
    "feeds": Command("feeds"),
    "quarantine": Command("quarantine"),
    "inlets": Command("inlets"),
    "gate": Command("gate"),
    "clients": Command("clients"),
    "sources": Command("sources"),
    "trades": Command("trades"),
    "playbooks": Command("playbooks"),
    "events": Command("events"),
    "noticed": Command("noticed"),
    "deliveries": Command("deliveries"),
    "webhooks": Command("webhooks"),
    "tokens": Command("tokens"),
    "keys": Command("keys"),
    "migrate": Command("migrate", "migrate", STACK),
    "worker": Command("worker", "worker", STACK),
    "desk": Command("desk", "desk", STACK),
    "lag": Command("lag", "lag", STACK),
    "topics": Command("topics", panel=STACK),
    "dlq": Command("dlq"),
    "sample": Command("sample", panel=STACK),
}


def build_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Build the command line with these commands, and load no others."""
    app = typer.Typer(
        name="firstword",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Firstword watches the news for your clients, judges what is credible, and drafts what account managers "
        "tell them, before the clients call.\n\n"
        "**Try it:** Run `firstword up` and open the address that it prints. It starts with invented clients and news."
        "\n\n"
        "**Use it:** Write a client book, check it with `firstword clients check my-book.yaml`, then run "
        "`firstword up --book my-book.yaml --feeds my-feeds.opml`.",
        epilog="Exit codes: 0 success · 1 failure · 2 invalid input · 3 something is unreachable or in use",
    )
    app.callback()(root)
    for name in names:
        command = COMMANDS[name]
        module = import_module(f"firstword.cli.{command.module}")
        if command.function is None:
            app.add_typer(module.app, name=name, rich_help_panel=command.panel)
        else:
            app.command(name, rich_help_panel=command.panel)(getattr(module, command.function))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"firstword {firstword.__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Accept the options that precede a command."""


def main() -> None:
    """Run the command line and exit with its exit code."""
    named = [name for name in sys.argv[1:2] if name in COMMANDS]
    try:
        build_app(named or COMMANDS)()
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
