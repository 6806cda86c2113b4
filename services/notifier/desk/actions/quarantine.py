"""List, read again and give up documents and events that could not be read. They concern everybody: owners only."""

from __future__ import annotations

from collections.abc import Sequence

from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import DeskDependencies, QuarantinePort, Replayed, UnreadThing
from services.notifier.desk.errors import NotFound

__all__ = ["MOST_LISTED", "count", "drop", "events_are_elsewhere", "find", "listed", "replay"]

#: Things of each kind that are listed, the newest.
MOST_LISTED = 200


def count(viewer: Viewer, dependencies: DeskDependencies) -> int:
    """Return how much could not be read; 0 for those who may not see it."""
    if not viewer.may("events.replay") or dependencies.quarantine is None:
        return 0
    return sum(dependencies.quarantine.counts().values())


def listed(viewer: Viewer, dependencies: DeskDependencies) -> Sequence[UnreadThing]:
    """Return what could not be read.

    Raises:
        NotFound: the viewer may not see it.
    """
    return _port(viewer, dependencies).list(MOST_LISTED)


def find(viewer: Viewer, dependencies: DeskDependencies, id: str) -> UnreadThing:
    """Return one thing that could not be read.

    Raises:
        NotFound: the viewer may not see it, or it is not listed.
    """
    found = next((thing for thing in listed(viewer, dependencies) if thing.id == id), None)
    if found is None:
        raise NotFound("This is not listed any more.", fix="Somebody has replayed or dropped it.")
    return found


def events_are_elsewhere(viewer: Viewer, dependencies: DeskDependencies) -> bool:
    """Return whether events that could not be processed are kept where the desk doesn't see them."""
    return not _port(viewer, dependencies).with_events


async def replay(viewer: Viewer, dependencies: DeskDependencies, id: str) -> Replayed:
    """Read something again.

    Raises:
        NotFound: the viewer may not do that.
        BadInput: it is not listed, or can't be replayed.
    """
    done = await _port(viewer, dependencies).replay(id)
    found = "asked for" if done.waits else done.problem or f"{done.new} new and {done.revised} revised items"
    _audit(viewer, dependencies, "quarantine.replayed", id, found)
    return done


def drop(viewer: Viewer, dependencies: DeskDependencies, id: str) -> None:
    """Give something up.

    Raises:
        NotFound: the viewer may not do that.
        BadInput: it is not listed.
    """
    _port(viewer, dependencies).drop(id)
    _audit(viewer, dependencies, "quarantine.dropped", id)


def _port(viewer: Viewer, dependencies: DeskDependencies) -> QuarantinePort:
    if not viewer.may("events.replay") or dependencies.quarantine is None:
        raise NotFound("There is no such page.")
    return dependencies.quarantine


def _audit(viewer: Viewer, dependencies: DeskDependencies, action: str, id: str, detail: str | None = None) -> None:
    with dependencies.engine.begin() as connection:
        ActionContext(connection, dependencies.publisher, viewer, dependencies.clock.now()).audit(
            action, id, detail=detail
        )
