"""The addresses of inlets. An inlet is a channel as a feed is, so it has an address, which nobody else can have.

The top-level domain ``invalid`` never exists (RFC 6761): no feed has such an address, and nothing is ever fetched
there. The address identifies the channel, and its grade is that of its host, as with every feed.
"""

from __future__ import annotations

import re

from services.common.errors import BadInput
from services.common.hosts import is_within
from services.ingest.identity.urls import host_of

__all__ = ["inlet_domain", "inlet_name", "inlet_url", "is_inlet_url", "name_of_inlet"]

_DOMAIN = "inlet.invalid"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def inlet_name(text: str) -> str:
    """Return ``text`` as the name of an inlet.

    Raises:
        BadInput: it can't be one.
    """
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{text!r} can't be the name of an inlet.",
            fix="Use 1 to 40 letters a-z, digits and hyphens, such as press-desk.",
        )
    return name


def inlet_domain(name: str) -> str:
    """Return the domain under which the inlet's grade is set."""
    return f"{inlet_name(name)}.{_DOMAIN}"


def inlet_url(name: str) -> str:
    """Return the address of the inlet's channel."""
    return f"https://{inlet_domain(name)}/"


def is_inlet_url(url: str) -> bool:
    """Return whether ``url`` is the address of an inlet, which no feed may have."""
    return is_within(host_of(url), _DOMAIN)


def name_of_inlet(url: str) -> str:
    """Return the name of the inlet with this address.

    Raises:
        BadInput: it is not the address of an inlet.
    """
    return inlet_name((host_of(url) or "").removesuffix(f".{_DOMAIN}"))
