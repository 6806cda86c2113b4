"""The page on which users prove anew who they are, before they do what outlives their session or lets others in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.access import PROVEN, PROVEN_OF_ALL
from services.notifier.desk.actions import second_factor as actions
from services.notifier.desk.context import RequestContext
from services.notifier.desk.pages.rendering import PageForm, PageRequest, origin_of, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/me/proof")
#: The pages on which people go on: an address that anybody could write must not lead elsewhere.
PAGES = frozenset((*PROVEN.values(), *PROVEN_OF_ALL.values()))


@router.get("")
def show(context: PageRequest, then: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    """Ask for a code, or say how to sign in again."""
    return _page(context, then)


@router.post("")
def prove(
    context: PageForm, code: Annotated[str, Form(max_length=60)], then: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Take a code as the proof."""
    viewer, engine, origin = context.viewer, context.dependencies.engine, origin_of(context.request)
    with context.reading() as connection:
        possible = actions.can_prove(connection, viewer)
    if not possible:
        return _page(context, then, status=409)
    if actions.check_code(engine, viewer.user_id, code, context.now, origin=origin) is None:
        return _page(context, then, status=403, problem=f"{actions.WRONG} {actions.FIX}")
    with context.acting() as action:
        actions.prove(action)
    return redirect(then if then in PAGES else "/", "proved")


def _page(context: RequestContext, then: str, *, status: int = 200, problem: str | None = None) -> HTMLResponse:
    dependencies = context.dependencies
    with context.reading() as connection:
        possible = actions.can_prove(connection, context.viewer)
    return render(
        context,
        "proof.html",
        code=status,
        problem=problem,
        then=then if then in PAGES else "",
        by_code=possible,
        command=dependencies.settings.signin_command,
        provider=None if dependencies.openid is None else dependencies.openid.settings.name,
    )
