"""What a user may set for themselves: the time zone in which they read times."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import update

from services.common.errors import BadInput
from services.notifier.desk import web
from services.notifier.desk.actions import audit
from services.notifier.desk.web import Page, back_to
from services.notifier.tables import users

__all__ = ["router"]

router = APIRouter(prefix="/me")


@router.get("")
def me(who: Page) -> HTMLResponse:
    """The settings of whoever is signed in."""
    return who.page("me.html", zones=sorted(available_timezones()))


@router.post("/time-zone")
def time_zone(who: web.Form, name: Annotated[str, Form(max_length=64)]) -> Response:
    """Read times in another zone from now on."""
    if name not in available_timezones():
        raise BadInput(f"There is no time zone {name!r}.", fix="Give an IANA name such as Europe/Stockholm.")
    with who.site.deps.engine.begin() as connection:
        connection.execute(update(users).where(users.c.id == who.viewer.user_id).values(time_zone=name))
        audit(connection, who.viewer, who.now, "user.time_zone", who.viewer.user_id, detail=name)
    return back_to("/", "zone")
