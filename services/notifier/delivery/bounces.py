"""Reads what mail servers send back (RFC 3464): which delivery didn't arrive after all, and why (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import default

__all__ = ["Bounce", "read_bounce"]

#: Our Message-IDs: the delivery's id before the at sign (channels/smtp.py).
_OURS = re.compile(r"<(dlv_[0-9A-Za-z_]+)@")
REASON_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery that came back. ``reason`` is what the mail server said."""

    delivery_id: str
    reason: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What a mail says of one of ours that came back for good; None for any other mail, delays included."""
    try:
        mail = message_from_bytes(raw, policy=default)
        if mail.get_content_type() != "multipart/report" or _parameter(mail, "report-type") != "delivery-status":
            return None
        parts = list(mail.walk())
        failed = next(
            (block for block in _blocks(parts) if str(block.get("Action", "")).strip().lower() == "failed"), None
        )
        found = _OURS.search(_original_id(parts))
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):  # mails are written by anybody
        return None
    if failed is None or found is None:
        return None
    said = str(failed.get("Diagnostic-Code") or failed.get("Status") or "no reason given").rpartition(";")[2]
    return Bounce(found[1], " ".join(said.split())[:REASON_LIMIT])


def _parameter(mail: Message, name: str) -> str:
    value = mail.get_param(name)
    return value.lower() if isinstance(value, str) else ""


def _blocks(parts: Sequence[Message]) -> list[Message]:
    """The groups of fields of the machine-readable part: of the report, then of each recipient."""
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    return [block for report in reports for block in _payload(report)]


def _payload(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _original_id(parts: Sequence[Message]) -> str:
    """The Message-ID of the mail that came back, from its copy or its headers."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822":
            return " ".join(str(inner.get("Message-ID", "")) for inner in _payload(part))
        if kind == "text/rfc822-headers":
            headers = part.get_content() if isinstance(part, EmailMessage) else part.get_payload()
            text = headers.decode(errors="replace") if isinstance(headers, bytes) else str(headers)
            return " ".join(line for line in text.splitlines() if line.lower().startswith("message-id:"))
    return ""
