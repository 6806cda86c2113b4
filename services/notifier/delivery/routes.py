"""By which channel a client is reached: as they prefer, among those that are set up and know an address (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from schemas.clients import Client, Manager

__all__ = [
    "MAIL",
    "MANAGER_PREFIX",
    "ManagerWays",
    "Ways",
    "by_manager",
    "by_name",
    "mail_address",
    "manager_mail",
    "manager_targets",
    "targets",
]

#: The channels that are set up, and at which address each reaches a client; None where it doesn't.
Ways: TypeAlias = Mapping[str, Callable[[Client], str | None]]

#: The same of account managers.
ManagerWays: TypeAlias = Mapping[str, Callable[[Manager], str | None]]
#: Lists of addresses hold clients by their id, and managers by theirs behind this: never one in the other's place.
MANAGER_PREFIX = "manager:"


def mail_address(client: Client) -> str | None:
    """As the client book has it."""
    return client.contact.email


def by_name(known: Collection[str]) -> Callable[[Client], str | None]:
    """Of channels with a list of addresses of their own, under the client's id."""
    return lambda client: client.id if client.id in known and not client.id.startswith(MANAGER_PREFIX) else None


def manager_mail(manager: Manager) -> str | None:
    """As the client book has it."""
    return manager.email


def by_manager(known: Collection[str]) -> Callable[[Manager], str | None]:
    """Of channels with a list of addresses of their own, under ``manager:`` and the manager's id."""
    return lambda manager: name if (name := f"{MANAGER_PREFIX}{manager.id}") in known else None


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


def manager_targets(manager: Manager, by: Sequence[str], ways: ManagerWays) -> tuple[tuple[str, str], ...]:
    """Channels and addresses for a manager, in the order of ``by``: the first is used, the next if that one fails."""
    named = [(name, ways[name](manager)) for name in dict.fromkeys(by) if name in ways]
    return tuple((name, address) for name, address in named if address)
