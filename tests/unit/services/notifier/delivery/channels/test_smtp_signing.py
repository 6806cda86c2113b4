"""Sign-in with a token, DKIM signatures, and the unsubscribe header."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import dkim
import pytest

from services.common.errors import BadInput
from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.channels.dkim import read_key
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from tests.conftest import require
from tests.fakes import FakeClock
from tests.smtp_server import mail_server

CLOCK = FakeClock(datetime(2026, 3, 5, 9, tzinfo=UTC))
MESSAGE = Outgoing("dlv_1", "nadia@brightwater.example", "Nadia", "Mara", "mara@harbour.example", "News", "Text.\n")


def settings(port: int, **more: object) -> SmtpSettings:
    fields: dict[str, object] = {"from_address": "desk@harbour.example", "security": "none"}
    return SmtpSettings("127.0.0.1", port, **(fields | more))  # type: ignore[arg-type]


async def test_a_token_signs_in_and_is_read_for_each_mail(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with mail_server() as server:
        server.token = "fresh-token"
        channel = Smtp(settings(server.port, username="mara", token_file=file), CLOCK)
        missing = await channel.send(MESSAGE)
        file.write_text("stale-token\n")
        stale = await channel.send(MESSAGE)
        file.write_text("fresh-token\n")
        fresh = await channel.send(MESSAGE)
    assert [missing.kind, stale.kind, fresh.kind] == ["retry", "retry", "delivered"]
    assert str(file) in missing.detail
    assert "sign-in" in stale.detail
    assert "stale-token" not in stale.detail
    assert len(server.accepted) == 1


async def test_a_mail_has_an_unsubscribe_header() -> None:
    async with mail_server() as server:
        await Smtp(settings(server.port, unsubscribe="stop@harbour.example"), CLOCK).send(MESSAGE)
    mail = message_from_bytes(server.accepted[0], policy=default)
    assert mail["List-Unsubscribe"] == "<mailto:stop@harbour.example?subject=unsubscribe%20dlv_1>"


async def test_the_signature_matches_the_mail_that_arrives(tmp_path: Path) -> None:
    openssl = require("openssl", "install OpenSSL (Debian: openssl)")
    pem = subprocess.run([openssl, "genrsa", "2048"], capture_output=True, check=True).stdout  # noqa: ASYNC221
    public = subprocess.run(  # noqa: ASYNC221
        [openssl, "rsa", "-pubout"], input=pem, capture_output=True, check=True
    ).stdout
    key = b"".join(line for line in public.splitlines() if not line.startswith(b"-"))
    (tmp_path / "key.pem").write_bytes(pem)
    signer = read_key("harbour.example", "fw", tmp_path / "key.pem")
    async with mail_server() as server:
        outcome = await Smtp(settings(server.port, dkim=signer), CLOCK).send(MESSAGE)
    assert outcome.kind == "delivered"
    arrived = server.accepted[0][: -len(b".\r\n")]
    asked: list[bytes] = []

    def record(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return b"v=DKIM1; k=rsa; p=" + key

    assert dkim.verify(arrived, dnsfunc=record)
    assert asked[0].startswith(b"fw._domainkey.harbour.example")
    assert not dkim.verify(arrived.replace(b"Text.", b"Test."), dnsfunc=record)
    assert b"PRIVATE" not in repr(signer).encode()


def test_an_invalid_key_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(BadInput, match=r"key\.pem"):
        read_key("harbour.example", "fw", tmp_path / "key.pem")
    with pytest.raises(BadInput, match="cannot read the DKIM key"):
        read_key("harbour.example", "fw", tmp_path / "nowhere.pem")
