"""By which channel account managers get their digest, and word of what can't wait; each sees and sets their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, RowMapping

from schemas.clients import Manager
from services.common.errors import BadInput
from services.notifier.desk import web
from services.notifier.desk.actions import NotFound, audit
from services.notifier.desk.web import Asking, Page, back_to
from services.notifier.digest.gather import all_managers
from services.notifier.digest.manager_outbox import last_to
from services.notifier.digest.preferences import CHANNELS, Chosen, Wishes, choose, chosen, wishes_of

__all__ = ["Reach", "keep", "reaches", "router"]

router = APIRouter(prefix="/managers")
#: In a form: leave it to the book; nothing at all.
BOOK, NONE = "", "none"


@dataclass(frozen=True, slots=True)
class Reach:
    """A manager, what holds for them, what they chose at the desk, the channels that have an address of theirs, and
    the message that was made for them last.
    """

    manager: Manager
    wishes: Wishes
    chosen: Chosen
    channels: tuple[str, ...]
    last: RowMapping | None

    def plain(self) -> dict[str, Any]:
        """As programs get it."""
        digest = self.wishes.digest
        return {
            "id": self.manager.id,
            "name": self.manager.name,
            "time_zone": self.manager.time_zone,
            "digest": None if digest is None else digest.model_dump(mode="json"),
            "urgent": self.wishes.urgent,
            "chosen": self.chosen.model_dump(mode="json", exclude_none=True),
            "channels": self.channels,
        }


def reaches(who: Asking, connection: Connection) -> list[Reach]:
    """The account managers whom ``who`` may see: themselves, or for the owner all."""
    ways = who.site.deps.manager_ways
    return [
        Reach(
            manager,
            wishes_of(connection, manager),
            chosen(connection, manager.id),
            tuple(name for name in CHANNELS if name in ways and ways[name](manager) is not None),
            last_to(connection, manager.id),
        )
        for manager in all_managers(connection)
        if who.scope.includes(manager.id)
    ]


def keep(who: Asking, manager_id: str, wishes: Chosen) -> None:
    """Keep what was chosen for a manager, and that it was.

    Raises:
        NotFound: when ``who`` may see no such manager.
        BadInput: when a channel doesn't reach them.
    """
    with who.site.deps.engine.begin() as connection:
        found = {one.manager.id: one.manager for one in reaches(who, connection)}.get(manager_id)
        if found is None:
            raise NotFound("There is no such account manager.")
        choose(connection, found, wishes, who.site.deps.manager_ways, who.now)
        audit(connection, who.viewer, who.now, "manager.reached_by", manager_id, detail=_in_words(wishes))


@router.get("")
def managers(who: Page) -> HTMLResponse:
    """Who is reached by what."""
    with who.reading() as connection:
        found = reaches(who, connection)
    return who.page("managers.html", reaches=found, channels=CHANNELS)


@router.post("/{manager_id}")
def change(
    who: web.Form,
    manager_id: str,
    digest: Annotated[str, Form()] = BOOK,
    digest_then: Annotated[str, Form()] = NONE,
    hour: Annotated[str, Form()] = "",
    urgent: Annotated[str, Form()] = BOOK,
    urgent_then: Annotated[str, Form()] = NONE,
) -> Response:
    """From now on, reach a manager so."""
    wishes = Chosen(
        digest_by=_in_order(digest, digest_then), digest_hour=_hour(hour), urgent_by=_in_order(urgent, urgent_then)
    )
    keep(who, manager_id, wishes)
    return back_to("/managers", "reach")


def _in_words(wishes: Chosen) -> str:
    def by(channels: tuple[str, ...] | None) -> str:
        return "as in the book" if channels is None else ", ".join(channels) or "none"

    hour = f" at {wishes.digest_hour:%H:%M}" if wishes.digest_hour else ""
    return f"digest: {by(wishes.digest_by)}{hour}; urgent: {by(wishes.urgent_by)}"


def _in_order(first: str, then: str) -> tuple[str, ...] | None:
    if first == BOOK:
        return None
    return tuple(name for name in dict.fromkeys((first, then)) if name not in (BOOK, NONE)) if first != NONE else ()


def _hour(text: str) -> time | None:
    try:
        return time.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadInput(f"{text!r} is no time of day.", fix="Write it as 07:30.") from None
