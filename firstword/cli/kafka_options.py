"""Options that the commands for Kafka share."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from services.common.errors import BadInput

__all__ = ["Brokers", "Prefix", "need_kafka"]

Brokers = Annotated[
    str | None,
    typer.Option(
        "--brokers", metavar="HOST:PORT,…", help="Kafka's brokers [default: $FIRSTWORD_KAFKA].", show_default=False
    ),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--prefix",
        help="The prefix of every topic and consumer group [default: $FIRSTWORD_KAFKA_PREFIX].",
        show_default=False,
    ),
]


def need_kafka() -> None:
    """Raise unless the clients for Kafka are installed; the embedded system doesn't need them.

    Raises:
        BadInput: a package is missing.
    """
    missing = [name for name in ("kafka", "aiokafka") if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(
            f"This command needs packages that aren't installed: {', '.join(missing)}.",
            fix="Run pip install 'firstword[kafka]'.",
        )
