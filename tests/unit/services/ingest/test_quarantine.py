"""Documents and entries that can't be read are set aside with the reason, and can be read again after a fix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from services.common.errors import BadInput
from services.ingest import fetch_and_parse
from services.ingest.parse import feed as parsing
from services.ingest.parse.entry import RawEntry
from services.ingest.parse.errors import NotAFeed
from services.ingest.quarantine import MAX_KEPT_BYTES, QuarantinedDocument
from tests.http_server import Reply
from tests.unit.services.ingest.harness import NOON, Ingest, rss, running

BROKEN = {"/": Reply(200, b"<html><p>maintenance", {"Content-Type": "text/html"})}


def only(ingest: Ingest) -> QuarantinedDocument:
    ((document, state),) = ingest.service.quarantined()
    assert state.feed.id == document.feed_id
    return document


async def test_documents_are_listed_with_reason_and_fix_and_counted_once_per_feed(database: Engine) -> None:
    async with running(database, dict(BROKEN)) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        ingest.clock.advance(minutes=10)
        await ingest.poll(feed.id)
        document = only(ingest)
        assert (document.times, document.first_at, document.at) == (2, NOON, NOON + timedelta(minutes=10))
        assert document.reason == "This is an HTML page, not a feed."
        assert document.fix
        assert (document.entries, ingest.service.count_quarantined()) == (None, 1)
        assert ingest.service.quarantined_document(feed.id).body == BROKEN["/"].body
        ingest.clock.advance(days=31)
        assert (ingest.service.quarantined(), ingest.service.count_quarantined()) == ((), 0)


async def test_a_document_is_read_again_after_a_fix(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with running(database, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())

        def refuse(*_: object, **__: object) -> Any:
            raise NotAFeed("This version can't read it.", fix="Update.")

        with monkeypatch.context() as older:
            older.setattr(fetch_and_parse, "parse_feed", refuse)
            await ingest.poll(feed.id)
            again = await ingest.service.read_again(feed.id)
            assert (again.problem, again.fix) == ("This version can't read it.", "Update.")
            assert only(ingest).times == 1
            assert ingest.health() == ["waiting → broken"]
        replies["/"] = Reply(200, rss("three"))  # the feed has moved on
        result = await ingest.service.read_again(feed.id)
        assert (result.new, result.revised, result.problem) == (2, 0, None)
        assert ingest.service.quarantined() == ()
        assert [data.item.title for data in ingest.items()] == ["one", "two"]
        (state,) = ingest.service.list_feeds()
        assert state.health.next_poll_at == ingest.clock.now(), "the feed says next what it is like now"
        assert (await ingest.poll(feed.id)).new == 1
        with pytest.raises(BadInput, match="no quarantined document"):
            await ingest.service.read_again(feed.id)


async def test_entries_that_cannot_be_read_cost_the_feed_no_others(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = parsing._item

    def stumble(entry: RawEntry, *others: Any) -> Any:
        if entry.title == "two":
            raise ValueError("odd\nentry")
        return read(entry, *others)

    async with running(database, {"/": Reply(200, rss("one", "two", "three"))}) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        with monkeypatch.context() as older:
            older.setattr(parsing, "_item", stumble)
            result = await ingest.poll(feed.id)
            assert (result.new, result.health.status) == (2, "ok")
            assert only(ingest).entries == 1
            assert only(ingest).reason == "Entry 2 (two) can't be read: odd entry"
            again = await ingest.service.read_again(feed.id)
            assert (again.new, again.problem) == (0, "Entry 2 (two) can't be read: odd entry")
            assert only(ingest).entries == 1
        again = await ingest.service.read_again(feed.id)
        assert (again.new, again.problem) == (1, None), "though the server still has the same document"
        assert ingest.service.quarantined() == ()
        assert [data.item.title for data in ingest.items()] == ["one", "three", "two"]


async def test_a_document_that_is_no_feed_is_not_replaced_by_one_with_a_bad_entry(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = dict(BROKEN)
    async with running(database, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        replies["/"] = Reply(200, rss("one"))

        def stumble(*_: object) -> Any:
            raise ValueError("odd")

        monkeypatch.setattr(parsing, "_item", stumble)
        await ingest.poll(feed.id)
        assert only(ingest).entries is None
        assert ingest.service.drop_quarantined([feed.id, "another"]) == 1
        assert ingest.service.quarantined() == ()


async def test_large_documents_are_kept_by_their_beginning_only(database: Engine) -> None:
    large = b"<html>" + b"a" * MAX_KEPT_BYTES
    async with running(database, {"/": Reply(200, large)}) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        document = ingest.service.quarantined_document(feed.id)
        assert (document.body, document.size_bytes) == (None, len(large))
        with pytest.raises(BadInput, match="only the beginning"):
            await ingest.service.read_again(feed.id)


async def test_a_paused_feed_must_be_resumed_first(database: Engine) -> None:
    async with running(database, dict(BROKEN)) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        ingest.service.pause_feed(feed.id)
        with pytest.raises(BadInput, match="paused"):
            await ingest.service.read_again(feed.id)
