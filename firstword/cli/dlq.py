"""``firstword dlq``: records that could not be worked with, on Kafka."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstword.cli.console import err, out, print_json, table
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.cli.options import AsJson
from firstword.runtimes.kafka.settings import KafkaSettings, read_kafka_settings
from schemas.topics import TOPICS
from services.common.errors import BadInput

if TYPE_CHECKING:
    from firstword.runtimes.kafka.dead_letter_topics import PendingLetter

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Look at records that could not be worked with; replay or drop them. On Kafka."
)

Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="Only of this topic; may be given again.", show_default=False)
]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="As 'list' shows them.", show_default=False)]
Every = Annotated[bool, typer.Option("--all", help="All that wait.")]

SHOWN_REASON = 100


@app.command("list")
def show_all(brokers: Brokers = None, prefix: Prefix = None, topic: Topics = None, as_json: AsJson = False) -> None:
    """List the records that wait, oldest first, each with its reason."""
    waiting = _waiting(_settings(brokers, prefix), topic)
    if as_json:
        print_json([_as_json(one) for one in waiting])
        return
    rows = [
        (
            one.id,
            f"{one.letter.at:%Y-%m-%d %H:%M:%S}",
            f"{one.letter.consumer} v{one.letter.version}",
            str(one.letter.attempt),
            f"{one.letter.place}: {one.letter.reason[:SHOWN_REASON]}",
        )
        for one in waiting
    ]
    table(("id", "when (UTC)", "refused by", "attempt", "reason"), rows, empty="No dead letter waits.")


@app.command()
def show(record: str, brokers: Brokers = None, prefix: Prefix = None) -> None:
    """Show one record whole: why it was refused, where it came from, what is in it.

    [b]Example[/b]  firstword dlq show items:17
    """
    from firstword.runtimes.kafka.dead_letter_topics import select_letters

    found = select_letters(_waiting(_settings(brokers, prefix), None), [record])
    print_json(_as_json(found[0]) | {"payload": (found[0].letter.record.payload or b"").decode(errors="replace")})


@app.command()
def replay(
    ids: Ids = None, every: Every = False, brokers: Brokers = None, prefix: Prefix = None, topic: Topics = None
) -> None:
    """Send records back to the topics that they came from, for another attempt. Do it after the fix.

    [b]Examples[/b]

      firstword dlq replay items:17 items:18

      firstword dlq replay --all --topic items
    """
    settings = _settings(brokers, prefix)
    from firstword.runtimes.kafka import dead_letter_topics

    chosen = _chosen(settings, ids, every, topic)
    asyncio.run(dead_letter_topics.replay(settings, chosen))
    out.print(f"{len(chosen)} records replayed.")


@app.command()
def drop(
    ids: Ids = None, every: Every = False, brokers: Brokers = None, prefix: Prefix = None, topic: Topics = None
) -> None:
    """Set records aside for good: they are listed no more, and gone when their topic's retention ends."""
    settings = _settings(brokers, prefix)
    from firstword.runtimes.kafka import dead_letter_topics

    chosen = _chosen(settings, ids, every, topic)
    asyncio.run(dead_letter_topics.drop(settings, chosen))
    out.print(f"{len(chosen)} records dropped.")


def _settings(brokers: str | None, prefix: str | None) -> KafkaSettings:
    need_kafka()
    return read_kafka_settings(brokers=brokers, prefix=prefix)


def _waiting(settings: KafkaSettings, topics: list[str] | None) -> list[PendingLetter]:
    from firstword.runtimes.kafka.dead_letter_topics import read_pending

    if unknown := [topic for topic in topics or () if topic not in TOPICS]:
        raise BadInput(f"There is no topic {unknown[0]!r}.", fix=f"There are: {', '.join(TOPICS)}.")
    with err.status("reading …"):
        return asyncio.run(read_pending(settings, topics or list(TOPICS)))


def _chosen(
    settings: KafkaSettings, ids: list[str] | None, every: bool, topics: list[str] | None
) -> list[PendingLetter]:
    from firstword.runtimes.kafka.dead_letter_topics import select_letters

    if bool(ids) == every:
        raise BadInput("Say which records.", fix="Name their ids, or give --all.")
    waiting = _waiting(settings, topics)
    return select_letters(waiting, ids) if ids else waiting


def _as_json(one: PendingLetter) -> dict[str, Any]:
    letter, record = one.letter, one.letter.record
    return {
        "id": one.id,
        "at": letter.at,
        "consumer": letter.consumer,
        "version": letter.version,
        "attempt": letter.attempt,
        "place": letter.place,
        "reason": letter.reason,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": None if record.key is None else record.key.decode(errors="replace"),
    }
