"""The page of settings that users change for themselves: the time zone, and how they work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.actions.users import change_time_zone, change_ways_of_working, time_zones
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/me")


@router.get("")
def my_settings(context: PageRequest) -> HTMLResponse:
    """Show the viewer's settings."""
    return render(context, "my_settings.html", zones=time_zones())


@router.post("/time-zone")
def post_time_zone(context: PageForm, name: Annotated[str, Form(max_length=64)]) -> Response:
    """Show times in another zone."""
    with context.acting() as action:
        change_time_zone(action, name)
    return redirect("/", "zone")


@router.post("/ways")
def post_ways(
    context: PageForm, open_next: Annotated[bool, Form()] = False, shortcuts: Annotated[bool, Form()] = False
) -> Response:
    """Choose whether the next draft opens after a decision, and whether single keys do something."""
    with context.acting() as action:
        change_ways_of_working(action, open_next=open_next, shortcuts=shortcuts)
    return redirect("/me", "logged")
