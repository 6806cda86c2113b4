"""By which channel a client is reached: as they prefer, among those that are set up and know an address (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from schemas.clients import Client

__all__ = ["MAIL", "Ways", "by_name", "mail_address", "targets"]

#: The channels that are set up, and at which address each reaches a client; None where it doesn't.
Ways: TypeAlias = Mapping[str, Callable[[Client], str | None]]


def mail_address(client: Client) -> str | None:
    """As the client book has it."""
    return client.contact.email


def by_name(known: Collection[str]) -> Callable[[Client], str | None]:
    """Of channels with a list of addresses of their own, under the client's id."""
    return lambda client: client.id if client.id in known else None


MAIL: Ways = {"email": mail_address}


def targets(client: Client, ways: Ways) -> tuple[tuple[str, str], ...]:
    """Channels and addresses, in the order of ``contact.channels``: the first is used, the next if that one fails.

    Where none of those can be used, mail is: the account manager has decided to write.
    """
    named = [(name, ways[name](client)) for name in client.contact.channels if name in ways]
    found = tuple((name, address) for name, address in named if address)
    if found:
        return found
    address = ways["email"](client) if "email" in ways else None
    return (("email", address),) if address else ()
