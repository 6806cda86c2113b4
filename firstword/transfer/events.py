"""Topics as sections: events are published again where they are imported, so that every consumer reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from firstword.store import EventStore
from firstword.transfer.archive import Row
from schemas.topics import TOPICS, UnreadableEvent, decode, encode
from services.common.errors import BadInput
from services.common.processing import AnyEvent

__all__ = ["TopicEvents"]


class TopicEvents:
    """The events of one topic: the latest of each key if it is compacted, otherwise those since ``since``.

    ``more`` are events that Kafka has and this database doesn't; they are newer than those in the database.
    """

    def __init__(
        self, topic: str, events: EventStore, *, since: datetime | None = None, more: Sequence[AnyEvent] = ()
    ) -> None:
        self.name = f"events.{topic}"
        self._topic = topic
        self._events = events
        self._since = since
        self._more = more

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Yield the encoded events in the order in which they were published."""
        for event in self._stored(connection):
            if self._since is None or event.time >= self._since:
                yield json.loads(encode(event))

    def _stored(self, connection: Connection) -> Iterable[AnyEvent]:
        if not TOPICS[self._topic].compacted:
            return self._events.scan(connection, self._topic)
        latest = self._events.latest_by_key(connection, self._topic)
        for event in self._more:
            latest[event.subject] = event
        return latest.values()

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Publish the events that are new here; of a compacted topic, only those whose key is new."""
        try:
            events = [decode(self._topic, json.dumps(row).encode()) for row in rows]
        except UnreadableEvent as error:
            raise BadInput(f"{self.name}: {error}.", fix="Update Firstword to the version that exported it.") from None
        if TOPICS[self._topic].compacted:
            known = self._events.latest_by_key(connection, self._topic)
            return self._events.publish(connection, [event for event in events if event.subject not in known])
        return self._events.publish_in_order(connection, events)  # in another order, stories could begin differently

    def is_empty(self, connection: Connection) -> bool:
        """Return whether the topic has no event."""
        return not self._events.has_any(connection, self._topic)
