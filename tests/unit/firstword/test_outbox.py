"""The outbox holds every committed event once and in order, and the latest event of each client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from firstword.book_events import client_removed, diff_book
from firstword.storage.outbox import KEEP_SENT, Outbox, OutboxPublisher, OutboxRow
from schemas.base import event
from schemas.clients import Book, Client, Firm, Manager
from schemas.topics import decode
from services.common.db import reading
from tests.fakes import FakeClock
from tests.unit.firstword.counting import item_event

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
OUTBOX = Outbox()


def unsent(engine: Engine) -> list[OutboxRow]:
    with reading(engine) as connection:
        return OUTBOX.unsent(connection, 1000)


def book(name: str) -> Book:
    manager = Manager(id="mara", name="Mara", time_zone="UTC")
    client = Client(id="ann", name=name, manager_id="mara", trade="wealth")
    return Book(firm=Firm(name="Harbour"), managers=(manager,), clients=(client,))


def test_published_events_are_unsent_in_order_and_once(database: Engine) -> None:
    publisher, events = OutboxPublisher(FakeClock(NOW)), [item_event(number, NOW) for number in range(5)]
    with database.begin() as connection:
        assert publisher.publish(connection, events[:3]) == 3
    with database.begin() as connection:
        assert publisher.publish(connection, events) == 2
        assert publisher.publish(connection, []) == 0
    rows = unsent(database)
    assert [decode(row.topic, row.payload or b"") for row in rows] == events
    assert [row.key for row in rows] == [event.subject.encode() for event in events]


def test_a_rolled_back_transaction_publishes_nothing(database: Engine) -> None:
    with database.connect() as connection:
        OutboxPublisher(FakeClock(NOW)).publish(connection, [item_event(1, NOW)])
        connection.rollback()
    assert unsent(database) == []


def test_sent_and_refused_rows_are_not_sent_again(database: Engine) -> None:
    publisher, events = OutboxPublisher(FakeClock(NOW)), [item_event(number, NOW) for number in range(3)]
    with database.begin() as connection:
        publisher.publish(connection, events)
    sent, large, remaining = unsent(database)
    with database.begin() as connection:
        OUTBOX.mark_sent(connection, [sent.id], NOW)
        OUTBOX.mark_refused(connection, large.id, "too large", NOW)
        assert OUTBOX.count_unsent(connection) == 1
        assert publisher.publish(connection, events) == 0
    assert [row.id for row in unsent(database)] == [remaining.id]


def test_bytes_that_are_not_text_are_kept_exactly(database: Engine) -> None:
    row = OutboxRow("items.dlq", b"\xff\x00", None, "x", (("firstword-reason", "naïve".encode()), ("raw", b"\x00\xfe")))
    with database.begin() as connection:
        OUTBOX.add(connection, [row], NOW)
    (found,) = unsent(database)
    assert (found.topic, found.key, found.payload, found.headers) == (row.topic, row.key, None, row.headers)


def test_the_latest_event_of_a_client_survives_pruning(database: Engine) -> None:
    publisher = OutboxPublisher(FakeClock(NOW))
    for name in ("Ann", "Anna", "Anne"):
        with database.begin() as connection:
            publisher.publish(
                connection, diff_book(book(name), publisher.latest_by_key(connection, "clients"), NOW).events
            )
    with database.begin() as connection:
        publisher.publish(connection, [item_event(1, NOW)])
        OUTBOX.mark_sent(connection, [row.id for row in OUTBOX.unsent(connection, 10)], NOW)
        assert OUTBOX.prune(connection, NOW + KEEP_SENT - timedelta(days=1)) == 0
        assert OUTBOX.prune(connection, NOW + KEEP_SENT + timedelta(days=1)) == 3, "two older clients and an item"
        (known,) = publisher.latest_by_key(connection, "clients").values()
        assert known.data.client.name == "Anne"  # type: ignore[attr-defined]
        publisher.publish(connection, [client_removed("ann", known, NOW)])
        assert publisher.latest_by_key(connection, "clients")["ann"].data.event_type == "client.removed"


def test_events_without_a_topic_are_refused(database: Engine) -> None:
    known = item_event(1, NOW)
    unregistered = event(known.data, key="x", id="y", source="test", time=NOW).model_copy(update={"type": "nobody's"})
    with pytest.raises(ValueError, match="no topic"), database.begin() as connection:
        OutboxPublisher(FakeClock(NOW)).publish(connection, [unregistered])


def test_only_the_latest_row_of_a_compacted_key_can_be_resent(database: Engine) -> None:
    publisher = OutboxPublisher(FakeClock(NOW))
    for revision, name in enumerate(("Ann", "Anna")):
        with database.begin() as connection:
            change = diff_book(
                book(name), publisher.latest_by_key(connection, "clients"), NOW + timedelta(hours=revision)
            )
            publisher.publish(connection, change.events)
    with database.begin() as connection:
        publisher.publish(connection, [item_event(1, NOW)])
    with database.begin() as connection:
        sent = OUTBOX.unsent(connection, 10)
        OUTBOX.mark_sent(connection, [row.id for row in sent], NOW)
    latest = [row for row in sent if row.topic == "clients"][-1]
    with database.begin() as connection:
        assert OUTBOX.resend_latest(connection, keys=[]) == 0
        assert OUTBOX.resend_latest(connection, keys=[("clients", b"nobody"), ("items", b"itm_1")]) == 0
        assert OUTBOX.resend_latest(connection, since=NOW) == 0
        assert OUTBOX.resend_latest(connection, keys=[("clients", b"ann")]) == 1
    assert [row.id for row in unsent(database)] == [latest.id]
    with database.begin() as connection:
        OUTBOX.mark_sent(connection, [latest.id], NOW)
        assert OUTBOX.resend_latest(connection, since=NOW - timedelta(seconds=1)) == 1
    assert [row.id for row in unsent(database)] == [latest.id]
