"""Newsletters from a mailbox: each message once, whatever happens, and from whom the own mail server says it is."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import Engine

from firstword.storage.engine import open_sqlite
from services.common.addresses import AllowedAddresses
from services.common.errors import BadInput, Unreachable
from services.common.sealing import Keys, new_key
from services.ingest import mailbox_poll
from services.ingest.fetch import imap
from services.ingest.fetch.imap import MailboxLine, MailboxPlace, MailboxPosition, Messages, fetch_messages
from services.ingest.inlets.mail import LONGEST_HEADER, read_mail
from services.ingest.inlets.mail_sender import verified_domain
from services.ingest.mailbox_poll import LOOK_EVERY
from services.ingest.parse.errors import NotAFeed
from services.ingest.service import IngestService
from services.ingest.unread_mail import MOST_BYTES, MOST_MESSAGES, UnreadMail, UnreadMessage
from tests.imap_server import Mailbox, mailbox
from tests.patience import PATIENCE_SECONDS
from tests.unit.services.ingest.harness import NOON, Ingest
from tests.unit.services.ingest.inlets.test_taking import NoWeb

SERVER = "mx.firm.example"
PASSED = "\n".join(
    (
        f"Authentication-Results: {SERVER}; dkim=pass header.d=wire.example;",
        " dmarc=pass (p=reject) header.from=wire.example",
    )
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the server on loopback, which answers in this process, all the time it needs."""
    for limit in ("TIMEOUT_SECONDS", "READING_SECONDS"):
        monkeypatch.setattr(imap, limit, PATIENCE_SECONDS)


def letter(
    id: int,
    *,
    result: str | None = PASSED,
    sender: str = "Wire <news@wire.example>",
    hour: int = 11,
    title: str = "",
) -> bytes:
    head = [result] if result else []
    head += [f"From: {sender}", f"Subject: {title or f'Halden cuts its dividend {id}'}"]
    head += [f"Date: Wed, 04 Mar 2026 {hour}:00:00 +0000", f"Message-ID: <{id}@wire.example>"]
    head += ["Content-Type: text/html; charset=utf-8"]
    return ("\n".join(head) + "\n\n<p>By half.</p><script>steal()</script>").encode()


class Reading(Ingest):
    """An ingest service with one mailbox on this machine."""

    def __init__(self, engine: Engine, box: Mailbox, password: str | None = None, **values: object) -> None:
        super().__init__(engine, NoWeb())
        self.service = IngestService(engine, NoWeb(), self.publisher, self.clock, allow_private=("127.0.0.1",))
        place = MailboxPlace("127.0.0.1", box.port, "letters", "News letters", "none")
        self.id = self.service.add_mailbox(
            "letters",
            place,
            password or box.password,
            title="Newsletters",
            verified_by=SERVER,
            **values,  # type: ignore[arg-type]
        ).id

    def titles(self) -> list[str]:
        return [data.item.title for data in self.items()]


@pytest.fixture
def engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    engine = open_sqlite(shutil.copyfile(migrated_file, tmp_path / "test.db"))
    yield engine.execution_options(keys=Keys([new_key()], "a test"))
    engine.dispose()


async def test_each_message_is_an_item_once_and_the_mailbox_stays_as_it_is(engine: Engine) -> None:
    async with mailbox(letter(1, hour=9), letter(2)) as box:
        ingest = Reading(engine, box)
        first = await ingest.poll(ingest.id)
        assert (first.new, first.health.status) == (2, "ok")
        assert first.health.next_poll_at == NOON + LOOK_EVERY
        item = ingest.items()[0].item
        assert (item.body, item.published_at) == ("By half.", NOON - timedelta(hours=3))
        assert item.source.speaks_for == ("wire.example",)
        assert item.source.publisher == "Wire"
        assert (await ingest.poll(ingest.id)).new == 0
        box.mails.append(letter(3))
        assert (await ingest.poll(ingest.id)).new == 1
        assert box.fetched == [1, 2, 3], "none is fetched twice"
        assert not {"STORE", "SELECT", "EXPUNGE"} & set(box.commands)
        box.validity, box.mails[:] = 2, box.mails[1:]  # the server numbers its messages anew
        box.mails.append(letter(4))
        assert (await ingest.poll(ingest.id)).new == 1
        assert [title[-1] for title in ingest.titles()] == ["1", "2", "3", "4"]
        await ingest.service.aclose()


