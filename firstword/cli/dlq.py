"""``firstword dlq``: events that could not be processed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstword.cli.console import err, out, print_json, table
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.runtimes.kafka.settings import KafkaSettings, find_kafka_settings, read_kafka_settings
from firstword.storage.dead_letters import DeadLetter, DeadLetters
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import Settings, read_settings

if TYPE_CHECKING:
    from firstword.runtimes.kafka.dead_letter_topics import PendingLetter

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="List, show and drop events that could not be processed (dead letters). On Kafka, also replay them; "
    "without Kafka, they are read from the data folder.",
)

Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="Only of this topic; may be given again.", show_default=False)
]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="As 'list' shows them.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All that are listed.")]

SHOWN_REASON = 100


@app.command("list")
def list_(
    brokers: Brokers = None,
    prefix: Prefix = None,
    topic: Topics = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the events that could not be processed, oldest first, each with the reason."""
    letters = _source(brokers, prefix, data).list(_known_topics(topic))
    if as_json:
        print_json([letter.fields for letter in letters])
        return
    table(("id", "when (UTC)", "refused by", "attempt", "reason"), map(_row, letters), empty="No dead letters.")


@app.command()
def show(record: str, brokers: Brokers = None, prefix: Prefix = None, data: DataDir = None) -> None:
    """Show one event completely: why it was refused, where it came from and what it holds.

    **Example:** `firstword dlq show items:17`
    """
    (letter,) = _select(_source(brokers, prefix, data).list(list(TOPICS)), [record])
    print_json(letter.fields | {"payload": letter.payload.decode(errors="replace")})


@app.command()
def replay(
    ids: Ids = None, every: All = False, brokers: Brokers = None, prefix: Prefix = None, topic: Topics = None
) -> None:
    """Send events back to their topics for another attempt (on Kafka only). Fix the cause first.

    **Examples:**

    - `firstword dlq replay items:17 items:18`
    - `firstword dlq replay --all --topic items`
    """
    source = _KafkaSource(read_kafka_settings(brokers=brokers, prefix=prefix))
    chosen = _chosen(source, ids, every, topic)
    source.replay(chosen)
    out.print(f"Replayed {_counted(chosen)}.")


@app.command()
def drop(
    ids: Ids = None,
    every: All = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    topic: Topics = None,
    data: DataDir = None,
) -> None:
    """Discard events: they are no longer listed and no longer count toward the dead-letter limit."""
    source = _source(brokers, prefix, data)
    chosen = _chosen(source, ids, every, topic)
    source.drop(chosen)
    out.print(f"Dropped {_counted(chosen)}.")


@dataclass(frozen=True)
class _Letter:
    """A dead letter: what is shown of it, its payload, and its form in the source it comes from."""

    fields: dict[str, Any]
    payload: bytes
    stored: Any


class _KafkaSource:
    """The dead letters in the topics of a Kafka."""

    def __init__(self, settings: KafkaSettings) -> None:
        need_kafka()
        self._settings = settings

    def list(self, topics: Sequence[str]) -> list[_Letter]:
        from firstword.runtimes.kafka.dead_letter_topics import read_pending

        with err.status("Reading dead letters …"):
            return [_from_kafka(pending) for pending in asyncio.run(read_pending(self._settings, topics))]

    def drop(self, letters: Sequence[_Letter]) -> None:
        from firstword.runtimes.kafka import dead_letter_topics

        asyncio.run(dead_letter_topics.drop(self._settings, [letter.stored for letter in letters]))

    def replay(self, letters: Sequence[_Letter]) -> None:
        from firstword.runtimes.kafka import dead_letter_topics

        asyncio.run(dead_letter_topics.replay(self._settings, [letter.stored for letter in letters]))


class _DatabaseSource:
    """The dead letters in a data folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def list(self, topics: Sequence[str]) -> list[_Letter]:
        with common.open_store(self._settings) as store, reading(store.engine) as connection:
            newest_first = DeadLetters().pending(connection)
        return [_from_database(stored) for stored in reversed(newest_first) if stored.topic in topics]

    def drop(self, letters: Sequence[_Letter]) -> None:
        with common.open_store(self._settings) as store, store.engine.begin() as connection:
            DeadLetters().drop(connection, [letter.stored.id for letter in letters], store.clock.now())


_Source = _KafkaSource | _DatabaseSource


def _source(brokers: str | None, prefix: str | None, data: Path | None) -> _Source:
    if data is None and (kafka := find_kafka_settings(brokers=brokers, prefix=prefix)):
        return _KafkaSource(kafka)
    settings = read_settings(data=data)
    if settings.database is not None:
        raise BadInput(
            "FIRSTWORD_DATABASE names the stack's database, and the stack's dead letters are on Kafka.",
            fix="Give --brokers host:9092, or set FIRSTWORD_KAFKA=host:9092.",
        )
    return _DatabaseSource(settings)


def _known_topics(topics: Sequence[str] | None) -> list[str]:
    if unknown := [topic for topic in topics or () if topic not in TOPICS]:
        raise BadInput(f"There is no topic {unknown[0]!r}.", fix=f"There are: {', '.join(TOPICS)}.")
    return list(topics or TOPICS)


def _chosen(source: _Source, ids: list[str] | None, every: bool, topics: list[str] | None) -> list[_Letter]:
    if bool(ids) == every:
        raise BadInput("Say which events.", fix="Name their ids, or give --all.")
    letters = source.list(_known_topics(topics))
    return _select(letters, ids) if ids else letters


def _select(letters: Sequence[_Letter], ids: Sequence[str]) -> list[_Letter]:
    by_id = {letter.fields["id"]: letter for letter in letters}
    if unknown := [letter_id for letter_id in ids if letter_id not in by_id]:
        raise BadInput(
            f"There is no dead letter {unknown[0]!r}.",
            fix="'firstword dlq list' shows the ids. Somebody may have replayed or dropped it.",
        )
    return [by_id[letter_id] for letter_id in ids]


def _from_kafka(pending: PendingLetter) -> _Letter:
    letter, record = pending.letter, pending.letter.record
    fields = {
        "id": pending.id,
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
    return _Letter(fields, record.payload or b"", pending)


def _from_database(stored: DeadLetter) -> _Letter:
    fields = {name: value for name, value in asdict(stored).items() if name != "payload"}
    return _Letter(fields | {"id": str(stored.id)}, stored.payload, stored)


def _counted(letters: Sequence[_Letter]) -> str:
    return "1 event" if len(letters) == 1 else f"{len(letters)} events"


def _row(letter: _Letter) -> tuple[str, ...]:
    fields = letter.fields
    return (
        fields["id"],
        f"{fields['at']:%Y-%m-%d %H:%M:%S}",
        f"{fields['consumer']} v{fields['version']}",
        str(fields["attempt"]),
        f"{fields['place']}: {fields['reason'][:SHOWN_REASON]}",
    )
