"""Opening a link changes nothing: mail scanners and previews open every link of a mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from sqlalchemy import select

from services.common.db import reading
from services.notifier.desk import auth, pages
from services.notifier.tables import deliveries, drafts, signin_links
from tests.desk_data import NOW
from tests.desk_world import World

STATES = (select(drafts.c.id, drafts.c.state, drafts.c.version), select(deliveries), select(signin_links.c.used_at))


def states(world: World) -> list[Any]:
    with reading(world.engine) as connection:
        return [connection.execute(query).all() for query in STATES]


def test_no_link_redeems_a_sign_in_or_decides_on_a_draft(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    line = world.draft("claire-arnaud", "warn")
    routes = [route for router in pages.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    browser = world.browser()
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", NOW)
    before = states(world)
    opened = 0
    for route in routes:
        if "GET" not in (route.methods or ()) or route.path == "/live":  # a stream without an end
            continue
        path = route.path.replace("{draft_id}", line.id).replace("{client_id}", line.client_id)
        if "{" not in path:
            browser.get(path, params={"token": token, "when": "now", "act": "approve", "pick": line.id})
            opened += 1
    for act in ("approve", "dismiss", "sent", "undo", "reopen", "take-back"):
        assert browser.get(f"/drafts/{line.id}/{act}").status_code in (404, 405)
    assert opened > 15
    assert states(world) == before
    assert world.publisher.events == []
    world.engine.dispose()
