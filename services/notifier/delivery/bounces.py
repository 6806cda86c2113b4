"""Parses the delivery status notifications of mail servers (RFC 3464): which delivery bounced, and why (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import default

__all__ = ["Bounce", "parse_bounce"]

#: Our Message-IDs have the delivery's id before the at sign (channels/smtp.py).
_OURS = re.compile(r"<(dlv_[0-9A-Za-z_]+)@")
REASON_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery that bounced, and the mail server's reason."""

    delivery_id: str
    reason: str


def parse_bounce(raw: bytes) -> Bounce | None:
    """Parse the final bounce of one of our mails; None for any other mail, including notices of a delay."""
    try:
        mail = message_from_bytes(raw, policy=default)
        if mail.get_content_type() != "multipart/report" or _parameter(mail, "report-type") != "delivery-status":
            return None
        parts = list(mail.walk())
        failed = next((block for block in _blocks(parts) if _action(block) == "failed"), None)
        ours = _OURS.search(_original_id(parts))
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):  # anybody can write a mail
        return None
    if failed is None or ours is None:
        return None
    said = str(failed.get("Diagnostic-Code") or failed.get("Status") or "no reason given").rpartition(";")[2]
    return Bounce(ours[1], " ".join(said.split())[:REASON_LIMIT])


def _parameter(mail: Message, name: str) -> str:
    value = mail.get_param(name)
    return value.lower() if isinstance(value, str) else ""


def _blocks(parts: Sequence[Message]) -> list[Message]:
    """Return the groups of fields of the machine-readable part: one for the report, then one for each recipient."""
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    return [block for report in reports for block in _payload(report)]


def _action(block: Message) -> str:
    return str(block.get("Action", "")).strip().lower()


def _payload(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _original_id(parts: Sequence[Message]) -> str:
    """Return the Message-ID of the bounced mail, from its copy or its headers."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822":
            return " ".join(str(inner.get("Message-ID", "")) for inner in _payload(part))
        if kind == "text/rfc822-headers":
            headers = part.get_content() if isinstance(part, EmailMessage) else part.get_payload()
            text = headers.decode(errors="replace") if isinstance(headers, bytes) else str(headers)
            return " ".join(line for line in text.splitlines() if line.lower().startswith("message-id:"))
    return ""
