"""Bounces are read from the mailbox, and their drafts return to the account manager."""

from __future__ import annotations

import asyncio
import imaplib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from services.common.db import reading
from services.common.errors import BadInput
from services.notifier.delivery.bounces import parse_bounce
from services.notifier.delivery.mailbox import BounceReader, MailboxSettings
from services.notifier.tables import deliveries
from tests.desk_world import World
from tests.fakes import ScriptedChannel
from tests.imap_server import mailbox


def report(delivery_id: str = "dlv_1", action: str = "failed", *, headers_only: bool = False) -> bytes:
    """Return a bounce as mail servers write it (RFC 3464, appendix E)."""
    original = f"Message-ID: <{delivery_id}@mail.example>\r\nSubject: News\r\n"
    copy = (
        f"Content-Type: text/rfc822-headers\r\n\r\n{original}"
        if headers_only
        else f"Content-Type: message/rfc822\r\n\r\n{original}\r\nText.\r\n"
    )
    return (
        "From: MAILER-DAEMON@mail.example\r\nTo: desk@harbour.example\r\nSubject: Returned mail\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nYour mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; claire@arnaud.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1\r\n  no such user\r\n\r\n"
        f"--b\r\n{copy}\r\n--b--\r\n"
    ).encode()


LETTER = b"From: nadia@b.example\r\nSubject: Re: News\r\nIn-Reply-To: <dlv_1@mail.example>\r\n\r\nThank you.\r\n"


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_bounce_names_the_delivery_and_the_reason(headers_only: bool) -> None:
    bounce = parse_bounce(report(headers_only=headers_only))
    assert bounce is not None
    assert (bounce.delivery_id, bounce.reason) == ("dlv_1", "550 5.1.1 no such user")


@pytest.mark.parametrize("mail", [LETTER, b"", report(action="delayed"), report(action="delivered"), report("other_1")])
def test_other_mails_are_not_bounces(mail: bytes) -> None:
    assert parse_bounce(mail) is None


@given(cut=st.integers(0, 900), junk=st.binary(max_size=40))
def test_damaged_mails_do_no_harm(cut: int, junk: bytes) -> None:
    parse_bounce(report()[:cut] + junk)
    parse_bounce(report()[:cut] + junk + report()[cut:])


async def test_a_bounced_draft_returns_to_the_inbox(database: Engine) -> None:
    world = World.on(database)
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version, at_once=True)
    await world.worker(ScriptedChannel()).deliver_due()
    assert world.line(line.id).state == "sent"
    with reading(database) as connection:
        (sent,) = connection.execute(select(deliveries.c.id)).scalars()
    async with mailbox(LETTER, report(sent), report("dlv_unheard")) as box:
        settings = MailboxSettings("127.0.0.1", box.port, "desk", box.password, security="none")
        reader = BounceReader(database, world.publisher, world.clock, settings)
        assert await asyncio.to_thread(reader.read) == 2
        assert await asyncio.to_thread(reader.read) == 0
        assert box.seen == {2, 3}, "letters of clients stay unread"
        assert box.fetched.count(1) == 1
    again = world.line(line.id)
    assert again.state == "failed"
    assert "came back: 550 5.1.1 no such user" in (again.outcome or "")
    assert world.types()[-1] == "delivery.changed"


async def test_a_refused_sign_in_is_an_error_without_the_password(database: Engine) -> None:
    world = World.on(database, ())
    async with mailbox() as box:
        settings = MailboxSettings("127.0.0.1", box.port, "desk", "wrong-secret", security="none")
        assert "wrong-secret" not in repr(settings)
        with pytest.raises(imaplib.IMAP4.error) as caught:
            await asyncio.to_thread(BounceReader(database, world.publisher, world.clock, settings).read)
        assert "wrong-secret" not in str(caught.value)
    open_one = MailboxSettings("mail.example", 143, "desk", "p", security="none")
    with pytest.raises(BadInput, match="clear text"):
        BounceReader(database, world.publisher, world.clock, open_one)
