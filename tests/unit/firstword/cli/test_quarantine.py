"""``firstword quarantine`` and the desk's page of it, on a data folder with a broken feed and an event that failed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firstword.compose import common
from firstword.quarantine import QuarantineAdapter
from firstword.storage.dead_letters import DeadLetter, DeadLetters
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.ingest.fetch.imap import MailboxPlace, MailboxPosition
from services.ingest.unread_mail import UnreadMail, UnreadMessage
from tests.command_line import Run, command_line
from tests.unit.services.ingest.harness import rss

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feeds" / "news.xml"
    path.parent.mkdir()
    path.write_text("<html><p>Back soon.", encoding="utf-8")
    return path


@pytest.fixture
def feed_id(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A feed whose document can't be read, beside an event that could not be processed."""
    with common.open_store(read_settings(data=tmp_path)) as store:
        ingest = common.build_ingest(store)
        added = ingest.add_feed(feed.as_uri())
        asyncio.run(ingest.poll(added.id))
        with store.engine.begin() as connection:
            DeadLetters().add(connection, DeadLetter("annotate", 1, "items", 7, b"{", "no JSON", "UnreadableEvent", AT))
    capsys.readouterr()
    return added.id


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    return command_line(monkeypatch, capsys)


def test_documents_and_events_are_listed_and_shown(run: Run, feed_id: str) -> None:
    document, letter = json.loads(run("quarantine", "list", "--json")[1])
    assert (document["id"], document["kind"], document["times"], document["size_bytes"]) == (feed_id, "document", 1, 19)
    assert document["place"].endswith("news.xml, the whole document")
    assert (letter["id"], letter["kind"], letter["name"]) == ("1", "event", "items, event 7")
    assert document["reason"]
    assert document["fix"]
    assert letter["fix"]
    _, out, _ = run("quarantine", "list")
    assert feed_id in out
    assert "annotate version 1" in out
    assert json.loads(run("quarantine", "show", feed_id)[1])["content"] == "<html><p>Back soon."
    assert json.loads(run("quarantine", "show", "1")[1])["content"] == "{"
    assert run("quarantine", "show", "unknown")[0] == 2


def test_replays_bring_what_can_be_read_now_and_keep_the_rest(run: Run, feed_id: str, feed: Path) -> None:
    code, _, err = run("quarantine", "replay", feed_id)
    assert code == 1
    assert "still can't be read" in err
    code, out, _ = run("quarantine", "replay", "--all")
    assert code == 1
    assert "process again: 1 event." in out
    assert "It waits for its replay." in run("quarantine", "list")[1]
    assert run("quarantine", "replay")[0] == 2


def test_everything_can_be_given_up(run: Run, feed_id: str) -> None:
    assert run("quarantine", "drop", feed_id, "2")[0] == 2, "nothing is dropped if one of them is unknown"
    assert run("quarantine", "drop", feed_id)[1].strip() == "Dropped 1 document and 0 events."
    assert run("quarantine", "drop", "--all")[1].strip() == "Dropped 0 documents and 1 event."
    assert run("quarantine", "list")[1].strip() == "Everything could be read."
    assert run("quarantine", "replay", "--all")[1].strip() == "Everything could be read."


def test_the_desk_sees_both_and_acts_on_them(tmp_path: Path, feed_id: str, feed: Path) -> None:
    with common.open_store(read_settings(data=tmp_path)) as store:
        ingest = common.build_ingest(store)
        quarantine = QuarantineAdapter(ingest, store.engine, store.clock, with_events=True)
        document, event = quarantine.list(10)
        assert (document.id, document.kind, event.id, event.kind) == (feed_id, "document", "event-1", "event")
        assert quarantine.counts() == {"document": 1, "message": 0, "event": 1}
        assert asyncio.run(quarantine.replay(feed_id)).problem
        feed.write_bytes(rss("one"))
        assert asyncio.run(quarantine.replay(feed_id)).problem, "it reads what is kept, not what the feed has now"
        assert asyncio.run(quarantine.replay("event-1")).waits
        assert [thing.waits for thing in quarantine.list(10)] == [False, True]
        quarantine.drop("event-1")
        quarantine.drop(feed_id)
        assert (quarantine.list(10), quarantine.counts()) == ([], {"document": 0, "message": 0, "event": 0})
        for gone in (feed_id, "event-1"):
            with pytest.raises(BadInput):
                quarantine.drop(gone)
        with reading(store.engine) as connection:
            assert DeadLetters().asked(connection) == []


async def test_messages_of_mailboxes_are_listed_shown_replayed_and_dropped(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with common.open_store(read_settings(data=tmp_path)) as store:
        ingest = common.build_ingest(store)
        place = MailboxPlace("imap.firm.example", 993, "letters")
        inlet = ingest.add_mailbox("letters", place, "open-sesame", title="Newsletters")
        good = b"From: Wire <news@wire.example>\nSubject: Halden cuts its dividend\n\nBy half."
        with store.engine.begin() as connection:
            for uid, body in ((1, good), (2, b"noise"), (3, b"more noise")):
                UnreadMail().put(
                    connection,
                    UnreadMessage(inlet.id, MailboxPosition(7, uid), store.clock.now(), "Odd.", None, len(body), body),
                )
    capsys.readouterr()
    ids = [f"mail-{inlet.id}-7-{uid}" for uid in (1, 2, 3)]
    listed = json.loads(run("quarantine", "list", "--json")[1])
    assert sorted(message["id"] for message in listed) == ids
    assert {(message["kind"], message["name"]) for message in listed} == {("message", "Newsletters")}
    assert json.loads(run("quarantine", "show", ids[1])[1])["content"] == "noise"
    code, out, _ = await asyncio.to_thread(run, "quarantine", "replay", ids[0])
    assert (code, "1 new and 0 revised" in out) == (0, True)
    code, _, err = await asyncio.to_thread(run, "quarantine", "replay", ids[1])
    assert (code, "still can't be read" in err) == (1, True)
    assert run("quarantine", "drop", ids[1])[1].strip() == "Dropped 0 documents, 1 message and 0 events."
    with common.open_store(read_settings(data=tmp_path)) as store:
        ingest = common.build_ingest(store)
        adapter = QuarantineAdapter(ingest, store.engine, store.clock, with_events=True)
        assert dict(adapter.counts()) == {"document": 0, "message": 1, "event": 0}
        (thing,) = adapter.list(10)
        assert (thing.id, thing.kind, thing.place) == (ids[2], "message", "message 3 of its mailbox")
        assert (await adapter.replay(ids[2])).problem
        adapter.drop(ids[2])
        with pytest.raises(BadInput):
            adapter.drop(ids[2])
        await ingest.aclose()
