"""Tells which domain a message is verified to come from, as the firm's own mail server says. Pure.

Everything in a message may be forged, but for the header that the own server puts on top of it when it arrives
(Authentication-Results, RFC 8601). What is doubtful there counts as not verified.
"""

from __future__ import annotations

import re
from email.message import Message
from email.utils import getaddresses

__all__ = ["claimed_server", "verified_domain"]

_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def verified_domain(message: Message, server: str | None) -> str | None:
    """Return the domain of the sender's address if ``server``, the name of the own mail server, vouches for it.

    It does with DMARC, or with a DKIM signature of the domain or of one above it. Only its topmost header counts: the
    ones below may have come with the message.
    """
    found = message.get_all("authentication-results", [])
    sender = _sender(message)
    if not server or not found or sender is None:
        return None
    name, *results = _parts(str(found[0]))
    if name.partition(" ")[0].lower() != server.lower():
        return None
    dmarc = [result for result in results if _method(result) == "dmarc"]
    if dmarc:
        return sender if len(dmarc) == 1 and _says(dmarc[0], "dmarc=pass", "header.from", sender, above=False) else None
    signed = any(_says(result, "dkim=pass", "header.d", sender, above=True) for result in results)
    return sender if signed else None


def claimed_server(message: Message) -> str | None:
    """Return the name on top of the message's results, which is that of the own mail server if it adds any."""
    found = message.get_all("authentication-results", [])
    name = _parts(str(found[0])[:2_000])[0].partition(" ")[0].lower() if found else ""
    return name if _DOMAIN.fullmatch(name) else None


def _sender(message: Message) -> str | None:
    """Return the domain of the only address of the only sender."""
    headers = [str(header) for header in message.get_all("from", [])]
    try:
        addresses = getaddresses(headers)
    except RecursionError:  # comments in comments in comments
        return None
    if len(headers) != 1 or len(addresses) != 1 or addresses[0][1].count("@") != 1:
        return None
    domain = addresses[0][1].rpartition("@")[2].lower()
    return domain if _DOMAIN.fullmatch(domain) else None


def _parts(header: str) -> list[str]:
    """Return the server's name and the results; only the name if quotes or comments could hide where one ends."""
    depth, kept = 0, []
    for char in header:
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char in '"\\' or depth < 0:
            return [""]
        elif depth == 0:
            kept.append(" " if char.isspace() else char)
    return [""] if depth else [part.strip() for part in "".join(kept).split(";")]


def _method(result: str) -> str:
    return result.partition("=")[0].partition("/")[0].strip().lower()


def _says(result: str, verdict: str, field: str, sender: str, *, above: bool) -> bool:
    """Return whether a result is ``verdict`` for the sender's domain, or with ``above`` for one above it."""
    words = result.lower().split()
    values = [word.partition("=")[2] for word in words[1:] if word.startswith(f"{field}=")]
    if words[:1] != [verdict] or len(values) != 1 or not _DOMAIN.fullmatch(values[0]):
        return False
    return values[0] == sender or (above and sender.endswith(f".{values[0]}"))
