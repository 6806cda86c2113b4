"""Every route of the desk and the API for every role, and for those who have no business there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from services.common.db import reading
from services.notifier.desk import access, api, api_reference, hubs, pages, probes
from services.notifier.desk.access import OPEN, ROUTES, may_use
from services.notifier.desk.api.caller import _known
from services.notifier.desk.context import permitted
from services.notifier.desk.dependencies import FeedView
from services.notifier.desk.pages.rendering import own_form
from services.notifier.desk.tokens import create_api_token
from services.notifier.roles import PERMISSIONS, ROLES, Role
from services.notifier.tables import alerts, deliveries, users
from tests.desk_world import World

pytestmark = pytest.mark.slow

READING = ("GET", "HEAD")
PAGES = [route for router in pages.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
CALLS = [route for part in api.PARTS.values() for route in part.routes if isinstance(route, APIRoute)]
#: Values of fields, so that requests are refused for the role and not for a missing field.
FIELDS: dict[str, Any] = {
    "version": 0, "subject": "A subject", "body": "A text", "reason": "too_late", "outcome": "replied",
    "feedback": "useful", "at": "2026-03-04T09:00", "channel": "phone", "summary": "We talked", "mood": "calm",
    "entity_id": "e", "kind": "merger", "until": "hour", "to": "owner", "name": "UTC", "seen": 0, "goal": "income",
    "answers": {"question": "An answer"}, "entry": {"name": "A", "manager": "june"}, "domains": ["a.example"],
    "mapping": ["name"], "field": "risk", "domain": "a.example", "grade": "A", "ground": "Good.",
    "versions": {"claire-arnaud": 0, "brightwater": 0}, "client_ids": ["claire-arnaud", "brightwater"],
    "open_next": True, "shortcuts": True, "wanted": "on",
}  # fmt: skip
#: Of the API, which takes other types.
IN_JSON: dict[str, Any] = {"at": "2026-03-04T09:00:00Z", "wanted": True}


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
    if f"{method_of(route)} {route.path}" not in OPEN:
        assert permitted in needed
        assert (own_form in needed) is (method_of(route) not in READING)


@pytest.mark.parametrize("route", CALLS, ids=names(CALLS))
def test_every_operation_needs_a_caller_with_a_scope(route: APIRoute) -> None:
    needed = {getattr(call, "__name__", "") for call in calls_of(route.dependant)}
    assert _known.__name__ in needed
    assert needed & {"_caller", "sender", "pusher"}


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
        "action": "remove", "change_id": "src_x", "name": "A view that June does not have", "thing_id": "x",
        "user_id": "ann.lee", "session_id": "ses_x",
    }  # fmt: skip


WITH_IDS = [
    (f"{prefix}{route.path_format}", route)
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
    listed = address.removesuffix(route.path_format) + route.path  # with converters, as in the table
    allowed = may_use(ROLES["manager"].may, f"{method} {listed}")
    assert answer.status_code == (404 if allowed else 403)


# --- every route for every role -----------------------------------------------------------------------------------

TEAM = ["mara"]
#: Answers without an end.
ENDLESS = "GET /live"


def test_the_table_names_every_route_and_no_other() -> None:
    others = [route for part in (probes.router, hubs.router, api_reference.router) for route in part.routes]
    served = {
        f"{method} {prefix}{route.path}"
        for prefix, routes in (("", [*PAGES, *others]), (api.PREFIX, CALLS))
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert served == OPEN | set(ROUTES), "give a new route its permission in services/notifier/desk/access.py"
    assert not OPEN & set(ROUTES)


def test_every_permission_is_used_and_only_the_owner_has_all() -> None:
    asked = {permission for needed in ROUTES.values() for permission in needed}
    in_actions = {"clients.assign", "messages.second", "operations.read", "tokens.all"}
    assert asked | in_actions == set(PERMISSIONS)
    assert [role for role, rules in ROLES.items() if rules.may == set(PERMISSIONS)] == ["owner"]


def test_a_route_without_a_permission_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = world.browser()
    assert owner.get("/figures").status_code == 200
    monkeypatch.setattr(
        access, "ROUTES", {route: needed for route, needed in ROUTES.items() if route != "GET /figures"}
    )
    assert owner.get("/figures").status_code == 403


def add(world: World, role: Role) -> str:
    """Add a user with a role, and return their id."""
    user_id = f"a-{role}"
    values = {"name": role, "role": role, "manager_id": "mara", "time_zone": "UTC", "session_epoch": 0}
    with world.engine.begin() as connection:
        if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is None:
            connection.execute(insert(users).values(id=user_id, team=TEAM, created_at=world.clock.now(), **values))
    return user_id


def form_token_of(client: TestClient) -> str:
    return str(client.get("/me").text.split('name="form_token" value="')[1].partition('"')[0])


@pytest.mark.parametrize("role", ROLES)
def test_every_route_answers_those_whose_role_allows_it_and_nobody_else(world: World, role: Role) -> None:
    user_id = add(world, role)
    client = world.browser(user_id)
    token, before = form_token_of(client), len(world.publisher.events)
    nothing = dict.fromkeys(
        ("client_id", "draft_id", "alert_id", "event_id", "delivery_id", "import_id", "feed_id", "manager_id",
         "token_id", "session_id", "name", "user_id", "thing_id", "change_id"), "nothing",
    ) | {"action": "remove"}  # fmt: skip
    refused = set()
    for name, needed in ROUTES.items():
        method, _, path = name.partition(" ")
        allowed = not ROLES[role].may.isdisjoint(needed)
        if allowed and name in (ENDLESS, "POST /signout"):
            continue
        address = path.replace(":path", "").format(**nothing)
        if path.startswith("/api/"):
            answer = client.request(method, address, headers={"X-Form-Token": token}, json=FIELDS | IN_JSON)
        elif method == "GET":
            answer = client.get(address)
        else:
            answer = client.post(address, data={"form_token": token})
        home = address == "/" and answer.headers.get("location") == ROLES[role].home
        by_role = home or (answer.status_code == 403 and "Your role (" in answer.text)
        assert by_role is not allowed, f"{name}: {answer.status_code}"
        assert answer.status_code < 500, name
        if by_role:
            refused.add(name)
    assert refused == {name for name, needed in ROUTES.items() if ROLES[role].may.isdisjoint(needed)}
    if role in ("compliance", "ops", "reader"):
        assert world.publisher.events[before:] == []


def route_of(method: str, path: str) -> str:
    """Return the route that answers an address, as the table names it."""
    matching = [
        name
        for name in (*ROUTES, *OPEN)
        if re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(name)), f"{method} {path}")
    ]
    return max(matching, key=lambda name: -name.count("{"))


@pytest.mark.parametrize("role", ROLES)
def test_pages_offer_nothing_that_the_role_refuses(world: World, role: Role) -> None:
    world.feeds = (FeedView("feed_1", "https://letters.inlet.invalid/", "ok", kind="mailbox"),)
    client, may = world.browser(add(world, role)), ROLES[role].may
    line = world.draft("claire-arnaud", "tell")
    ids = {
        "client_id": line.client_id,
        "draft_id": line.id,
        "alert_id": line.draft.alert_id,
        "event_id": line.draft.alert_id,
        "feed_id": "feed_1",
    }
    seen = 0
    for name, needed in ROUTES.items():
        method, _, path = name.partition(" ")
        if method != "GET" or path.startswith("/api/") or name == ENDLESS or may.isdisjoint(needed):
            continue
        if "import_id" in path:
            continue
        html = client.get(path.format(**ids)).text
        for form in re.findall(r"<form\b[^>]*>", html):
            action = re.search(r'action="([^"]*)"', form)
            if 'method="post"' in form and action is not None:
                assert may_use(may, route_of("POST", action[1])), f"{path}: {form}"
                seen += 1
        for link in re.findall(r'<a\b[^>]*href="(/[^"#?]*)', html):
            if not link.startswith(("/static/", "/api/")):
                assert may_use(may, route_of("GET", link)) or link == "/", f"{path}: {link}"
    assert seen > 10


def test_a_changed_role_counts_in_sessions_and_for_tokens_at_once(world: World) -> None:
    user_id = add(world, "lead")
    client = world.browser(user_id)
    with world.engine.begin() as connection:
        bearer = {"Authorization": f"Bearer {create_api_token(connection, user_id, world.clock.now())}"}
    program = world.browser(None)
    assert client.get("/clients/new").status_code == 200
    assert program.get("/api/v1/clients/imports", headers=bearer).status_code == 200
    owner = world.browser()
    form = {"form_token": form_token_of(owner), "role": "reader"}
    assert owner.post(f"/people/{user_id}/role", data=form).status_code == 303
    assert client.get("/clients/new").status_code == 403
    assert client.get("/clients").status_code == 200
    assert program.get("/api/v1/clients/imports", headers=bearer).status_code == 403
    assert owner.post(f"/people/{user_id}/disable", data=form).status_code == 303
    assert client.get("/clients").status_code == 303
    assert program.get("/api/v1/clients", headers=bearer).status_code == 401


def test_a_team_lead_sees_the_team_and_assigns_within_it(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(
            insert(users).values(
                id="lead-of-june", name="Lead", role="lead", team=["june"], time_zone="UTC", session_epoch=0,
                created_at=world.clock.now(),
            )
        )  # fmt: skip
    lead = world.browser("lead-of-june")
    shown = {entry["id"] for entry in lead.get("/api/v1/clients?limit=200").json()["items"]}
    of_june = {entry["id"] for entry in world.browser("manager-june").get("/api/v1/clients?limit=200").json()["items"]}
    assert shown == of_june != set()
    headers = {"X-Form-Token": form_token_of(lead)}
    entry = {"name": "A new client", "manager": "mara"}
    refused = lead.post("/api/v1/clients", json=entry, headers=headers)
    assert (refused.status_code, "not in your team" in refused.text) == (422, True)
    assert lead.post("/api/v1/clients", json={**entry, "manager": "june"}, headers=headers).status_code == 201
