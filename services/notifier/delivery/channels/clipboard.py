"""By hand: the account manager copies the text, or opens it in their own mail program, and sends it themselves."""

from __future__ import annotations

from urllib.parse import quote

from services.notifier.delivery.channels.base import Outcome, Outgoing

__all__ = ["Clipboard", "mailto"]

#: Windows hands a mailto link over on a command line; beyond about 2,000 characters programs cut it off.
MAILTO_LIMIT = 1_900


class Clipboard:
    """The channel of what was sent by hand: there is nothing left to do."""

    name = "clipboard"

    async def send(self, message: Outgoing) -> Outcome:
        """Nothing leaves from here; who copies and says that it was sent is believed."""
        return Outcome("delivered", f"sent by hand by {message.sender_name}")


def mailto(recipient: str, subject: str, body: str) -> str | None:
    """An RFC 6068 link that opens the message in the mail program; None where it would be too long to survive that."""
    crlf = body.replace("\r\n", "\n").replace("\n", "\r\n")
    link = f"mailto:{quote(recipient, safe='@')}?subject={quote(subject, safe='')}&body={quote(crlf, safe='')}"
    return link if len(link) <= MAILTO_LIMIT else None
