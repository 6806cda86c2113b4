"""Mail by SMTP, one connection per message. The password goes to the server and nowhere else.

It matters when something fails. Before the text is transmitted, a repeat is safe. Afterwards only the server knows
whether it accepted the mail, and a person decides about a repeat.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from unicodedata import category

import aiosmtplib

from services.common.clock import Clock
from services.common.errors import BadInput
from services.notifier.delivery.channels.base import Outcome, Outgoing
from services.notifier.delivery.channels.dkim import DkimKey

__all__ = ["Smtp", "SmtpSettings", "address", "compose", "is_loopback"]

#: Ordinary addresses; quoted local parts and address literals of RFC 5321 are left out on purpose.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
#: The beginning or end of an encoded word (RFC 2047).
_ENCODED_WORD_MARK = re.compile(r"=(?=\?)|(?<=\?)=")
#: Ends a header: a line break that no continuation follows.
_UNFOLDED = re.compile(rb"\r?\n(?![ \t])|\r(?!\n)")
#: Characters of a server's reply that an error message shows.
DETAIL_LIMIT = 300


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail server. ``security``: ``starttls`` (usually port 587), ``tls`` (465), ``none`` (only loopback).

    ``from_address`` is the envelope's sender, and the From address of managers without one of their own.
    ``message_id_domain`` is the right side of every Message-ID. ``token_file`` contains an OAuth2 access token that
    another program renews; it is read for each mail, and replaces the password. ``unsubscribe`` is the address for
    people who want no more mail (RFC 2369). ``dkim`` signs mails if the mail server doesn't.
    """

    host: str
    port: int
    from_address: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    message_id_domain: str = "firstword.invalid"
    ca_file: str | None = None
    token_file: Path | None = None
    unsubscribe: str | None = None
    dkim: DkimKey | None = None


class _NoToken(Exception):
    """Raised if the token file is unreadable."""


class Smtp:
    """The ``email`` channel.

    Raises:
        BadInput: the password would cross a network in clear text.
    """

    name = "email"

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        if settings.security == "none" and settings.username is not None and not is_loopback(settings.host):
            raise BadInput(
                f"The password for the mail server {settings.host} would cross the network in clear text.",
                fix="Set its security to starttls or tls.",
            )
        self._settings = settings
        self._clock = clock

    async def send(self, message: Outgoing) -> Outcome:
        """Send ``message`` to the server once."""
        try:
            mail = compose(message, self._settings)
        except ValueError as error:
            return Outcome("rejected", f"This is not a valid mail: {error}. Correct the address or the subject.")
        mail["Date"] = format_datetime(self._clock.now())
        if (text := _wire(mail)) is None:
            return Outcome("rejected", "This mail would get a header that it must not have. Change the subject.")
        client = self._client()
        try:
            problem = await self._prepare(client, address(message.recipient))
            return problem or await self._hand_over(client, text)
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):  # a failed QUIT changes nothing
                await client.quit()
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        context = None if settings.security == "none" else ssl.create_default_context(cafile=settings.ca_file)
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_seconds,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=context,
        )

    async def probe(self) -> Outcome:
        """Connect and sign in, without a message: ``delivered`` if the server takes messages again."""
        client = self._client()
        try:
            return await self._prepare(client, None) or Outcome("delivered", f"{self._server} answers.")
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()

    async def _prepare(self, client: aiosmtplib.SMTP, recipient: str | None) -> Outcome | None:
        """Connect, sign in, and name sender and recipient; return the problem, if any. The text is not sent yet.

        Without a recipient, it only connects and signs in.
        """
        settings = self._settings
        try:
            await client.connect()
            await self._sign_in(client)
            if recipient is not None:
                await client.mail(settings.from_address)
                await client.rcpt(recipient)
        except aiosmtplib.SMTPAuthenticationError as error:
            return _down(f"{self._server} refused the sign-in: {_reply(error)}. Check user name and password.")
        except _NoToken as error:
            return _down(str(error))
        except aiosmtplib.SMTPConnectResponseError as error:
            return _down(f"{self._server} refused the connection: {_reply(error)}.")
        except aiosmtplib.SMTPResponseException as error:
            return _outcome(error, self._server)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _down(f"{self._server} is unavailable: {_short(error)}.")
        return None

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        settings = self._settings
        if settings.username is None:
            return
        if settings.token_file is None:
            await client.login(settings.username, settings.password or "")
            return
        try:
            token = (await asyncio.to_thread(settings.token_file.read_text, encoding="ascii")).strip()
        except (OSError, UnicodeError) as error:
            raise _NoToken(f"Cannot read the token for {self._server} from {settings.token_file}: {error}.") from None
        await client.auth_xoauth2(settings.username, token)

    async def _hand_over(self, client: aiosmtplib.SMTP, text: bytes) -> Outcome:
        if self._settings.dkim is not None:
            text = self._settings.dkim.sign(text)
        try:
            response = await client.data(text)
        except aiosmtplib.SMTPResponseException as error:
            return _outcome(error, self._server)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Outcome("unknown", f"{self._server} received the text but did not confirm it: {_short(error)}.")
        return Outcome("delivered", f"{self._server} accepted it: {response.code} {response.message[:DETAIL_LIMIT]}")

    @property
    def _server(self) -> str:
        return f"The mail server {self._settings.host}:{self._settings.port}"


