"""What is known of the book is its newest state, in whatever order its records lie on the topic."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from firstword.runtimes.kafka.references import ReferenceReader
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.base import event
from schemas.clients import ClientRemoved
from schemas.topics import encode
from services.common.processing import AnyEvent
from tests.unit.firstword.kafka.tallying import Tally

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Remembering(Tally):
    """Keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []

    def refer(self, event: AnyEvent) -> None:
        assert isinstance(event.data, ClientRemoved)
        self.heard.append((event.subject, event.data.revision))


def record(offset: int, client: str, revision: int) -> Any:
    gone = ClientRemoved(client_id=client, revision=revision)
    made = event(gone, key=client, id=f"evt_{client}_{revision}", source="test", time=NOW)
    return SimpleNamespace(
        topic="clients", partition=0, offset=offset, key=client.encode(), value=encode(made), timestamp=0, headers=()
    )


def test_a_late_record_is_left_out_and_a_repeat_does_no_harm() -> None:
    told, bad = Remembering(), list[Exception]()
    reader = ReferenceReader(KafkaSettings(brokers="nowhere:1"), [told], lambda _, __, error: bad.append(error))
    for offset, (client, revision) in enumerate(
        [("ann", 3), ("ben", 1), ("ann", 4), ("ann", 3), ("ann", 4), ("ben", 2)]
    ):
        reader.take(record(offset, client, revision))
    assert told.heard == [("ann", 3), ("ben", 1), ("ann", 4), ("ann", 4), ("ben", 2)]
    reader.caught_up.set()
    reader.take(SimpleNamespace(**{**vars(record(9, "ann", 5)), "value": b"no event"}))
    assert len(bad) == 1