async def test_who_sent_it_is_what_the_own_server_says(engine: Engine) -> None:
    forged = PASSED.replace(SERVER, "mx.evil.example")
    other = PASSED.replace("wire.example", "other.example")
    async with mailbox(
        letter(1), letter(1, result=None, title="Halden doubles it"), letter(2, result=f"{forged}\n{PASSED}"),
        letter(3, result=other, sender="Wire <a@other.example>"),
    ) as box:  # fmt: skip
        ingest = Reading(engine, box, speaks_for=("wire.example",), ground="We subscribed.")
        assert (await ingest.poll(ingest.id)).new == 4, "a forged repeat revises nothing"
        assert [data.item.source.speaks_for for data in ingest.items()] == [("wire.example",), (), (), ()]
        assert {data.item.source.feed_url for data in ingest.items()} == {"https://letters.inlet.invalid/"}
        await ingest.service.aclose()


async def test_a_crash_between_messages_loses_none_and_takes_none_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mailbox(letter(1), letter(2)) as box:
        ingest = Reading(engine, box)
        publish, left = ingest.publisher.publish, [1]

        def fail(*given: object) -> None:
            if not left:
                raise RuntimeError("killed")
            left.pop()
            publish(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(ingest.publisher, "publish", fail)
        with pytest.raises(RuntimeError, match="killed"):
            await ingest.service.poll(ingest.id)
        monkeypatch.undo()
        assert (await ingest.poll(ingest.id)).new == 1
        assert [title[-1] for title in ingest.titles()] == ["1", "2"]
        await ingest.service.aclose()


async def test_what_cannot_be_read_is_set_aside_and_holds_up_nothing(engine: Engine) -> None:
    async with mailbox(b"no message", letter(2)) as box:
        ingest = Reading(engine, box)
        read = await ingest.poll(ingest.id)
        assert (read.new, read.health.status) == (1, "ok")
        for _ in range(2):
            reason = (await ingest.poll(ingest.id)).health.reason
            assert reason == "1 message could not be read."
        ((message, state),) = ingest.service.unread_messages()
        assert (message.id, state.feed.id) == (f"mail-{ingest.id}-1-1", ingest.id)
        assert message.reason == "This is not a message: it has no sender or no subject."
        assert message.fix
        assert ingest.service.unread_message(message.id).body == b"no message"
        again = await ingest.service.read_message_again(message.id)
        assert again.problem == message.reason
        assert ingest.service.count_unread_messages() == 1
        assert ingest.service.drop_messages([message.id, message.id]) == 1
        assert (await ingest.poll(ingest.id)).health.reason is None
        assert ingest.titles() == ["Halden cuts its dividend 2"]
        await ingest.service.aclose()


async def test_a_message_is_read_again_after_a_fix_and_told_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("a mistake of this version")

    async with mailbox(letter(1), letter(2)) as box:
        ingest = Reading(engine, box)
        with monkeypatch.context() as older:
            older.setattr(mailbox_poll, "read_message", refuse)
            assert (await ingest.poll(ingest.id)).new == 0
        second, first = (message for message, _ in ingest.service.unread_messages())
        assert "error in Firstword (ValueError)" in first.reason
        ingest.service.pause_feed(ingest.id)
        with pytest.raises(BadInput, match="paused"):
            await ingest.service.read_message_again(first.id)
        ingest.service.resume_feed(ingest.id)
        assert (await ingest.service.read_message_again(first.id)).new == 1
        assert ingest.items()[0].item.source.speaks_for == ("wire.example",)
        with pytest.raises(BadInput, match="Somebody may have replayed"):
            await ingest.service.read_message_again(first.id)
        assert ingest.service.count_unread_messages() == 1
        ingest.service.remove_feed(ingest.id)
        assert ingest.service.count_unread_messages() == 0
        with pytest.raises(BadInput):
            ingest.service.unread_message(second.id)
        await ingest.service.aclose()


@pytest.mark.slow
def test_nobody_fills_the_disk_with_messages_that_cannot_be_read(engine: Engine) -> None:
    ingest = Reading(engine, Mailbox(port=1))
    noise = os.urandom(1_000_000)
    with engine.begin() as connection:
        for uid in range(MOST_MESSAGES + 20):
            body = noise if uid >= 140 else b"x"
            unread = UnreadMessage(
                ingest.id, MailboxPosition(1, uid), NOON + timedelta(seconds=uid), "odd", None, len(body), body
            )
            UnreadMail().put(connection, unread)
        large = UnreadMessage(ingest.id, MailboxPosition(2, 1), NOON, "odd", None, 6_000_000, b"x" * 6_000_000)
        UnreadMail().put(connection, replace(large, at=NOON + timedelta(hours=1)))
    listed = [message for message, _ in ingest.service.unread_messages()]
    assert len(listed) == MOST_MESSAGES
    assert listed[-1].position.uid == 21
    bodies = [ingest.service.unread_message(message.id).body for message in listed]
    assert sum(len(body or b"") for body in bodies) <= MOST_BYTES
    assert bodies[0] is None, "it is too large"
    assert bodies[1] is not None
    ingest.clock.advance(days=31)
    assert ingest.service.count_unread_messages() == 0


async def test_a_message_that_is_not_kept_whole_cannot_be_replayed(engine: Engine) -> None:
    ingest = Reading(engine, Mailbox(port=1))
    message = UnreadMessage(ingest.id, MailboxPosition(1, 1), NOON, "It has more than 10 MB.", None, 10_000_000)
    with engine.begin() as connection:
        UnreadMail().put(connection, message)
    with pytest.raises(BadInput, match="are not kept"):
        await ingest.service.read_message_again(message.id)
    for id in ("mail-x", f"mail-{ingest.id}-1-²", f"mail-{ingest.id}-1-{'9' * 30}", f"mail-{ingest.id}-1-2", ""):
        with pytest.raises(BadInput):
            ingest.service.unread_message(id)


async def test_a_message_that_the_server_withholds_is_not_skipped(engine: Engine) -> None:
    async with mailbox(letter(1), letter(2), letter(3)) as box:
        ingest = Reading(engine, box)
        box.withheld = {2}
        assert (await ingest.poll(ingest.id)).new == 1, "what comes before it is taken"
        assert "does not give out message 2" in ((await ingest.poll(ingest.id)).health.reason or "")
        box.withheld = set()
        assert (await ingest.poll(ingest.id)).new == 2
        await ingest.service.aclose()


async def test_neither_many_messages_nor_large_ones_are_too_much() -> None:
    async with mailbox(*[b"x" * 600] * 5) as box:
        place = MailboxPlace("127.0.0.1", box.port, "letters", security="none")

        def fetch() -> Messages:
            return fetch_messages(
                place, box.password, None, AllowedAddresses.parse(("127.0.0.1",)), 1_000, MailboxLine()
            )

        few = await asyncio.to_thread(fetch)
        assert ([uid for uid, _ in few.messages], few.position.uid, few.more) == ([1, 2], 2, True)
        box.mails = [b"x"] * 160_000  # their numbers are a line of more than a megabyte
        many = await asyncio.to_thread(fetch)
        assert [uid for uid, _ in many.messages][:2] == [159_801, 159_802]


async def test_a_wrong_password_a_closed_port_and_a_forbidden_address_have_reasons(engine: Engine) -> None:
    async with mailbox(letter(1)) as box:
        ingest = Reading(engine, box, password="wrong-one")
        refused = await ingest.poll(ingest.id)
        assert (refused.health.status, refused.health.reason) == (
            "unreachable", "127.0.0.1 refuses the user or the password of the mailbox.",
        )  # fmt: skip
        assert "wrong-one" not in f"{refused}{ingest.service.list_feeds()}{ingest.publisher.events}"
        with pytest.raises(BadInput, match="Only a feed that is fetched"):
            ingest.service.set_credential(ingest.id, ingest.service.list_feeds()[0].credential.open())  # type: ignore[union-attr]
        assert ingest.service.set_mailbox_password("letters", "open-sesame") == f"imap://127.0.0.1:{box.port}"
        assert (await ingest.poll(ingest.id)).new == 1
        guarded = IngestService(engine, NoWeb(), ingest.publisher, ingest.clock)
        forbidden = await guarded.poll(ingest.id)
        assert forbidden is not None
        assert "loopback" in (forbidden.health.reason or "")
        await guarded.aclose()
    closed = await ingest.poll(ingest.id)
    assert closed.outcome.kind == "unreachable"
    await ingest.service.aclose()


async def test_nothing_is_said_to_a_server_without_tls() -> None:
    async with mailbox(letter(1)) as box:
        place = MailboxPlace("127.0.0.1", box.port, "letters")
        allowed = AllowedAddresses.parse(["127.0.0.1"])
        with pytest.raises(Unreachable, match="TLS"):
            await asyncio.to_thread(fetch_messages, place, "open-sesame", None, allowed, 1_000, MailboxLine())
        assert not [command for command in box.commands if "LOGIN" in command or "AUTH" in command]


def test_of_a_long_header_only_the_beginning_is_read() -> None:
    raw = b'From: "%b" <news@wire.example>\nSubject: %b\n\nBy half.' % (b"W" * 5_000, b"x" * 5_000)
    entry = read_mail(raw)
    assert (len(entry.title or ""), len(entry.source_title or "") < LONGEST_HEADER) == (LONGEST_HEADER, True)


def test_comments_in_comments_are_no_sender() -> None:
    raw = b"%s\nFrom: %b news@wire.example\nSubject: s\n\nx" % (PASSED.encode(), b"(" * 5_000)
    assert verified_domain(message_from_bytes(raw), SERVER) is None
    with pytest.raises(NotAFeed):
        read_mail(raw)


def test_a_password_never_crosses_a_network_in_clear_text() -> None:
    with pytest.raises(BadInput, match="clear text"):
        MailboxPlace("imap.firm.example", 143, "letters", security="none")
    for place in (("imap.firm.example", 993, "a b"), ("imap firm", 993, "a"), ("imap.firm.example", 993, "a", 'x"y')):
        with pytest.raises(BadInput):
            MailboxPlace(*place)


@pytest.mark.parametrize(
    ("results", "verified"),
    [
        ("dmarc=pass header.from=wire.example", True),
        ("spf=pass smtp.mailfrom=wire.example; dmarc=pass (p=NONE; x) header.from=wire.example", True),
        ("dkim=pass (2048-bit key) header.i=@wire.example header.d=wire.example", True),
        ("dkim=fail header.d=wire.example; dkim=pass header.d=bulk.example", False),
        ("dkim=pass header.d=example; dkim=pass header.d=ire.example", False),
        ("dmarc=fail header.from=wire.example; dkim=pass header.d=wire.example", False),
        ("dmarc=pass header.from=wire.example; dmarc=fail header.from=wire.example", False),
        ("dmarc=pass header.from=evil.example", False),
        ("dmarc=pass header.from=evil.example header.from=wire.example", False),
        ('spf=fail smtp.mailfrom="x; dmarc=pass header.from=wire.example"', False),
        ("spf=fail (x; dmarc=pass header.from=wire.example", False),
        ("spf=pass smtp.mailfrom=wire.example", False),
        ("none", False),
    ],
)
def test_only_clear_results_of_the_own_server_count(results: str, verified: bool) -> None:
    head = f"Authentication-Results: {SERVER} 1; {results}\nFrom: Wire <news@WIRE.example>\n\n"
    assert verified_domain(message_from_bytes(head.encode()), SERVER) == ("wire.example" if verified else None)
    assert verified_domain(message_from_bytes(head.encode()), "another.example") is None
    two = head.replace("From:", "From: A <a@evil.example>\nFrom:")
    assert verified_domain(message_from_bytes(two.encode()), SERVER) is None
    listed = head.replace("From: Wire", "From: <a@evil.example>, Wire")
    assert verified_domain(message_from_bytes(listed.encode()), SERVER) is None


async def test_a_mail_server_that_never_finishes_is_left(database: Engine) -> None:
    """It sends a byte before each time limit of the connection, for ever."""
    waiting, left = asyncio.Event(), asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.set()
        end = asyncio.create_task(reader.read())
        while not end.done():
            writer.write(b"*")
            await asyncio.wait([end], timeout=0.05)
        left.set()
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with server:
        box = Mailbox(port=server.sockets[0].getsockname()[1])
        letters = Reading(database, box)
        poll = asyncio.create_task(letters.service.poll(letters.id))
        await waiting.wait()
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("mailbox")]
        assert threads
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await letters.service.aclose()
        await asyncio.wait_for(left.wait(), PATIENCE_SECONDS)
        for thread in threads:
            await asyncio.to_thread(thread.join, PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in threads)