def compose(message: Outgoing, settings: SmtpSettings) -> EmailMessage:
    """Return the mail without its Date: UTF-8 text, and HTML if there is any. The same message gives the same bytes.

    Raises:
        ValueError: an address or header is not valid.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    sender = message.sender_email or settings.from_address
    mail["Message-ID"] = f"<{message.delivery_id}@{settings.message_id_domain}>"
    mail["From"] = Address(_one_line(message.sender_name), addr_spec=address(sender))
    mail["To"] = Address(_one_line(message.recipient_name), addr_spec=address(message.recipient))
    mail["Subject"] = _one_line(message.subject)
    if settings.unsubscribe is not None:
        mail["List-Unsubscribe"] = (
            f"<mailto:{address(settings.unsubscribe)}?subject=unsubscribe%20{message.delivery_id}>"
        )
    mail.set_content(message.body, subtype="plain", charset="utf-8", cte="quoted-printable")
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html", charset="utf-8", cte="quoted-printable")
        mail.set_boundary(f"=_{message.delivery_id}")  # occurs in no part, where "=_" is "=3D_"
    return mail


def address(text: str) -> str:
    """Return ``text`` as SMTP transmits it: an international domain in its ASCII form.

    Raises:
        ValueError: it is not an address, or its local part needs a newer mail server (SMTPUTF8).
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        wire = f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError:
        wire = ""
    if not _ADDRESS.fullmatch(wire):
        raise ValueError(f"{text!r} is not a valid mail address")
    return wire


def _down(detail: str) -> Outcome:
    return Outcome("retry", detail, service_down=True)


def _outcome(error: aiosmtplib.SMTPResponseException, server: str) -> Outcome:
    """Interpret a reply: 4xx means later, 5xx never (RFC 5321, 4.2.1), anything else says nothing."""
    if error.code >= 500:
        return Outcome("rejected", f"{server} answered: {_reply(error)}")
    if error.code >= 400:
        return Outcome("retry", f"{server} answered: {_reply(error)}")
    return Outcome("unknown", f"{server} gave an invalid answer: {_reply(error)}")


def _reply(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {' '.join(str(error.message).split())[:DETAIL_LIMIT]}"


def _short(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:DETAIL_LIMIT].rstrip(".")


def is_loopback(host: str) -> bool:
    """Return whether ``host`` names this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _one_line(text: str) -> str:
    """Return ``text`` in one line, without control characters, and without anything that reads as an encoded word.

    The standard library decodes encoded words (RFC 2047) in what it is given, and older versions of it then write the
    line breaks in them as they are (CVE-2024-6923).
    """
    plain = "".join(" " if category(character) in ("Cc", "Cs") else character for character in text)
    return " ".join(_ENCODED_WORD_MARK.sub(" ", plain).split())


def _wire(mail: EmailMessage) -> bytes | None:
    """Return ``mail`` as it is transmitted; None if it then has other headers than were set."""
    text = mail.as_bytes(policy=SMTP_POLICY)
    head = text.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].decode("ascii", "replace") for line in _UNFOLDED.split(head)]
    return text if names == mail.keys() else None
