from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import BadInput
from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings, address, compose
from services.notifier.delivery.html_letter import letter_html
from tests.fakes import FakeClock
from tests.smtp_server import MailServer, ServerBehavior, mail_server

CLOCK = FakeClock(datetime(2026, 3, 5, 9, tzinfo=UTC))
MESSAGE = Outgoing(
    delivery_id="dlv_1",
    recipient="nadia@brightwater.example",
    recipient_name="Nadia Grünwald, PhD",
    sender_name="Mara Lindqvist",
    sender_email="mara@harbour.example",
    subject="Unconfirmed: Halden – 40 %",
    body="Dear Nadia,\n\n.hidden dot\nنص عربي\n" + "long " * 300,
)


def settings(server: MailServer, **changes: object) -> SmtpSettings:
    fields: dict[str, object] = {"from_address": "desk@harbour.example", "security": "none"}
    return SmtpSettings(host="127.0.0.1", port=server.port, **(fields | changes))  # type: ignore[arg-type]


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with mail_server() as server:
        outcome = await Smtp(settings(server), CLOCK).send(MESSAGE)
    assert outcome.kind == "delivered"
    assert "queued as 4711" in outcome.detail
    mail = message_from_bytes(server.accepted[0].replace(b"\r\n..", b"\r\n.")[: -len(b".\r\n")], policy=default)
    assert mail["Message-ID"] == "<dlv_1@firstword.invalid>"
    assert mail["Subject"] == MESSAGE.subject
    assert mail["From"].addresses[0].addr_spec == "mara@harbour.example"
    assert mail["To"].addresses[0].display_name == "Nadia Grünwald, PhD"
    assert mail["Date"] == "Thu, 05 Mar 2026 09:00:00 +0000"
    assert mail.get_content().replace("\r\n", "\n").rstrip() == MESSAGE.body.rstrip()
    assert mail.get_content_charset() == "utf-8"
    assert server.commands[-1] == "QUIT"


async def test_a_mail_has_text_and_html_and_repeats_byte_for_byte() -> None:
    shown = letter_html(MESSAGE.subject, MESSAGE.body, "en")
    rich = replace(MESSAGE, html=shown)
    mail = compose(rich, SmtpSettings("h", 25, "desk@h.example"))
    assert mail.as_bytes() == compose(rich, SmtpSettings("h", 25, "desk@h.example")).as_bytes()
    read = message_from_bytes(mail.as_bytes(), policy=default)
    assert read.get_content_type() == "multipart/alternative"
    text, html = read.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().split() == MESSAGE.body.split()
    assert html.get_content().splitlines() == shown.splitlines()


@pytest.mark.parametrize(
    ("behavior", "kind"),
    [
        ("greylists", "retry"),
        ("busy", "retry"),
        ("rejects recipient", "rejected"),
        ("rejects text", "rejected"),
        ("hangs after text", "unknown"),
        ("drops after text", "unknown"),
    ],
)
async def test_each_outcome_is_reported_as_what_is_known(behavior: ServerBehavior, kind: str) -> None:
    async with mail_server(behavior) as server:
        outcome = await Smtp(settings(server), CLOCK).send(MESSAGE)
    assert outcome.kind == kind
    assert str(server.port) in outcome.detail


async def test_a_refused_connection_is_retried() -> None:
    async with mail_server() as server:
        pass
    outcome = await Smtp(settings(server), CLOCK).send(MESSAGE)
    assert outcome.kind == "retry"


async def test_a_server_without_tls_gets_no_mail_if_tls_is_required() -> None:
    async with mail_server() as server:
        outcome = await Smtp(settings(server, security="starttls"), CLOCK).send(MESSAGE)
    assert outcome.kind == "retry"
    assert "TLS" in outcome.detail
    assert server.accepted == []


async def test_a_refused_sign_in_is_reported_without_the_password() -> None:
    async with mail_server() as server:
        signed = settings(server, username="mara", password="hunter2-correct-horse")
        outcome = await Smtp(signed, CLOCK).send(MESSAGE)
    assert outcome.kind == "retry"
    assert "sign-in" in outcome.detail
    assert "hunter2" not in outcome.detail
    assert "hunter2" not in repr(signed)


@pytest.mark.parametrize("recipient", ["", "nobody", "a@b\r\nBcc: x@y.example", "a b@c.example"])
async def test_an_invalid_address_is_rejected_before_anything_is_sent(recipient: str) -> None:
    async with mail_server() as server:
        message = Outgoing("d", recipient, "N", "M", None, "s", "b")
        outcome = await Smtp(settings(server), CLOCK).send(message)
    assert outcome.kind == "rejected"
    assert server.commands == []


def test_a_password_never_crosses_a_network_in_clear_text() -> None:
    open_settings = SmtpSettings("mail.example", 25, "a@b.example", security="none", username="u", password="p")
    with pytest.raises(BadInput, match="clear text"):
        Smtp(open_settings, CLOCK)


def test_an_international_domain_is_sent_in_its_ascii_form() -> None:
    assert address("nadia@grünwald.example") == "nadia@xn--grnwald-o2a.example"


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?Hi=0D=0ABcc:_eve@x.example=0D=0A=0D=0AAnother_text?=",
        "=?utf-8?b?SGkNCkJjYzogZUB4LmV4YW1wbGU=?=",
        "=?utf-8?q?Hi?= =?utf-8?q?=0ABcc:_eve@x.example?=",
        "Halden =?UTF-8?Q?=0D=0A_cuts?= its dividend",
        "==??utf-8?q?=0ABcc:_eve@x.example??==",
        "=\u200b?utf-8?q?=0ABcc:_eve@x.example?\u200b=",
    ],
)
async def test_an_encoded_word_adds_no_header_and_no_text(text: str) -> None:
    message = replace(MESSAGE, subject=text, recipient_name=text, sender_name=text)
    async with mail_server() as server:
        outcome = await Smtp(settings(server), CLOCK).send(message)
        ((received),) = server.accepted
    assert outcome.kind == "delivered"
    mail = message_from_bytes(received)
    assert sorted(mail.keys()) == sorted(message_from_bytes(await plain_mail()).keys())
    assert "Another text" not in received.decode()


async def plain_mail() -> bytes:
    async with mail_server() as server:
        await Smtp(settings(server), CLOCK).send(MESSAGE)
        return bytes(server.accepted[0])


@given(subject=st.text(), name=st.text(), body=st.text())
def test_no_text_adds_a_header(subject: str, name: str, body: str) -> None:
    message = Outgoing("d", "a@b.example", name, "M", None, subject, body)
    try:
        mail = compose(message, SmtpSettings("h", 25, "desk@h.example"))
        raw = mail.as_bytes()
    except ValueError:
        return
    read = message_from_bytes(raw, policy=default)
    expected = {"message-id", "from", "to", "subject", "content-type", "content-transfer-encoding", "mime-version"}
    assert {header.lower() for header in read} == expected
    assert read["To"].addresses[0].addr_spec == "a@b.example"
