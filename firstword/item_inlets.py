"""Connect the desk's API with the inlets of ingest; the two services don't know each other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from schemas.inlets import PushedItem
from services.ingest.inlets.pushed import PushedBatch
from services.ingest.inlets.taking import InletPaused, RefusedItems, UnknownInlet
from services.ingest.service import IngestService
from services.notifier.desk.dependencies import TakenItem
from services.notifier.desk.errors import Conflict, InvalidFields, NotFound

__all__ = ["ItemInletAdapter"]


class ItemInletAdapter:
    """Implements the desk's port ``item_inlets`` with the ingest service."""

    def __init__(self, ingest: IngestService) -> None:
        self._ingest = ingest

    async def read(self, inlet_id: str, items: Sequence[PushedItem]) -> tuple[PushedBatch, Sequence[str]]:
        """Return the items as a batch that can be taken, and warnings about them."""
        try:
            batch = await self._ingest.read_pushed(inlet_id, items)
        except UnknownInlet as unknown:
            raise NotFound(unknown.message, fix=unknown.fix) from unknown
        if batch.problems:
            refused = RefusedItems(batch)
            problems = [
                (f"body.items.{problem.position}.{problem.field}", problem.message) for problem in batch.problems
            ]
            raise InvalidFields(refused.message, problems, fix=refused.fix)
        return batch, batch.warnings

    def take(self, connection: Connection, inlet_id: str, batch: object) -> Sequence[TakenItem]:
        """Store and publish a batch in the caller's transaction; return what became of each item, in order."""
        assert isinstance(batch, PushedBatch)  # noqa: S101 - the desk passes on what `read` returned
        try:
            changes = self._ingest.take_items(connection, inlet_id, batch)
        except UnknownInlet as unknown:
            raise NotFound(unknown.message, fix=unknown.fix) from unknown
        except InletPaused as paused:
            raise Conflict(paused.message, fix=paused.fix) from paused
        return [TakenItem(change.item.id, change.kind, change.revision) for change in changes]
