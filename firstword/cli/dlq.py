"""``firstword dlq``: events that could not be processed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstword.cli.console import err, out, print_json, table, warn
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.cli.operator import log_change
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.runtimes.kafka.settings import KafkaSettings, find_kafka_settings
from firstword.storage.dead_letters import DeadLetter, DeadLetters
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import Settings, read_settings

if TYPE_CHECKING:
    from firstword.runtimes.kafka.dead_letter_topics import PendingLetter

__all__ = ["NOT_AUDITED", "Ids", "Letter", "Source", "app", "counted", "find_source", "listed", "select_letters"]

app = typer.Typer(
    no_args_is_help=True,
    help="List, show, replay and drop events that could not be processed (dead letters), on Kafka or in the data "
    "folder. 'firstword quarantine' does the same for documents of feeds as well.",
)

Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="Only of this topic; may be given again.", show_default=False)
]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="As 'list' shows them.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All that are listed.")]

SHOWN_REASON = 100
LOGGED_IDS = 20
NOT_AUDITED = "This is not in the audit log, which is in the stack's database: set FIRSTWORD_DATABASE."


@app.command("list")
def list_(
    brokers: Brokers = None,
    prefix: Prefix = None,
    topic: Topics = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the events that could not be processed, oldest first, each with the reason."""
    source = find_source(brokers, prefix, data)
    letters = source.list(_known_topics(topic))
    log_letters(source, "dead_letters.listed", letters)
    if as_json:
        print_json([letter.fields for letter in letters])
        return
    table(("id", "when (UTC)", "refused by", "attempt", "reason"), map(_row, letters), empty="No dead letters.")


@app.command()
def show(record: str, brokers: Brokers = None, prefix: Prefix = None, data: DataDir = None) -> None:
    """Show one event completely: why it was refused, where it came from and what it holds.

    **Example:** `firstword dlq show items:17`
    """
    source = find_source(brokers, prefix, data)
    (letter,) = select_letters(source.list(list(TOPICS)), [record])
    log_letters(source, "dead_letters.read", [letter])
    print_json(letter.fields | {"payload": letter.payload.decode(errors="replace")})


@app.command()
def replay(
    ids: Ids = None,
    every: All = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    topic: Topics = None,
    data: DataDir = None,
) -> None:
    """Process events once more. Fix the cause first: an event that fails again is listed again, as the next attempt.

    On Kafka they are sent back to their topics. On one machine, 'firstword up' processes them within a second if it
    runs, otherwise at its next start.

    **Examples:**

    - `firstword dlq replay items:17 items:18`
    - `firstword dlq replay --all --topic items`
    """
    source = find_source(brokers, prefix, data)
    chosen = chosen_letters(source, ids, every, topic)
    source.replay(chosen)
    log_letters(source, "dead_letters.replayed", chosen)
    out.print(f"{source.replayed} {counted(chosen)}.")


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
    source = find_source(brokers, prefix, data)
    chosen = chosen_letters(source, ids, every, topic)
    source.drop(chosen)
    log_letters(source, "dead_letters.dropped", chosen)
    out.print(f"Dropped {counted(chosen)}.")


@dataclass(frozen=True)
class Letter:
    """A dead letter: what is shown of it, its payload, and its form in the source it comes from."""

    fields: dict[str, Any]
    payload: bytes
    stored: Any


class _KafkaSource:
    """The dead letters in the topics of a Kafka."""

    replayed = "Replayed"

    def __init__(self, settings: KafkaSettings) -> None:
        need_kafka()
        self._settings = settings
        stack = read_settings()
        self.audited = None if stack.database is None else stack

    def list(self, topics: Sequence[str]) -> list[Letter]:
        from firstword.runtimes.kafka.dead_letter_topics import read_pending

        with err.status("Reading dead letters …"):
            return [_from_kafka(pending) for pending in asyncio.run(read_pending(self._settings, topics))]

    def drop(self, letters: Sequence[Letter]) -> None:
        from firstword.runtimes.kafka import dead_letter_topics

        asyncio.run(dead_letter_topics.drop(self._settings, [letter.stored for letter in letters]))

    def replay(self, letters: Sequence[Letter]) -> None:
        from firstword.runtimes.kafka import dead_letter_topics

        asyncio.run(dead_letter_topics.replay(self._settings, [letter.stored for letter in letters]))


