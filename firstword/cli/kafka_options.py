"""Options that the commands for Kafka share, and what they need installed."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from services.common.errors import BadInput

__all__ = ["Brokers", "Prefix", "need_kafka"]

Brokers = Annotated[
    str | None,
    typer.Option("--brokers", metavar="HOST:PORT,…", help="Kafka [default: $FIRSTWORD_KAFKA].", show_default=False),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--prefix", help="Before every topic and group [default: $FIRSTWORD_KAFKA_PREFIX].", show_default=False
    ),
]


def need_kafka() -> None:
    """Check that the clients for Kafka are installed; the embedded product does without them.

    Raises:
        BadInput: when they aren't.
    """
    missing = [name for name in ("kafka", "aiokafka") if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(
            f"This needs what isn't installed: {', '.join(missing)}.", fix="Run pip install 'firstword[kafka]'."
        )
