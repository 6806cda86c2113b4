"""``firstword topics``: create and check the topics on Kafka that ``schemas/topics.py`` defines."""

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

app = typer.Typer(no_args_is_help=True, help="Create and check the topics on Kafka.")

Replication = Annotated[
    int | None, typer.Option("--replication", min=1, help="The replication factor [default: 1].", show_default=False)
]


class TopicsDiffer(FirstwordError):
    """The topics differ from their definition."""


@app.command("plan")
def show(brokers: Brokers = None, prefix: Prefix = None, replication: Replication = None) -> None:
    """Show how the topics differ from their definition, without changing anything."""
    settings = read_kafka_settings(brokers=brokers, prefix=prefix, replication=replication)
    changes = _changes(settings)
    _show(changes)
    if not changes:
        out.print("The topics match their definition.")


@app.command()
def apply(
    brokers: Brokers = None,
    prefix: Prefix = None,
    replication: Replication = None,
    repartition: Annotated[
        bool, typer.Option("--repartition", help="Also add partitions, although keys then move between partitions.")
    ] = False,
) -> None:
    """Create missing topics and correct their settings. Removes nothing; safe to run at any time.

    **Example:** `firstword topics apply --brokers kafka:9092`
    """
    settings = read_kafka_settings(brokers=brokers, prefix=prefix, replication=replication)
    changes = _changes(settings)
    _show(changes)
    left = [change for change in changes if change.refused or (change.warning and not repartition)]
    applied = [change for change in changes if change not in left]
    _apply(settings, applied)
    out.print(f"Made {len(applied)} change(s)." if applied else "Nothing to change.")
    if left:
        raise TopicsDiffer(
            f"{len(left)} difference(s) remain, see above.",
            fix="Use --repartition to add partitions; change the others by hand.",
        )


@app.command()
def check(brokers: Brokers = None, prefix: Prefix = None, replication: Replication = None) -> None:
    """Exit with 1 if the topics differ from their definition. For start-up and monitoring."""
    changes = _changes(read_kafka_settings(brokers=brokers, prefix=prefix, replication=replication))
    _show(changes)
    if changes:
        raise TopicsDiffer(
            f"The topics differ from their definition in {len(changes)} place(s), see above.",
            fix="Run 'firstword topics apply'.",
        )
    out.print("The topics match their definition.")


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


def _show(changes: list[TopicChange]) -> None:
    for change in changes:
        err.print(str(change), markup=False)
        if change.refused:
            warn(f"{change.topic}: {change.refused}")
        if change.warning:
            warn(f"{change.topic}: {change.warning}")
