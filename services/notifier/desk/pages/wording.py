"""Other words for a draft, proposed by a language model: they passed every check, and a person takes them or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from services.notifier import repository
from services.notifier.desk import web
from services.notifier.desk.actions import Conflict, NotFound
from services.notifier.desk.web import back_to
from services.notifier.wordings import store

__all__ = ["router"]

router = APIRouter(prefix="/drafts")


@router.post("/{draft_id}/wording")
def use(who: web.Form, draft_id: str, version: Annotated[int, Form(ge=0)]) -> Response:
    """Take them: an edit like any other, in the name of who took them, and checked like any other."""
    with who.acting() as desk:
        line = repository.draft(desk.connection, who.scope, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        offer = store.offer(desk.connection, draft_id)
        if offer is None:
            raise Conflict("There are no other words for this draft as it stands now.")
        desk.edit(draft_id, version, line.subject, offer.body)
    return back_to(f"/drafts/{draft_id}", "saved")
