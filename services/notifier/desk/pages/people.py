"""The people who may sign in and their roles, for the owner."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk import second_factor
from services.notifier.desk.actions import people
from services.notifier.desk.actions import second_factor as actions
from services.notifier.desk.context import RequestContext
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render
from services.notifier.digest.gather import all_managers
from services.notifier.roles import PERMISSIONS, ROLES

__all__ = ["router"]

router = APIRouter(prefix="/people")
Text = Annotated[str, Form(max_length=120)]
Texts = Annotated[list[str] | None, Form()]


@router.get("")
def list_people(context: PageRequest) -> HTMLResponse:
    """Show everybody with their role, and what each role may do."""
    return _page(context)


@router.post("")
def add(context: PageForm, user_id: Text, name: Text, role: Text, team: Texts = None) -> Response:
    """Add somebody."""
    with context.acting() as action:
        people.add_person(action, user_id.strip(), name, people.role_named(role), team or ())
    return redirect("/people", "person-added")


@router.post("/{user_id}/role")
def change_role(context: PageForm, user_id: str, role: Text, team: Texts = None) -> Response:
    """Give somebody another role."""
    with context.acting() as action:
        people.change_role(action, user_id, people.role_named(role), team or ())
    return redirect("/people", "role-changed")


@router.post("/{user_id}/disable")
def disable(context: PageForm, user_id: str) -> Response:
    """Let somebody sign in no more."""
    with context.acting() as action:
        people.disable(action, user_id)
    return redirect("/people", "person-disabled")


@router.post("/{user_id}/enable")
def enable(context: PageForm, user_id: str) -> Response:
    """Let somebody sign in again."""
    with context.acting() as action:
        people.enable(action, user_id)
    return redirect("/people", "person-enabled")


@router.post("/{user_id}/email")
def set_email(context: PageForm, user_id: str, email: Annotated[str, Form(max_length=254)] = "") -> Response:
    """Set the address by which somebody signs in with the provider."""
    with context.acting() as action:
        people.set_email(action, user_id, email)
    return redirect("/people", "person-email")


@router.post("/{user_id}/link")
def create_link(context: PageForm, user_id: str) -> HTMLResponse:
    """Show a link that signs somebody in once."""
    with context.acting() as action:
        token = people.create_link(action, user_id)
    return _page(context, link=f"{context.dependencies.settings.base_url}/signin?token={token}", link_for=user_id)


@router.post("/{user_id}/reset-factor")
def reset_factor(context: PageForm, user_id: str) -> Response:
    """Remove the second factor of somebody who has lost it."""
    with context.acting() as action:
        actions.reset(action, user_id)
    return redirect("/people", "factor-reset")


@router.post("/factors")
def require_factors(context: PageForm, role: Texts = None) -> Response:
    """Set the roles that need a second factor."""
    with context.acting() as action:
        actions.require_for(action, [people.role_named(name) for name in role or ()])
    return redirect("/people", "factors-required")


def _page(context: RequestContext, **values: Any) -> HTMLResponse:
    with context.reading() as connection:
        found = people.list_people(connection)
        required = second_factor.required_roles(connection)
        with_factor = {person.user_id for person in found if second_factor.has_factor(connection, person.user_id)}
        managers = {manager.id: manager.name for manager in all_managers(connection)}
    frame = {
        "link": None,
        "link_for": None,
        "roles": ROLES,
        "permissions": PERMISSIONS,
        "required": required,
        "with_factor": with_factor,
        "provider": None if context.dependencies.openid is None else context.dependencies.openid.settings.name,
    }
    return render(context, "people.html", people=found, managers=managers, **{**frame, **values})
