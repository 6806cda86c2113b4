"""Processors know the latest state of the book, whatever the order of records on the topic."""

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


class Recorder(Tally):
    """Records the references that it receives."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[tuple[str, int]] = []

    def update_reference(self, event: AnyEvent) -> None:
        assert isinstance(event.data, ClientRemoved)
        self.received.append((event.subject, event.data.revision))


def record(offset: int, client: str, revision: int) -> Any:
    gone = ClientRemoved(client_id=client, revision=revision)
    made = event(gone, key=client, id=f"evt_{client}_{revision}", source="test", time=NOW)
    return SimpleNamespace(
        topic="clients", partition=0, offset=offset, key=client.encode(), value=encode(made), timestamp=0, headers=()
    )


def test_an_outdated_record_is_ignored_and_a_repeat_is_harmless() -> None:
    recorder, bad = Recorder(), list[Exception]()
    reader = ReferenceReader(KafkaSettings(brokers="nowhere:1"), [recorder], lambda _, __, error: bad.append(error))
    for offset, (client, revision) in enumerate(
        [("ann", 3), ("ben", 1), ("ann", 4), ("ann", 3), ("ann", 4), ("ben", 2)]
    ):
        reader.process(record(offset, client, revision))
    assert recorder.received == [("ann", 3), ("ben", 1), ("ann", 4), ("ann", 4), ("ben", 2)]
    reader.caught_up.set()
    reader.process(SimpleNamespace(**{**vars(record(9, "ann", 5)), "value": b"no event"}))
    assert len(bad) == 1