class _DatabaseSource:
    """The dead letters in a data folder."""

    replayed = "Waiting for 'firstword up' to process again:"

    def __init__(self, settings: Settings) -> None:
        self._settings = self.audited = settings

    def list(self, topics: Sequence[str]) -> list[Letter]:
        with common.open_store(self._settings) as store, reading(store.engine) as connection:
            newest_first = DeadLetters().pending(connection)
        return [_from_database(stored) for stored in reversed(newest_first) if stored.topic in topics]

    def drop(self, letters: Sequence[Letter]) -> None:
        with common.open_store(self._settings) as store, store.engine.begin() as connection:
            DeadLetters().drop(connection, [letter.stored.id for letter in letters], store.clock.now())

    def replay(self, letters: Sequence[Letter]) -> None:
        with common.open_store(self._settings) as store, store.engine.begin() as connection:
            DeadLetters().ask(connection, [letter.stored.id for letter in letters], store.clock.now())


Source = _KafkaSource | _DatabaseSource


def find_source(brokers: str | None, prefix: str | None, data: Path | None) -> Source:
    """Return where the events are: on Kafka if one is configured and no folder is given, else in the data folder.

    Raises:
        BadInput: only the stack's database is configured.
    """
    if data is None and (kafka := find_kafka_settings(brokers=brokers, prefix=prefix)):
        return _KafkaSource(kafka)
    settings = read_settings(data=data)
    if settings.database is not None:
        raise BadInput(
            "FIRSTWORD_DATABASE names the stack's database, and the stack's dead letters are on Kafka.",
            fix="Give --brokers host:9092, or set FIRSTWORD_KAFKA=host:9092.",
        )
    return _DatabaseSource(settings)


def log_letters(source: Source, action: str, letters: Sequence[Letter]) -> None:
    """Write to the audit log what was done with events, which may be about clients.

    The stack's audit log is in its database: without that, nothing can be written, and a warning says so.
    """
    if source.audited is None:
        warn(NOT_AUDITED)
        return
    with common.open_store(source.audited) as store:
        log_change(store, action, "events", listed([str(letter.fields["id"]) for letter in letters]))


def listed(ids: Sequence[str]) -> str | None:
    """Return ids for an entry of the audit log, as many as fit."""
    more = f" and {len(ids) - LOGGED_IDS} more" if len(ids) > LOGGED_IDS else ""
    return f"{', '.join(ids[:LOGGED_IDS])}{more}" if ids else None


def _known_topics(topics: Sequence[str] | None) -> list[str]:
    if unknown := [topic for topic in topics or () if topic not in TOPICS]:
        raise BadInput(f"There is no topic {unknown[0]!r}.", fix=f"There are: {', '.join(TOPICS)}.")
    return list(topics or TOPICS)


def chosen_letters(source: Source, ids: list[str] | None, every: bool, topics: list[str] | None) -> list[Letter]:
    if bool(ids) == every:
        raise BadInput("Say which events.", fix="Name their ids, or give --all.")
    letters = source.list(_known_topics(topics))
    return select_letters(letters, ids) if ids else letters


def select_letters(letters: Sequence[Letter], ids: Sequence[str]) -> list[Letter]:
    """Return the letters with these ids.

    Raises:
        BadInput: an id is unknown.
    """
    by_id = {letter.fields["id"]: letter for letter in letters}
    if unknown := [letter_id for letter_id in ids if letter_id not in by_id]:
        raise BadInput(
            f"There is no dead letter {unknown[0]!r}.",
            fix="'firstword dlq list' shows the ids. Somebody may have replayed or dropped it.",
        )
    return [by_id[letter_id] for letter_id in ids]


def _from_kafka(pending: PendingLetter) -> Letter:
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
    return Letter(fields, record.payload or b"", pending)


def _from_database(stored: DeadLetter) -> Letter:
    fields = {name: value for name, value in asdict(stored).items() if name != "payload"}
    return Letter(fields | {"id": str(stored.id)}, stored.payload, stored)


def counted(letters: Sequence[Letter]) -> str:
    """Return the number of letters for people."""
    return "1 event" if len(letters) == 1 else f"{len(letters)} events"


def _row(letter: Letter) -> tuple[str, ...]:
    fields = letter.fields
    waits = " (waits for its replay)" if fields.get("asked_at") else ""
    return (
        fields["id"],
        f"{fields['at']:%Y-%m-%d %H:%M:%S}",
        f"{fields['consumer']} v{fields['version']}",
        str(fields["attempt"]),
        f"{fields['place']}: {fields['reason'][:SHOWN_REASON]}{waits}",
    )
