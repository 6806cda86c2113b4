"""The outbox holds what was committed, once, in order; the newest of each client is what was last written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from firstword.book_events import client_removed, diff_book
from firstword.storage.outbox import KEPT, Outbox, OutboxPublisher, Post
from schemas.base import event
from schemas.clients import Book, Client, Firm, Manager
from schemas.topics import decode
from services.common.db import reading
from tests.fakes import FakeClock
from tests.unit.firstword.counting import item_event

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
OUTBOX = Outbox()


def waiting(engine: Engine) -> list[Post]:
    with reading(engine) as connection:
        return OUTBOX.waiting(connection, 1000)


def book(name: str) -> Book:
    manager = Manager(id="mara", name="Mara", time_zone="UTC")
    client = Client(id="ann", name=name, manager_id="mara", trade="wealth")
    return Book(firm=Firm(name="Harbour"), managers=(manager,), clients=(client,))


def test_what_is_published_waits_in_order_and_once(database: Engine) -> None:
    publisher, events = OutboxPublisher(FakeClock(NOW)), [item_event(number, NOW) for number in range(5)]
    with database.begin() as connection:
        assert publisher.publish(connection, events[:3]) == 3
    with database.begin() as connection:
        assert publisher.publish(connection, events) == 2
        assert publisher.publish(connection, []) == 0
    posts = waiting(database)
    assert [decode(post.topic, post.payload or b"") for post in posts] == events
    assert [post.key for post in posts] == [made.subject.encode() for made in events]


def test_a_transaction_that_is_rolled_back_says_nothing(database: Engine) -> None:
    with database.connect() as connection:
        OutboxPublisher(FakeClock(NOW)).publish(connection, [item_event(1, NOW)])
        connection.rollback()
    assert waiting(database) == []


def test_what_was_sent_or_set_aside_waits_no_more_and_is_not_said_again(database: Engine) -> None:
    publisher, events = OutboxPublisher(FakeClock(NOW)), [item_event(number, NOW) for number in range(3)]
    with database.begin() as connection:
        publisher.publish(connection, events)
    sent, large, left = waiting(database)
    with database.begin() as connection:
        OUTBOX.mark_sent(connection, [sent.id], NOW)
        OUTBOX.set_aside(connection, large.id, "too large", NOW)
        assert OUTBOX.count_waiting(connection) == 1
        assert publisher.publish(connection, events) == 0
    assert [post.id for post in waiting(database)] == [left.id]


def test_bytes_that_are_no_text_come_out_as_they_went_in(database: Engine) -> None:
    post = Post("items.dlq", b"\xff\x00", None, "x", (("firstword-reason", "naïve".encode()), ("raw", b"\x00\xfe")))
    with database.begin() as connection:
        OUTBOX.add(connection, [post], NOW)
    (found,) = waiting(database)
    assert (found.topic, found.key, found.payload, found.headers) == (post.topic, post.key, None, post.headers)


def test_the_newest_of_each_client_is_the_one_last_written_and_outlives_pruning(database: Engine) -> None:
    publisher = OutboxPublisher(FakeClock(NOW))
    for name in ("Ann", "Anna", "Anne"):
        with database.begin() as connection:
            publisher.publish(
                connection, diff_book(book(name), publisher.latest_by_key(connection, "clients"), NOW).events
            )
    with database.begin() as connection:
        publisher.publish(connection, [item_event(1, NOW)])
        OUTBOX.mark_sent(connection, [post.id for post in OUTBOX.waiting(connection, 10)], NOW)
        assert OUTBOX.prune(connection, NOW + KEPT - timedelta(days=1)) == 0
        assert OUTBOX.prune(connection, NOW + KEPT + timedelta(days=1)) == 3, "two older clients and an item"
        (known,) = publisher.latest_by_key(connection, "clients").values()
        assert known.data.client.name == "Anne"  # type: ignore[attr-defined]
        publisher.publish(connection, [client_removed("ann", known, NOW)])
        assert publisher.latest_by_key(connection, "clients")["ann"].data.event_type == "client.removed"


def test_events_of_no_topic_are_refused(database: Engine) -> None:
    known = item_event(1, NOW)
    stray = event(known.data, key="x", id="y", source="test", time=NOW).model_copy(update={"type": "nobody's"})
    with pytest.raises(ValueError, match="no topic"), database.begin() as connection:
        OutboxPublisher(FakeClock(NOW)).publish(connection, [stray])


def test_the_newest_of_a_compacted_key_can_be_sent_again_and_nothing_else(database: Engine) -> None:
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
        sent = OUTBOX.waiting(connection, 10)
        OUTBOX.mark_sent(connection, [post.id for post in sent], NOW)
    newest = [post for post in sent if post.topic == "clients"][-1]
    with database.begin() as connection:
        assert OUTBOX.send_again(connection, keys=[]) == 0
        assert OUTBOX.send_again(connection, keys=[("clients", b"nobody"), ("items", b"itm_1")]) == 0
        assert OUTBOX.send_again(connection, since=NOW) == 0
        assert OUTBOX.send_again(connection, keys=[("clients", b"ann")]) == 1
    assert [post.id for post in waiting(database)] == [newest.id]
    with database.begin() as connection:
        OUTBOX.mark_sent(connection, [newest.id], NOW)
        assert OUTBOX.send_again(connection, since=NOW - timedelta(seconds=1)) == 1
    assert [post.id for post in waiting(database)] == [newest.id]
