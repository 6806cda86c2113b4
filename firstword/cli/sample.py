"""``firstword sample``: invented clients and news for an empty stack."""

from __future__ import annotations

import asyncio

import typer

from firstword.cli.console import out
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.runtimes.kafka.settings import read_kafka_settings
from services.common.logs import configure_logs
from services.common.settings import read_settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Invented clients and news, for an empty stack.")


@app.callback()
def group() -> None:
    """Commands for the sample."""


@app.command()
def play(brokers: Brokers = None, prefix: Prefix = None) -> None:
    """Play the sample to an empty stack, as the first 'firstword up' does in one process. About a minute.

    Needs a matcher and a notifier that run, and no ingest yet. Does nothing where there are clients, or with
    FIRSTWORD_SAMPLE=false.
    """
    settings, kafka = read_settings(), read_kafka_settings(brokers=brokers, prefix=prefix)
    need_kafka()
    configure_logs(level="warning", form=settings.log_format)
    if not settings.sample:
        out.print("no sample is wanted (FIRSTWORD_SAMPLE)")
        return
    from firstword.compose import stack

    done = asyncio.run(stack.play_sample(settings, kafka))
    for note in done.notes or ("there are clients and feeds already; nothing to do",):
        out.print(note, markup=False)
