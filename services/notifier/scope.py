"""The clients that a query may show. Every query on client data takes a scope, and none defaults to everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, true

from services.notifier.tables import clients

__all__ = ["EVERYTHING", "Everything", "OwnClients", "Scope", "TeamClients", "client_in"]


@dataclass(frozen=True, slots=True)
class Everything:
    """All clients: for the owner, the workers and the command line."""

    def condition(self) -> ColumnElement[bool]:
        """Return the SQL condition on the joined ``clients`` row."""
        return true()

    def includes(self, manager_id: str) -> bool:
        """Return whether the clients of this account manager are in scope."""
        return True


@dataclass(frozen=True, slots=True)
class OwnClients:
    """The clients of one account manager."""

    manager_id: str

    def condition(self) -> ColumnElement[bool]:
        """Return the SQL condition on the joined ``clients`` row."""
        return clients.c.manager_id == self.manager_id

    def includes(self, manager_id: str) -> bool:
        """Return whether the clients of this account manager are in scope."""
        return manager_id == self.manager_id


@dataclass(frozen=True, slots=True)
class TeamClients:
    """The clients of the account managers of a team."""

    manager_ids: frozenset[str]

    def condition(self) -> ColumnElement[bool]:
        """Return the SQL condition on the joined ``clients`` row."""
        return clients.c.manager_id.in_(sorted(self.manager_ids))

    def includes(self, manager_id: str) -> bool:
        """Return whether the clients of this account manager are in scope."""
        return manager_id in self.manager_ids


Scope = Everything | OwnClients | TeamClients
EVERYTHING = Everything()


def client_in(scope: Scope, client_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a column's client is in scope, for queries that need nothing else of the client."""
    if isinstance(scope, Everything):
        return true()
    return client_id.in_(select(clients.c.id).where(scope.condition()))
