"""By which channel an account manager gets what: as the client book says, unless they chose otherwise at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import Connection, RowMapping, delete, select

from schemas.base import Model
from schemas.clients import DigestPreferences, Manager
from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.delivery.routes import ManagerWays
from services.notifier.digest.tables import manager_wishes

__all__ = ["CHANNELS", "Chosen", "Wishes", "choose", "chosen", "missing", "wishes_of"]

#: What account managers are reached by, and what people call it.
CHANNELS = {"email": "Mail", "slack": "Slack", "teams": "Teams"}


class Chosen(Model):
    """What was chosen at the desk; None: as the book has it. An empty list of channels: nothing is wanted."""

    digest_by: tuple[str, ...] | None = None
    digest_hour: time | None = None
    urgent_by: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds for a manager. ``digest`` is None where none is wanted; ``urgent`` are channels, in order.

    ``since``: when they chose so at the desk; what was wanted before that moment is not late.
    """

    digest: DigestPreferences | None
    urgent: tuple[str, ...]
    since: datetime | None = None


def wishes_of(connection: Connection, manager: Manager) -> Wishes:
    """What holds for ``manager`` now."""
    row = _row(connection, manager.id)
    said = Chosen() if row is None else Chosen.model_validate(row["wishes"])
    digest = manager.digest
    if said.digest_by is not None:
        digest = (digest or DigestPreferences()).model_copy(update={"by": said.digest_by}) if said.digest_by else None
    if digest is not None and said.digest_hour is not None:
        digest = digest.model_copy(update={"hour": said.digest_hour})
    urgent = manager.urgent if said.urgent_by is None else said.urgent_by
    return Wishes(digest, urgent, None if row is None else row["changed_at"])


def chosen(connection: Connection, manager_id: str) -> Chosen:
    """What was chosen at the desk."""
    row = _row(connection, manager_id)
    return Chosen() if row is None else Chosen.model_validate(row["wishes"])


def _row(connection: Connection, manager_id: str) -> RowMapping | None:
    query = select(manager_wishes).where(manager_wishes.c.manager_id == manager_id)
    return connection.execute(query).mappings().first()


def choose(connection: Connection, manager: Manager, wishes: Chosen, ways: ManagerWays, now: datetime) -> None:
    """Keep what was chosen for ``manager``; nothing chosen leaves it to the book again.

    Raises:
        BadInput: when a channel isn't set up, or has no address for them.
    """
    for name in (*(wishes.digest_by or ()), *(wishes.urgent_by or ())):
        _require(manager, name, ways)
    if wishes == Chosen():
        connection.execute(delete(manager_wishes).where(manager_wishes.c.manager_id == manager.id))
        return
    row = {"manager_id": manager.id, "wishes": wishes.model_dump(mode="json"), "changed_at": now}
    upsert(connection, manager_wishes, [row], ["manager_id"])


def _require(manager: Manager, name: str, ways: ManagerWays) -> None:
    if name not in CHANNELS:
        raise BadInput(f"There is no channel {name!r}.", fix=f"There are: {', '.join(CHANNELS)}.")
    if name in ways and ways[name](manager) is not None:
        return
    if name == "email":
        set_up = "email" in ways
        raise BadInput(
            f"The book has no mail address for {manager.name}." if set_up else "Mail isn't set up.",
            fix="Add it to the client book." if set_up else "Set FIRSTWORD_SMTP_HOST.",
        )
    raise BadInput(
        f"No {CHANNELS[name]} address is set for {manager.name}.",
        fix=f'Add "manager:{manager.id}" to FIRSTWORD_{name.upper()}_HOOKS.',
    )


def missing(manager: Manager, by: Sequence[str], ways: ManagerWays) -> str:
    """Why none of ``by`` reaches ``manager``, in a sentence."""
    problems = []
    for name in by:
        try:
            _require(manager, name, ways)
        except BadInput as error:
            problems.append(error.message)
    return " ".join(problems)
