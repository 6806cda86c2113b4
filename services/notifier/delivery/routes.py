"""Channels and addresses for clients and account managers, in their order of preference (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from schemas.clients import Client, Manager

__all__ = [
    "MAIL",
    "MANAGER_PREFIX",
    "ClientRoutes",
    "ManagerRoutes",
    "by_manager",
    "by_name",
    "mail_address",
    "manager_mail",
    "manager_targets",
    "targets",
]

#: The configured channels, each with a function that returns a client's address on it, or None.
ClientRoutes: TypeAlias = Mapping[str, Callable[[Client], str | None]]

#: The same for account managers.
ManagerRoutes: TypeAlias = Mapping[str, Callable[[Manager], str | None]]
#: Lists of addresses name clients by their id, and managers by this prefix and their id, so that neither gets the
#: other's messages.
MANAGER_PREFIX = "manager:"


def mail_address(client: Client) -> str | None:
    """Return the client's mail address in the client book."""
    return client.contact.email


def by_name(known: Collection[str]) -> Callable[[Client], str | None]:
    """Return the route of a channel with its own list of addresses, which names clients by their id."""
    return lambda client: client.id if client.id in known and not client.id.startswith(MANAGER_PREFIX) else None


def manager_mail(manager: Manager) -> str | None:
    """Return the manager's mail address in the client book."""
    return manager.email


def by_manager(known: Collection[str]) -> Callable[[Manager], str | None]:
    """Return the same for managers, whom the list names by ``manager:`` and their id."""
    return lambda manager: name if (name := f"{MANAGER_PREFIX}{manager.id}") in known else None


MAIL: ClientRoutes = {"email": mail_address}


def targets(client: Client, routes: ClientRoutes) -> tuple[tuple[str, str], ...]:
    """Return channels and addresses in the order of ``contact.channels``: the next is used if the one before fails.

    If there are none, mail is used: the account manager has decided to write.
    """
    named = [(name, routes[name](client)) for name in client.contact.channels if name in routes]
    usable = tuple((name, address) for name, address in named if address)
    if usable:
        return usable
    address = routes["email"](client) if "email" in routes else None
    return (("email", address),) if address else ()


def manager_targets(manager: Manager, by: Sequence[str], routes: ManagerRoutes) -> tuple[tuple[str, str], ...]:
    """Return channels and addresses for a manager in the order of ``by``."""
    named = [(name, routes[name](manager)) for name in dict.fromkeys(by) if name in routes]
    return tuple((name, address) for name, address in named if address)
