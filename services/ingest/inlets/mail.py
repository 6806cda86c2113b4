"""Reads a message in the format of mail (.eml) as an item. Pure, and safe for any input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import EmailPolicy, compat32
from email.utils import parseaddr
from typing import Any

from services.ingest.inlets.mail_sender import claimed_server
from services.ingest.parse.entry import RawEntry
from services.ingest.parse.errors import NotAFeed

__all__ = ["LONGEST_HEADER", "MailboxLook", "read_heads", "read_mail"]

_SHOWN = 200
#: Parts of a message that are looked at; a newsletter has five or ten.
MOST_PARTS = 200
#: Characters of a header that are read. The library takes seconds for 16,000 of some kinds, and its time is quadratic.
LONGEST_HEADER = 2_000


@dataclass(frozen=True, slots=True)
class MailboxLook:
    """The result of a look into a mailbox: the number of its messages, and sender and subject of the newest.

    ``servers`` are the names on top of their Authentication-Results: that of the own mail server, if it adds one.
    """

    count: int
    newest: tuple[tuple[str, str], ...] = ()
    servers: tuple[str, ...] = ()


def read_heads(count: int, heads: Sequence[bytes]) -> MailboxLook:
    """Return what the headers of the newest of ``count`` messages show."""
    newest, servers = [], []
    for head in heads:
        try:
            message = BytesParser(policy=_ShortHeaders()).parsebytes(head, headersonly=True)
            sender, subject = str(message["from"] or ""), str(message["subject"] or "")
        except Exception:  # noqa: S112 - as in read_mail; what can't be read is not shown
            continue
        name, address = parseaddr(sender)
        newest.append((_line(name or address), _line(subject)))
        plain = BytesParser(policy=compat32).parsebytes(head, headersonly=True)
        servers.append(claimed_server(plain))
    return MailboxLook(count, tuple(newest), tuple(dict.fromkeys(name for name in servers if name)))


def _line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())[:_SHOWN]


def read_mail(raw: bytes) -> RawEntry:
    """Return the message as an entry: its subject, text, sender and date, as written.

    Raises:
        NotAFeed: it is not a message, or it has no subject.
    """
    try:
        message = BytesParser(policy=_ShortHeaders()).parsebytes(raw)
        subject, sender = str(message["subject"] or "").strip(), str(message["from"] or "")
        date, id = str(message["date"] or ""), str(message["message-id"] or "").strip()
        text = _text(message)
        name, address = parseaddr(sender)
    except Exception as error:  # the parser of the standard library fails on some broken messages in many ways
        raise NotAFeed(
            f"This message can't be read ({type(error).__name__}).", fix="Save it again as .eml in your mail program."
        ) from None
    if not sender or not subject:
        raise NotAFeed(
            "This is not a message: it has no sender or no subject.", fix="Save it as .eml in your mail program."
        )
    return RawEntry(
        guid=id or None,
        title=subject,
        body=text,
        published=date or None,
        authors=(name,) if name else (),
        source_title=name or address or None,
    )


class _ShortHeaders(EmailPolicy):
    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:LONGEST_HEADER])


def _text(message: Message) -> str | None:
    """Return the text for people: HTML if there is some, because it has the paragraphs, else plain text."""
    found: dict[str, str] = {}
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            break
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or kind in found or part.get_content_disposition() == "attachment":
            continue
        if isinstance(part, EmailMessage):
            found[kind] = _content(part)
    return found.get("text/html") or found.get("text/plain")


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # a character set that nobody knows
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
