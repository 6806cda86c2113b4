"""Items that programs put into inlets, each with a token of its inlet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from schemas.inlets import PushedItem
from services.notifier.desk.dependencies import DeskDependencies, ItemInlets, TakenItem
from services.notifier.desk.errors import NotFound

__all__ = ["read", "take"]


async def read(
    dependencies: DeskDependencies, inlet_id: str | None, items: Sequence[PushedItem]
) -> tuple[object, Sequence[str]]:
    """Return the items as a batch that can be taken, and warnings about them.

    Raises:
        InvalidFields: fields of some items can't be used.
        NotFound: there is no such inlet.
    """
    inlets, known = _known(dependencies, inlet_id)
    return await inlets.read(known, items)


def take(
    connection: Connection, dependencies: DeskDependencies, inlet_id: str | None, batch: object
) -> Sequence[TakenItem]:
    """Store and publish a batch in the caller's transaction; return what became of each item.

    Raises:
        Conflict: the inlet is paused.
        NotFound: there is no such inlet.
    """
    inlets, known = _known(dependencies, inlet_id)
    return inlets.take(connection, known, batch)


def _known(dependencies: DeskDependencies, inlet_id: str | None) -> tuple[ItemInlets, str]:
    if dependencies.item_inlets is None or inlet_id is None:
        raise NotFound("There is no such inlet.")
    return dependencies.item_inlets, inlet_id
