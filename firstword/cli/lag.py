"""``firstword lag``: how far each service is behind on Kafka."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from firstword.cli.console import print_json, table
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.cli.options import AsJson
from firstword.runtimes.kafka.settings import read_kafka_settings

__all__ = ["lag"]


def lag(
    brokers: Brokers = None,
    prefix: Prefix = None,
    every: Annotated[bool, typer.Option("--all", help="Include partitions on which nothing is waiting.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how many records are waiting for each service, by topic and partition.

    **Example:** `firstword lag --brokers kafka:9092`
    """
    settings = read_kafka_settings(brokers=brokers, prefix=prefix)
    need_kafka()
    from firstword.runtimes.kafka.admin import open_admin
    from firstword.runtimes.kafka.lag import lags

    with open_admin(settings) as client:
        rows = lags(client, settings)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    shown = [row for row in rows if every or row.waiting]
    table(
        ("service", "topic", "partition", "committed", "end", "waiting"),
        [
            (
                row.group.removeprefix("firstword-"),
                row.topic,
                str(row.partition),
                "never" if row.committed is None else str(row.committed),
                str(row.end),
                str(row.waiting),
            )
            for row in shown
        ],
        empty="Nothing is waiting." if rows else "No service has used this Kafka cluster yet.",
    )
