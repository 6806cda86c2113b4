"""Links that open a message in the account manager's own mail program."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["mailto"]

#: Windows passes a mailto link on a command line, and programs cut it off beyond about 2,000 characters.
MAILTO_LIMIT = 1_900


def mailto(recipient: str, subject: str, body: str) -> str | None:
    """Return an RFC 6068 link that opens the message in the mail program; None if the link would be too long."""
    crlf = body.replace("\r\n", "\n").replace("\n", "\r\n")
    link = f"mailto:{quote(recipient, safe='@')}?subject={quote(subject, safe='')}&body={quote(crlf, safe='')}"
    return link if len(link) <= MAILTO_LIMIT else None
