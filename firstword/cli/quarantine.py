"""``firstword quarantine``: what could not be read or processed, documents of feeds, messages and events alike."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple

import typer

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.dlq import NOT_AUDITED, Ids, Letter, Source, counted, find_source, listed, select_letters
from firstword.cli.kafka_options import Brokers, Prefix
from firstword.cli.operator import log_change
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.quarantine import document_text, event_fix, message_text
from firstword.runtimes.kafka.settings import find_kafka_settings
from firstword.store import Store
from schemas.topics import TOPICS
from services.common.errors import BadInput
from services.common.settings import Settings, read_settings
from services.ingest.quarantine import QuarantinedDocument, Reading
from services.ingest.repository import FeedState
from services.ingest.service import IngestService
from services.ingest.unread_mail import UnreadMessage

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="List, show, replay and drop what could not be read or processed: documents of feeds, entries of them, "
    "messages of mailboxes, and events. Nothing in here holds up anything else.",
)
All = Annotated[bool, typer.Option("--all", help="All that is listed.")]
SHOWN_REASON = 200


@app.command("list")
def list_(brokers: Brokers = None, prefix: Prefix = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """List what could not be read, each with its place, the reason and what to do.

    Documents have the id of their feed. There is one for each feed, the last; it is kept for 30 days, as messages are.
    """
    with _Quarantine(read_settings(data=data), brokers, prefix) as quarantine:
        found = quarantine.chosen(None, True)
        quarantine.log("quarantine.listed", found)
    fields = [_document_fields(*document) for document in found.documents]
    fields += [_message_fields(*message) for message in found.messages]
    fields += [_letter_fields(letter) for letter in found.letters]
    if as_json:
        print_json(fields)
        return
    rows = [_row(line) for line in fields]
    table(("id", "when (UTC)", "what", "reason", "what to do"), rows, empty="Everything could be read.")


@app.command()
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="As 'list' shows it.")],
    brokers: Brokers = None,
    prefix: Prefix = None,
    data: DataDir = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print only the document or event itself, unchanged.")] = False,
) -> None:
    """Show one completely: where it came from, why it could not be read, and what it holds.

    **Examples:**

    - `firstword quarantine show feed_3f2a`
    - `firstword quarantine show feed_3f2a --raw > document.xml`
    """
    with _Quarantine(read_settings(data=data), brokers, prefix) as quarantine:
        found = quarantine.chosen([id], False)
        quarantine.log("quarantine.read", found)
        if found.documents:
            document = quarantine.ingest.quarantined_document(id)
            fields, body = _document_fields(document, found.documents[0][1]), document.body or document.beginning
        elif found.messages:
            message = quarantine.ingest.unread_message(id)
            fields, body = _message_fields(message, found.messages[0][1]), message.body or b""
        else:
            letter = found.letters[0]
            fields, body = _letter_fields(letter), letter.payload
    if raw:
        sys.stdout.buffer.write(body)
    else:
        print_json(fields | {"content": body.decode(errors="replace")})


@app.command()
def replay(
    ids: Ids = None, every: All = False, brokers: Brokers = None, prefix: Prefix = None, data: DataDir = None
) -> None:
    """Read documents and messages again with this version of Firstword, and process events again.

    Fix the cause first. New items of a document are published like those of a poll; what was published before is not
    repeated. What still can't be read stays, and the exit code is 1. Events are processed by the running system.

    **Examples:**

    - `firstword quarantine replay feed_3f2a`
    - `firstword quarantine replay --all`
    """
    with _Quarantine(read_settings(data=data), brokers, prefix) as quarantine:
        found, left = quarantine.chosen(ids, every), 0
        quarantine.log("quarantine.replayed", found)
        for document, feed in found.documents:
            again = partial(quarantine.ingest.read_again, document.feed_id)
            left += not _read_again(
                quarantine.ingest, f"{document_text(document, feed)[0]} ({document.feed_id})", again
            )
        for message, inlet in found.messages:
            again = partial(quarantine.ingest.read_message_again, message.id)
            left += not _read_again(quarantine.ingest, f"{message_text(message, inlet)[0]} ({message.id})", again)
        if found.letters:
            quarantine.source.replay(found.letters)
            out.print(f"{quarantine.source.replayed} {counted(found.letters)}.")
    if not any(found):
        out.print("Everything could be read.")
    if left:
        raise typer.Exit(1)


@app.command()
def drop(
    ids: Ids = None, every: All = False, brokers: Brokers = None, prefix: Prefix = None, data: DataDir = None
) -> None:
    """Give up what could not be read: it is no longer listed, and its contents are deleted."""
    with _Quarantine(read_settings(data=data), brokers, prefix) as quarantine:
        found = quarantine.chosen(ids, every)
        quarantine.log("quarantine.dropped", found)
        if found.documents or found.messages:
            quarantine.ingest.drop_quarantined([document.feed_id for document, _ in found.documents])
            quarantine.ingest.drop_messages([message.id for message, _ in found.messages])
        if found.letters:
            quarantine.source.drop(found.letters)
    documents, messages = len(found.documents), len(found.messages)
    number = "1 document" if documents == 1 else f"{documents} documents"
    mail = "" if not messages else ", 1 message" if messages == 1 else f", {messages} messages"
    out.print(f"Dropped {number}{mail} and {counted(found.letters)}.")


class _Found(NamedTuple):
    """Things that could not be read, by kind."""

    documents: Sequence[tuple[QuarantinedDocument, FeedState]]
    messages: Sequence[tuple[UnreadMessage, FeedState]]
    letters: Sequence[Letter]

    def ids(self) -> list[str]:
        """Return the ids of all of it, as they are listed."""
        documents = [document.feed_id for document, _ in self.documents]
        messages = [message.id for message, _ in self.messages]
        return [*documents, *messages, *(str(letter.fields["id"]) for letter in self.letters)]


class _Quarantine:
    """Documents in the database, and events there or on Kafka, whichever of them are configured."""

    def __init__(self, settings: Settings, brokers: str | None, prefix: str | None) -> None:
        self._brokers, self._prefix = brokers, prefix
        self._settings = settings
        self._kafka = find_kafka_settings(brokers=brokers, prefix=prefix) is not None
        self._with_events = self._kafka or settings.database is None
        self._store: Store | None = None
        self._ingest: IngestService | None = None

    def __enter__(self) -> _Quarantine:
        if not self._with_events:
            warn("Events are on Kafka; to see them too, give --brokers host:9092 or set FIRSTWORD_KAFKA=host:9092.")
        if self._settings.database is not None or not self._kafka:
            self._store = common.open_store(self._settings)
            self._ingest = common.build_ingest(self._store)
        else:
            warn("Documents are in the stack's database; to see them too, set FIRSTWORD_DATABASE.")
        return self

    def __exit__(self, *_: object) -> None:
        if self._store is not None:
            self._store.engine.dispose()

    @property
    def ingest(self) -> IngestService:
        """The service that has the documents."""
        if self._ingest is None:
            raise BadInput("No database is configured.", fix="Set FIRSTWORD_DATABASE.")
        return self._ingest

    @property
    def source(self) -> Source:
        """The place of the events."""
        return find_source(self._brokers, self._prefix, None if self._kafka else self._settings.data)

    def letters(self) -> list[Letter]:
        """Return all events, oldest first."""
        return self.source.list(list(TOPICS)) if self._with_events else []

    def log(self, action: str, found: _Found) -> None:
        """Write to the audit log what is done with these, if its database is at hand."""
        if self._store is None:
            warn(NOT_AUDITED)
            return
        log_change(self._store, action, "quarantine", listed(found.ids()))

    def chosen(self, ids: list[str] | None, every: bool) -> _Found:
        """Return what has these ids, or all.

        Raises:
            BadInput: neither or both are given, or an id is unknown.
        """
        if bool(ids) == every:
            raise BadInput("Say which.", fix="Name their ids, or give --all.")
        documents = self._ingest.quarantined() if self._ingest is not None else ()
        messages = self._ingest.unread_messages() if self._ingest is not None else ()
        if every:
            return _Found(documents, messages, self.letters())
        wanted = set(ids or ())
        documents = [found for found in documents if found[0].feed_id in wanted]
        messages = [found for found in messages if found[0].id in wanted]
        others = wanted - {found[0].feed_id for found in documents} - {found[0].id for found in messages}
        return _Found(documents, messages, select_letters(self.letters(), sorted(others)) if others else [])


def _read_again(ingest: IngestService, name: str, again: Callable[[], Coroutine[Any, Any, Reading]]) -> bool:
    """Read something again, and say what came of it; return True if all of it could be read."""

    async def read() -> Reading:
        try:
            return await again()
        finally:
            await ingest.aclose()

    try:
        result = asyncio.run(read())
    except BadInput as refused:
        error(f"{name}: {refused.message}", refused.fix)
        return False
    out.print(f"{name}: {result.new} new and {result.revised} revised items.", markup=False)
    if result.problem is not None:
        error(f"{name} still can't be read: {result.problem}", result.fix)
    return result.problem is None


def _document_fields(document: QuarantinedDocument, state: FeedState) -> dict[str, Any]:
    name, place, fix = document_text(document, state)
    return {
        "id": document.feed_id,
        "kind": "document" if document.entries is None else "entries",
        "at": document.at,
        "first_at": document.first_at,
        "times": document.times,
        "name": name,
        "place": place,
        "reason": document.reason,
        "fix": fix,
        "content_type": document.content_type,
        "size_bytes": document.size_bytes,
    }


def _message_fields(message: UnreadMessage, state: FeedState) -> dict[str, Any]:
    name, place = message_text(message, state)
    return {
        "id": message.id,
        "kind": "message",
        "at": message.at,
        "name": name,
        "place": place,
        "reason": message.reason,
        "fix": message.fix,
        "size_bytes": message.size_bytes,
    }


def _letter_fields(letter: Letter) -> dict[str, Any]:
    fields = letter.fields
    where = fields["seq"] if "seq" in fields else fields["offset"]
    return {
        "id": fields["id"],
        "kind": "event",
        "at": fields["at"],
        "times": fields["attempt"],
        "name": f"{fields['topic']}, event {where}",
        "place": f"{fields['consumer']} version {fields['version']}",
        "reason": fields["reason"],
        "fix": event_fix(fields["place"]),
        "waits_for_replay": fields.get("asked_at") is not None,
    }


def _row(fields: dict[str, Any]) -> tuple[str, ...]:
    waits = " It waits for its replay." if fields.get("waits_for_replay") else ""
    return (
        fields["id"],
        f"{fields['at']:%Y-%m-%d %H:%M}",
        f"{fields['name']}: {fields['place']}",
        " ".join(fields["reason"].split())[:SHOWN_REASON],
        f"{fields['fix'] or ''}{waits}",
    )
