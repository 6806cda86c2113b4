"""Account managers and their preferences."""

from __future__ import annotations

from fastapi import APIRouter

from services.notifier.desk.actions.managers import ManagerSettings, change_preferences, list_managers
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.models import ManagerItem, ManagerList
from services.notifier.digest.preferences import ChosenPreferences

__all__ = ["router"]

router = APIRouter(prefix="/managers")


@router.get("")
def get_managers(context: Caller) -> ManagerList:
    """List account managers and their settings for digests and urgent news."""
    return ManagerList(items=_items(context))


@router.put("/{manager_id}/reach")
def put_preferences(context: Caller, manager_id: str, wanted: ChosenPreferences) -> ManagerItem:
    """Set a manager's channels, in order; ``[]`` means none, and an omitted field keeps the client book's setting."""
    with context.acting() as action:
        change_preferences(action, context.dependencies.manager_routes, manager_id, wanted)
    return next(item for item in _items(context) if item.id == manager_id)


def _items(context: Caller) -> list[ManagerItem]:
    with context.reading() as connection:
        listed = list_managers(connection, context.scope, context.dependencies.manager_routes)
    return [_item(settings) for settings in listed]


def _item(settings: ManagerSettings) -> ManagerItem:
    manager, preferences = settings.manager, settings.preferences
    return ManagerItem(
        id=manager.id,
        name=manager.name,
        time_zone=manager.time_zone,
        digest=preferences.digest,
        urgent=preferences.urgent,
        chosen=settings.chosen,
        channels=settings.channels,
    )
