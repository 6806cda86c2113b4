"""Drafts that are put aside until later, or given to a colleague."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictBool

from schemas.base import Model
from services.notifier.desk.actions import triage
from services.notifier.desk.api.caller import Caller

__all__ = ["router"]

router = APIRouter(prefix="/drafts/{draft_id}")


class Snooze(Model):
    """Until when to put a draft aside: one of the desk's presets, or a time in the caller's zone."""

    until: Annotated[str, Field(min_length=1, max_length=40)]


class Snoozed(Model):
    """A draft that comes back by itself at ``until``; null if it is in the inbox."""

    draft_id: str
    until: datetime | None


class Assignment(Model):
    """The colleague to give a draft to, by their user id. With ``ask``, they are only asked about it."""

    to: Annotated[str, Field(min_length=1, max_length=80)]
    note: Annotated[str, Field(max_length=1_000)] = ""
    ask: StrictBool = False


class Assigned(Model):
    """The colleague who has a draft or is asked about it; null if it is with the client's account manager."""

    draft_id: str
    name: str | None


@router.post("/snooze")
def snooze(context: Caller, draft_id: str, wanted: Snooze) -> Snoozed:
    """Leave a draft out of the inbox until later, at the latest until its deadline is near."""
    with context.acting() as action:
        until = triage.snooze(action, draft_id, wanted.until)
    return Snoozed(draft_id=draft_id, until=until)


@router.post("/wake")
def wake(context: Caller, draft_id: str) -> Snoozed:
    """Bring a draft that was put aside back to the inbox."""
    with context.acting() as action:
        triage.wake(action, draft_id)
    return Snoozed(draft_id=draft_id, until=None)


@router.post("/assign")
def assign(context: Caller, draft_id: str, given: Assignment) -> Assigned:
    """Give a draft to a colleague, or ask them about it."""
    with context.acting() as action:
        name = triage.assign(action, draft_id, given.to, given.note, ask=given.ask)
    return Assigned(draft_id=draft_id, name=name)


@router.post("/take")
def take(context: Caller, draft_id: str) -> Assigned:
    """End an assignment: the draft is with the client's account manager again."""
    with context.acting() as action:
        triage.take(action, draft_id)
    return Assigned(draft_id=draft_id, name=None)
