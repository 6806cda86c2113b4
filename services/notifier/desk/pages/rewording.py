"""Other words for a draft, proposed by a language model: they passed every check, and a person takes them or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from services.notifier.desk import web
from services.notifier.desk.relations import Relations
from services.notifier.desk.web import back_to

__all__ = ["router"]

router = APIRouter(prefix="/drafts")


@router.post("/{draft_id}/wording")
def use(who: web.Form, draft_id: str, version: Annotated[int, Form(ge=0)]) -> Response:
    """Take them: an edit like any other, in the name of who took them, and checked like any other."""
    with who.acting() as desk:
        Relations(desk).take_wording(draft_id, version)
    return back_to(f"/drafts/{draft_id}", "saved")
