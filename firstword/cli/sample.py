"""``firstword sample``: fill an empty stack with invented clients and news."""

from __future__ import annotations

import asyncio

import typer

from firstword.cli.console import out
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.runtimes.kafka.settings import read_kafka_settings
from services.common.logs import configure_logs
from services.common.settings import read_settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Fill an empty stack with invented clients and news.")


@app.callback()
def group() -> None:
    """Keep ``play`` a subcommand, although it is the only one."""


@app.command()
def play(brokers: Brokers = None, prefix: Prefix = None) -> None:
    """Fill an empty stack with the sample, as 'firstword up' fills an empty data folder. Takes about a minute.

    Matcher and notifier must be running, and ingest not yet. The command does nothing if the stack has clients, or with
    FIRSTWORD_SAMPLE=false.
    """
    settings, kafka = read_settings(), read_kafka_settings(brokers=brokers, prefix=prefix)
    need_kafka()
    configure_logs(level="warning", form=settings.log_format)
    if not settings.sample:
        out.print("The sample is turned off (FIRSTWORD_SAMPLE=false).")
        return
    from firstword.compose import stack

    done = asyncio.run(stack.play_sample(settings, kafka))
    for note in done.notes or ("The stack has clients and feeds already; nothing to do.",):
        out.print(note, markup=False)
