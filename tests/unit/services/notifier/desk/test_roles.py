"""Every route of the desk and the API for those who have no business there: nobody, and another account manager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.notifier.desk import api, pages
from services.notifier.desk.api.caller import _known
from services.notifier.desk.context import signed_in
from services.notifier.desk.pages.rendering import own_form
from services.notifier.desk.pages.signin import show_link, sign_in
from services.notifier.tables import alerts, deliveries
from tests.desk_world import World

READING = ("GET", "HEAD")
PAGES = [route for router in pages.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
CALLS = [route for part in api.PARTS.values() for route in part.routes if isinstance(route, APIRoute)]
OPEN = (show_link, sign_in)
#: Values of fields, so that requests are refused for the role and not for a missing field.
FIELDS: dict[str, Any] = {
    "version": 0, "subject": "A subject", "body": "A text", "reason": "too_late", "outcome": "replied",
    "feedback": "useful", "at": "2026-03-04T09:00", "channel": "phone", "summary": "We talked", "mood": "calm",
    "entity_id": "e", "kind": "merger", "until": "hour", "to": "owner", "name": "UTC", "seen": 0, "goal": "income",
    "answers": {"question": "An answer"}, "entry": {"name": "A", "manager": "june"}, "domains": ["a.example"],
    "mapping": ["name"],
}  # fmt: skip
#: Of the API, which takes other types.
IN_JSON: dict[str, Any] = {"at": "2026-03-04T09:00:00Z"}


def calls_of(dependant: Dependant) -> Iterator[object]:
    """Yield everything that a route depends on."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls_of(inner)


def method_of(route: APIRoute) -> str:
    """Return the method that a route answers."""
    return min(route.methods or READING)


def names(routes: list[APIRoute]) -> list[str]:
    """Return a name for each route."""
    return [f"{method_of(route)} {route.path}" for route in routes]


@pytest.mark.parametrize("route", PAGES, ids=names(PAGES))
def test_every_page_needs_a_session_and_every_form_its_token(route: APIRoute) -> None:
    needed = set(calls_of(route.dependant))
    if route.endpoint not in OPEN:
        assert signed_in in needed
        assert (own_form in needed) is (method_of(route) not in READING)


@pytest.mark.parametrize("route", CALLS, ids=names(CALLS))
def test_every_operation_needs_a_caller_with_a_scope(route: APIRoute) -> None:
    needed = {getattr(call, "__name__", "") for call in calls_of(route.dependant)}
    assert _known.__name__ in needed
    assert needed & {"_caller", "sender"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World.make(tmp_path_factory.mktemp("desk"))
    line = world.draft("claire-arnaud", "warn")
    world.desk("mark_sent", line.id, line.version)
    return world


@pytest.fixture(scope="module")
def june(world: World) -> TestClient:
    return world.browser("manager-june")


@pytest.fixture(scope="module")
def foreign(world: World) -> dict[str, str]:
    """Ids of what belongs to a client of Mara's."""
    mine = "claire-arnaud"
    with reading(world.engine) as connection:
        alert = connection.execute(select(alerts.c.id).where(alerts.c.client_id == mine).limit(1)).scalar_one()
        delivery = connection.execute(select(deliveries.c.id).where(deliveries.c.client_id == mine)).scalars().first()
    return {
        "client_id": mine, "draft_id": world.draft(mine).id, "alert_id": alert, "event_id": alert,
        "delivery_id": str(delivery), "import_id": "imp_x", "feed_id": "x", "manager_id": "mara", "token_id": "tok_x",
        "action": "remove",
    }  # fmt: skip


WITH_IDS = [
    (f"{prefix}{route.path}", route)
    for prefix, routes in (("", PAGES), (api.PREFIX, CALLS))
    for route in routes
    if "{" in route.path
]


@pytest.mark.parametrize(
    ("address", "route"), WITH_IDS, ids=[f"{method_of(route)} {address}" for address, route in WITH_IDS]
)
def test_another_account_manager_finds_nothing(
    world: World, june: TestClient, foreign: dict[str, str], address: str, route: APIRoute
) -> None:
    method, path = method_of(route), address.format(**foreign)
    token = june.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    before = len(world.publisher.events)
    if path.startswith("/api/"):
        model = None if route.body_field is None else route.body_field.field_info.annotation
        wanted = getattr(model, "model_fields", {})
        body = {name: value for name, value in (FIELDS | IN_JSON).items() if name in wanted}
        answer = june.request(method, path, headers={"X-Form-Token": token}, json=body if wanted else None)
    elif method in READING:
        answer = june.get(path)
    else:
        answer = june.request(method, path, data={"form_token": token, **FIELDS})
    assert "Arnaud" not in answer.text
    assert len(world.publisher.events) == before
    assert answer.status_code == 404
