"""``firstword topics``: the topics on Kafka, as ``schemas/topics.py`` wants them."""

from __future__ import annotations

from typing import Annotated

import typer

from firstword.cli.console import err, out, warn
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.compose import common
from firstword.runtimes.kafka.changelogs import changelogs
from firstword.runtimes.kafka.settings import KafkaSettings, read_kafka_settings
from firstword.runtimes.kafka.topics import TopicChange, plan, required_topics
from services.common.errors import FirstwordError

__all__ = ["TopicsDiffer", "app"]

app = typer.Typer(no_args_is_help=True, help="Lay out the topics on Kafka, and check them.")

Replication = Annotated[
    int | None, typer.Option("--replication", min=1, help="Copies of each partition [default: 1].", show_default=False)
]


class TopicsDiffer(FirstwordError):
    """The topics are not as they should be."""


@app.command("plan")
def show(brokers: Brokers = None, prefix: Prefix = None, replication: Replication = None) -> None:
    """Show how the topics differ from what they should be; change nothing."""
    settings = read_kafka_settings(brokers=brokers, prefix=prefix, replication=replication)
    changes = _changes(settings)
    _tell(changes)
    if not changes:
        out.print("The topics are as they should be.")


@app.command()
def apply(
    brokers: Brokers = None,
    prefix: Prefix = None,
    replication: Replication = None,
    repartition: Annotated[
        bool, typer.Option("--repartition", help="Add partitions as well, although keys then move between them.")
    ] = False,
) -> None:
    """Show the differences, then make what is missing. Takes nothing away; may be run again at any time.

    [b]Example[/b]  firstword topics apply --brokers kafka:9092
    """
    settings = read_kafka_settings(brokers=brokers, prefix=prefix, replication=replication)
    changes = _changes(settings)
    _tell(changes)
    left = [change for change in changes if change.refused or (change.warning and not repartition)]
    made = [change for change in changes if change not in left]
    _apply(settings, made)
    out.print(f"{len(made)} changes made." if made else "Nothing to change.")
    if left:
        raise TopicsDiffer(
            f"{len(left)} differences are left, see above.",
            fix="--repartition adds partitions; the others are yours to fix.",
        )


@app.command()
def check(brokers: Brokers = None, prefix: Prefix = None, replication: Replication = None) -> None:
    """Fail when the topics are not as they should be: for start-up and monitoring."""
    changes = _changes(read_kafka_settings(brokers=brokers, prefix=prefix, replication=replication))
    _tell(changes)
    if changes:
        raise TopicsDiffer(f"{len(changes)} differences.", fix="Run 'firstword topics apply'.")
    out.print("The topics are as they should be.")


def _changes(settings: KafkaSettings) -> list[TopicChange]:
    wanted = required_topics(settings, changelogs(common.build_pipeline().processors).values())
    need_kafka()
    from firstword.runtimes.kafka.admin import TopicAdmin, open_admin

    with open_admin(settings) as client:
        return plan(TopicAdmin(client).existing(wanted), wanted)


def _apply(settings: KafkaSettings, changes: list[TopicChange]) -> None:
    from firstword.runtimes.kafka.admin import TopicAdmin, open_admin

    with open_admin(settings) as client:
        TopicAdmin(client).apply(changes)


def _tell(changes: list[TopicChange]) -> None:
    for change in changes:
        err.print(str(change), markup=False)
        if change.refused:
            warn(f"{change.topic}: {change.refused}")
        if change.warning:
            warn(f"{change.topic}: {change.warning}")
