"""Topics, carried event by event: published anew where they arrive, so that whoever reads them there learns of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from firstword.store import EventStore
from firstword.transfer.archive import Row
from schemas.topics import TOPICS, UnreadableEvent, decode, encode
from services.common.errors import BadInput
from services.common.processing import AnyEvent

__all__ = ["Events"]


class Events:
    """The newest event of each key of a compacted topic; of another topic, those since ``since``.

    ``more`` are events that this database doesn't hold, but Kafka does; they are newer than what it holds.
    """

    def __init__(
        self, topic: str, log: EventStore, *, since: datetime | None = None, more: Sequence[AnyEvent] = ()
    ) -> None:
        self.name = f"events.{topic}"
        self._topic = topic
        self._log = log
        self._since = since
        self._more = more

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Events as they are encoded, in the order in which they were published."""
        if TOPICS[self._topic].compacted:
            newest = self._log.latest_by_key(connection, self._topic)
            for one in self._more:
                newest[one.subject] = one
            found: Iterator[AnyEvent] = iter(newest.values())
        else:
            found = self._log.scan(connection, self._topic)
        for event in found:
            if self._since is None or event.time >= self._since:
                yield json.loads(encode(event))

    def add(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Publish what was never published here; of a compacted topic, only keys of which nothing is known."""
        try:
            events = [decode(self._topic, json.dumps(row).encode()) for row in rows]
        except UnreadableEvent as error:
            raise BadInput(f"{self.name}: {error}.", fix="Update Firstword to the version that exported it.") from None
        if TOPICS[self._topic].compacted:
            known = self._log.latest_by_key(connection, self._topic)
            events = [event for event in events if event.subject not in known]
            return self._log.publish(connection, events)
        return self._log.publish_in_order(connection, events)  # else stories might begin with another item

    def is_empty(self, connection: Connection) -> bool:
        """Whether nothing was ever published here."""
        return not self._log.has_any(connection, self._topic)
