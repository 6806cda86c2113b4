"""The page of account managers' preferences for digests and urgent news."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.common.errors import BadInput
from services.notifier.desk.actions.managers import change_preferences, list_managers
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render
from services.notifier.digest.preferences import CHANNELS, ChosenPreferences

__all__ = ["router"]

router = APIRouter(prefix="/managers")
#: Values in the form: as in the book; not at all.
BOOK, NONE = "", "none"


@router.get("")
def managers(context: PageRequest) -> HTMLResponse:
    """Show each account manager's channels."""
    with context.reading() as connection:
        listed = list_managers(connection, context.scope, context.dependencies.manager_routes)
    return render(context, "managers.html", managers=listed, channels=CHANNELS)


@router.post("/{manager_id}")
def change(
    context: PageForm,
    manager_id: str,
    digest: Annotated[str, Form()] = BOOK,
    digest_then: Annotated[str, Form()] = NONE,
    hour: Annotated[str, Form()] = "",
    urgent: Annotated[str, Form()] = BOOK,
    urgent_then: Annotated[str, Form()] = NONE,
) -> Response:
    """Save a manager's preferences."""
    wanted = ChosenPreferences(
        digest_by=_in_order(digest, digest_then), digest_hour=_hour(hour), urgent_by=_in_order(urgent, urgent_then)
    )
    with context.acting() as action:
        change_preferences(action, context.dependencies.manager_routes, manager_id, wanted)
    return redirect("/managers", "preferences")


def _in_order(first: str, then: str) -> tuple[str, ...] | None:
    if first == BOOK:
        return None
    return tuple(name for name in dict.fromkeys((first, then)) if name not in (BOOK, NONE)) if first != NONE else ()


def _hour(text: str) -> time | None:
    try:
        return time.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadInput(f"{text!r} is not a valid time of day.", fix="Write it as 07:30.") from None
