"""The quarantine: documents of feeds, entries of them, messages of mailboxes, and events that could not be read."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from schemas.base import Model
from services.notifier.desk.actions import quarantine
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.dependencies import Replayed, UnreadThing

__all__ = ["router"]

router = APIRouter()


class UnreadList(Model):
    """Things that could not be read, of each kind the newest 200, out of ``total``.

    With ``events_elsewhere``, events that could not be processed are on Kafka, and are not listed.
    """

    items: Sequence[UnreadThing]
    total: int
    events_elsewhere: bool


class Dropped(Model):
    """Something that was given up."""

    id: str


@router.get("/quarantine")
def list_quarantine(context: Caller) -> UnreadList:
    """List what could not be read, with the reason and what to do about it."""
    viewer, dependencies = context.viewer, context.dependencies
    return UnreadList(
        items=quarantine.listed(viewer, dependencies),
        total=quarantine.count(viewer, dependencies),
        events_elsewhere=quarantine.events_are_elsewhere(viewer, dependencies),
    )


@router.get("/quarantine/{thing_id}")
def get_unread_thing(context: Caller, thing_id: str) -> UnreadThing:
    """Return one thing that could not be read."""
    return quarantine.find(context.viewer, context.dependencies, thing_id)


@router.post("/quarantine/{thing_id}/replay")
async def replay_unread_thing(context: Caller, thing_id: str) -> Replayed:
    """Read a document or a message again, and say what came of it, or let an event be processed again soon (``waits``).

    With a ``problem``, it still can't be read, and stays.
    """
    return await quarantine.replay(context.viewer, context.dependencies, thing_id)


@router.post("/quarantine/{thing_id}/drop")
def drop_unread_thing(context: Caller, thing_id: str) -> Dropped:
    """Give something up: it is no longer listed, and its contents are deleted."""
    quarantine.drop(context.viewer, context.dependencies, thing_id)
    return Dropped(id=thing_id)
