"""Connect the desk's page of what could not be read with ingest's documents and the runtime's dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from firstword.storage.dead_letters import DeadLetter, DeadLetters
from services.common.addresses import redact_url
from services.common.clock import Clock
from services.common.db import reading
from services.common.errors import BadInput
from services.ingest.quarantine import QuarantinedDocument
from services.ingest.repository import FeedState
from services.ingest.service import IngestService
from services.ingest.unread_mail import UnreadMessage, is_message_id
from services.notifier.desk.dependencies import Replayed, UnreadThing

__all__ = ["QuarantineAdapter", "document_text", "event_fix", "message_text"]

_EVENT = "event-"


def event_fix(place: str) -> str:
    """Return what to do about an event that failed with an error of the class ``place``."""
    if place == "UnreadableEvent":
        return "A newer version of Firstword or a fault wrote it. Update Firstword, then replay it; or drop it."
    return "Nothing else is held up. Replay it after an update of Firstword; or drop it."


def document_text(document: QuarantinedDocument, state: FeedState) -> tuple[str, str, str | None]:
    """Return a document's name, its place and what to do."""
    name = state.feed.publisher or state.feed.title or redact_url(state.feed.url)
    what = "the whole document" if document.entries is None else f"{document.entries:,} of its entries"
    place = f"{redact_url(document.url)}, {what}"
    return name, place, document.fix


def message_text(message: UnreadMessage, state: FeedState) -> tuple[str, str]:
    """Return a message's name and its place."""
    return state.feed.title or state.feed.url, f"message {message.position.uid} of its mailbox"


class QuarantineAdapter:
    """Implements the desk's port ``quarantine``. ``with_events``: events are in this database, not on Kafka."""

    def __init__(self, ingest: IngestService, engine: Engine, clock: Clock, *, with_events: bool) -> None:
        self._ingest = ingest
        self._engine = engine
        self._clock = clock
        self.with_events = with_events

    def list(self, limit: int) -> Sequence[UnreadThing]:
        """Return what could not be read: documents, messages and events, each the newest ``limit``."""
        documents = [_of_document(*found) for found in self._ingest.quarantined()[:limit]]
        documents += [_of_message(*found) for found in self._ingest.unread_messages(limit)]
        if not self.with_events:
            return documents
        with reading(self._engine) as connection:
            return documents + [_of_event(letter) for letter in DeadLetters().pending(connection, limit)]

    def counts(self) -> dict[str, int]:
        """Return the number of documents, of messages, and of events if they are in this database."""
        counts = {"document": self._ingest.count_quarantined(), "message": self._ingest.count_unread_messages()}
        if self.with_events:
            with reading(self._engine) as connection:
                counts["event"] = DeadLetters().count_pending(connection)
        return counts

    async def replay(self, id: str) -> Replayed:
        """Read a document or a message again now, or let the runtime process an event again.

        Raises:
            BadInput: it is not listed, or can't be replayed; the message says why.
        """
        if (number := self._event(id)) is not None:
            with self._engine.begin() as connection:
                DeadLetters().ask(connection, [number], self._clock.now())
            return Replayed(waits=True)
        again = self._ingest.read_message_again if is_message_id(id) else self._ingest.read_again
        result = await again(id)
        return Replayed(result.new, result.revised, result.problem, result.fix)

    def drop(self, id: str) -> None:
        """Give it up.

        Raises:
            BadInput: it is not listed.
        """
        if (number := self._event(id)) is not None:
            with self._engine.begin() as connection:
                DeadLetters().drop(connection, [number], self._clock.now())
        elif is_message_id(id):
            self._ingest.unread_message(id)
            self._ingest.drop_messages([id])
        else:
            self._ingest.quarantined_document(id)
            self._ingest.drop_quarantined([id])

    def _event(self, id: str) -> int | None:
        """Return the number of a pending event's letter; None if ``id`` is not that of an event.

        Raises:
            BadInput: nobody knows the event, or it was dealt with.
        """
        if not id.startswith(_EVENT) or not self.with_events:
            return None
        number = id.removeprefix(_EVENT)
        with reading(self._engine) as connection:
            known = {str(letter.id) for letter in DeadLetters().pending(connection)}
        if number not in known:
            raise BadInput("This event is not listed any more.", fix="Somebody has replayed or dropped it.")
        return int(number)


def _of_document(document: QuarantinedDocument, state: FeedState) -> UnreadThing:
    name, place, fix = document_text(document, state)
    return UnreadThing(
        id=document.feed_id,
        kind="document" if document.entries is None else "entries",
        name=name,
        place=place,
        reason=document.reason,
        fix=fix,
        at=document.at,
        first_at=document.first_at,
        times=document.times,
    )


def _of_message(message: UnreadMessage, state: FeedState) -> UnreadThing:
    name, place = message_text(message, state)
    return UnreadThing(
        id=message.id,
        kind="message",
        name=name,
        place=place,
        reason=message.reason,
        fix=message.fix,
        at=message.at,
        first_at=message.at,
        times=1,
    )


def _of_event(letter: DeadLetter) -> UnreadThing:
    return UnreadThing(
        id=f"{_EVENT}{letter.id}",
        kind="event",
        name=f"{letter.topic}, event {letter.seq}",
        place=f"{letter.consumer} version {letter.version}",
        reason=letter.reason,
        fix=event_fix(letter.place),
        at=letter.at,
        first_at=letter.at,
        times=letter.attempt,
        waits=letter.asked_at is not None,
    )
