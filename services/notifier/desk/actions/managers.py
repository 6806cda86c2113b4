"""Account managers' preferences for digests and urgent news; each sees and sets their own, the owner everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from schemas.clients import Manager
from services.notifier.client_book.managers import known_managers
from services.notifier.delivery.routes import ManagerRoutes
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import NotFound
from services.notifier.digest.manager_outbox import last_to
from services.notifier.digest.preferences import (
    CHANNELS,
    ChosenPreferences,
    ManagerPreferences,
    chosen_preferences,
    preferences_of,
    save_preferences,
)
from services.notifier.scope import Scope

__all__ = ["ManagerSettings", "change_preferences", "list_managers"]


@dataclass(frozen=True, slots=True)
class ManagerSettings:
    """An account manager's preferences.

    ``preferences`` are in effect: those of the book, changed by what was ``chosen`` at the desk. ``channels`` have an
    address for the manager. ``last`` is the latest message to them.
    """

    manager: Manager
    preferences: ManagerPreferences
    chosen: ChosenPreferences
    channels: tuple[str, ...]
    last: RowMapping | None


def list_managers(connection: Connection, scope: Scope, routes: ManagerRoutes) -> Sequence[ManagerSettings]:
    """Return the account managers in ``scope``."""
    return [
        ManagerSettings(
            manager,
            preferences_of(connection, manager),
            chosen_preferences(connection, manager.id),
            tuple(name for name in CHANNELS if name in routes and routes[name](manager) is not None),
            last_to(connection, manager.id),
        )
        for manager in known_managers(connection).values()
        if scope.includes(manager.id)
    ]


def change_preferences(
    context: ActionContext, routes: ManagerRoutes, manager_id: str, wanted: ChosenPreferences
) -> None:
    """Store what was chosen for a manager.

    Raises:
        NotFound: the viewer may see no such manager.
        BadInput: a channel isn't set up, or has no address for the manager.
    """
    managers = known_managers(context.connection)
    if manager_id not in managers or not context.viewer.scope.includes(manager_id):
        raise NotFound("There is no such account manager.")
    save_preferences(context.connection, managers[manager_id], wanted, routes, context.now)
    context.audit("manager.reached_by", manager_id, detail=_described(wanted))


def _described(wanted: ChosenPreferences) -> str:
    def channels(names: tuple[str, ...] | None) -> str:
        return "as in the book" if names is None else ", ".join(names) or "none"

    hour = f" at {wanted.digest_hour:%H:%M}" if wanted.digest_hour else ""
    return f"digest: {channels(wanted.digest_by)}{hour}; urgent: {channels(wanted.urgent_by)}"
