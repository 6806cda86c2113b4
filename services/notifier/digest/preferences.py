"""The way an account manager gets messages: as the client book says, unless they chose otherwise at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated

from sqlalchemy import Connection, RowMapping, delete, select

from schemas.base import InWords, Model
from schemas.clients import DigestPreferences, Manager
from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.delivery.routes import ManagerRoutes
from services.notifier.digest.tables import manager_preferences

__all__ = [
    "CHANNELS",
    "ChosenPreferences",
    "ManagerPreferences",
    "chosen_preferences",
    "preferences_of",
    "save_preferences",
    "why_unreachable",
]

#: The channels for account managers, with their labels.
CHANNELS = {"email": "Email", "slack": "Slack", "teams": "Teams"}


class ChosenPreferences(Model):
    """A manager's choices at the desk. None leaves it to the client book; an empty list of channels means none."""

    digest_by: tuple[str, ...] | None = None
    digest_hour: Annotated[time, InWords] | None = None
    urgent_by: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ManagerPreferences:
    """A manager's preferences from the client book and the desk together.

    ``digest`` is None if they want none; ``urgent`` lists channels in order. ``since`` is when they last chose at the
    desk: a digest that was due earlier is not late.
    """

    digest: DigestPreferences | None
    urgent: tuple[str, ...]
    since: datetime | None = None


def preferences_of(connection: Connection, manager: Manager) -> ManagerPreferences:
    """Return the current preferences of ``manager``."""
    row = _row(connection, manager.id)
    chosen = ChosenPreferences() if row is None else ChosenPreferences.model_validate(row["wishes"])
    digest = manager.digest
    if chosen.digest_by is not None:
        digest = (
            (digest or DigestPreferences()).model_copy(update={"by": chosen.digest_by}) if chosen.digest_by else None
        )
    if digest is not None and chosen.digest_hour is not None:
        digest = digest.model_copy(update={"hour": chosen.digest_hour})
    urgent = manager.urgent if chosen.urgent_by is None else chosen.urgent_by
    return ManagerPreferences(digest, urgent, None if row is None else row["changed_at"])


def chosen_preferences(connection: Connection, manager_id: str) -> ChosenPreferences:
    """Return what a manager chose at the desk."""
    row = _row(connection, manager_id)
    return ChosenPreferences() if row is None else ChosenPreferences.model_validate(row["wishes"])


def save_preferences(
    connection: Connection, manager: Manager, chosen: ChosenPreferences, routes: ManagerRoutes, now: datetime
) -> None:
    """Save what ``manager`` chose at the desk; choosing nothing leaves everything to the client book again.

    Raises:
        BadInput: a channel isn't configured, or has no address for the manager.
    """
    for name in (*(chosen.digest_by or ()), *(chosen.urgent_by or ())):
        _require(manager, name, routes)
    if chosen == ChosenPreferences():
        connection.execute(delete(manager_preferences).where(manager_preferences.c.manager_id == manager.id))
        return
    row = {"manager_id": manager.id, "wishes": chosen.model_dump(mode="json"), "changed_at": now}
    upsert(connection, manager_preferences, [row], ["manager_id"])


def why_unreachable(manager: Manager, by: Sequence[str], routes: ManagerRoutes) -> str:
    """Return, in sentences, why none of the channels ``by`` reaches ``manager``."""
    problems = []
    for name in by:
        try:
            _require(manager, name, routes)
        except BadInput as error:
            problems.append(error.message)
    return " ".join(problems)


def _row(connection: Connection, manager_id: str) -> RowMapping | None:
    query = select(manager_preferences).where(manager_preferences.c.manager_id == manager_id)
    return connection.execute(query).mappings().first()


def _require(manager: Manager, name: str, routes: ManagerRoutes) -> None:
    if name not in CHANNELS:
        raise BadInput(f"There is no channel {name!r}.", fix=f"Choose from: {', '.join(CHANNELS)}.")
    if name in routes and routes[name](manager) is not None:
        return
    if name == "email":
        configured = "email" in routes
        raise BadInput(
            f"The client book has no mail address for {manager.name}." if configured else "Mail isn't configured.",
            fix="Add it to the client book." if configured else "Set FIRSTWORD_SMTP_HOST.",
        )
    raise BadInput(
        f"No {CHANNELS[name]} address is set for {manager.name}.",
        fix=f'Add "manager:{manager.id}" to FIRSTWORD_{name.upper()}_HOOKS.',
    )
