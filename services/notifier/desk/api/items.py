"""Items that programs put into an inlet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from schemas.base import Model
from schemas.inlets import MOST_PUSHED, PushedItem
from services.notifier.desk.actions import inlets
from services.notifier.desk.api.caller import Pusher
from services.notifier.desk.context import RequestContext
from services.notifier.desk.dependencies import TakenItem
from services.notifier.desk.errors import TooManyRequests

__all__ = ["router"]

router = APIRouter()


class ItemBatch(Model):
    """Items for the inlet of the token. All of them are taken, or none."""

    items: Annotated[Sequence[PushedItem], Field(min_length=1, max_length=MOST_PUSHED)]


class PushedOutcome(Model):
    """The outcome for one item: new, revised, unchanged or a copy. ``id`` is Firstword's id of it.

    An item that was pushed before is a revision if a reader can see the difference, and unchanged otherwise. A copy
    repeats another item of the inlet under another id, and is not told as news.
    """

    id: str
    change: Literal["new", "revised", "copy", "unchanged"]
    revision: int


class BatchOutcome(Model):
    """An outcome for each item, in the order of the request. ``warnings`` say what of their texts was changed."""

    items: Sequence[PushedOutcome]
    warnings: Sequence[str]


@router.post("/items", status_code=202)
async def push_items(context: Pusher, batch: ItemBatch) -> BatchOutcome:
    """Put up to 100 items into the inlet of the token. They are judged within seconds, as those of a feed are.

    To repeat a request is safe: what was taken before is unchanged. If a field can't be used, nothing of the batch is
    taken, and `errors` names every such field.
    """
    wait = context.site.item_rates.take(context.caller_id, context.now, len(batch.items))
    if wait:
        raise TooManyRequests(wait)
    read, warnings = await inlets.read(context.dependencies, context.inlet_id, batch.items)
    taken = await run_in_threadpool(_take, context, read)
    outcomes = [PushedOutcome(id=item.id, change=item.change, revision=item.revision) for item in taken]
    return BatchOutcome(items=outcomes, warnings=warnings)


def _take(context: RequestContext, batch: object) -> Sequence[TakenItem]:
    with context.acting() as action:
        return inlets.take(action.connection, context.dependencies, context.inlet_id, batch)
