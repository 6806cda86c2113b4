"""The clients that a query may show. Every query on client data takes a scope, and none defaults to everything."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from services.notifier.tables import clients

__all__ = ["EVERYTHING", "Everything", "OwnClients", "Scope"]


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


Scope = Everything | OwnClients
EVERYTHING = Everything()
