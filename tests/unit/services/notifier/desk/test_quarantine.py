"""The page of what could not be read: only the owner sees it and acts on it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.notifier.desk.dependencies import UnreadThing
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log
from tests.desk_data import NOW
from tests.desk_world import UnreadThings, World

DOCUMENT = UnreadThing(
    "feed-bad", "document", "Northgate <b>", "https://n.example, the whole document", "it is a web page.",
    "Look for its feed.", NOW, NOW - timedelta(days=1), 3,
)  # fmt: skip
EVENT = UnreadThing("event-1", "event", "items, event 7", "annotate version 1", "no JSON", None, NOW, NOW, 1)
ENTRIES = UnreadThing("feed-2", "entries", "Port", "https://p.example, 2 of its entries", "odd", "Tell", NOW, NOW, 1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.make(tmp_path)
    world.quarantine = UnreadThings(DOCUMENT, EVENT, ENTRIES)
    return world


def form(client: TestClient) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/me").text)
    assert found is not None
    return {"form_token": found[1]}


def test_the_owner_sees_why_and_what_to_do(world: World) -> None:
    owner = world.browser()
    assert '<a href="/quarantine">3 things could not be read.</a>' in owner.get("/feeds").text
    text = owner.get("/quarantine").text
    for shown in (
        "Northgate &lt;b&gt;",
        "It is a web page.",
        "Look for its feed.",
        "3 times since",
        "annotate version",
    ):
        assert shown in text
    assert "Events are on Kafka" not in text


def test_the_owner_reads_again_and_gives_up(world: World) -> None:
    owner = world.browser()
    failed = owner.post("/quarantine/feed-bad/replay", data=form(owner))
    assert (failed.status_code, "It still can't be read." in failed.text) == (200, True)
    waits = owner.post("/quarantine/event-1/replay", data=form(owner))
    assert waits.headers["location"] == "/quarantine?note=unread-waits"
    assert owner.post("/quarantine/feed-2/replay", data=form(owner)).headers["location"].endswith("unread-replayed")
    assert owner.post("/quarantine/feed-bad/drop", data=form(owner)).status_code == 303
    text = owner.get("/quarantine").text
    assert "Northgate" not in text
    with reading(world.engine) as connection:
        query = select(audit_log.c.action, audit_log.c.subject, audit_log.c.detail).order_by(audit_log.c.id)
        rows = [tuple(row) for row in connection.execute(query) if row[0].startswith("quarantine.")]
    assert rows == [
        ("quarantine.replayed", "feed-bad", "it is a web page."),
        ("quarantine.replayed", "event-1", "asked for"),
        ("quarantine.replayed", "feed-2", "2 new and 0 revised items"),
        ("quarantine.dropped", "feed-bad", None),
    ]


def test_nobody_else_sees_it(world: World) -> None:
    mara = world.browser("manager-mara")
    assert mara.get("/quarantine").status_code == 403
    assert "could not be read" not in mara.get("/feeds").text
    for action in ("replay", "drop"):
        assert mara.post(f"/quarantine/feed-2/{action}", data=form(mara)).status_code == 403
    assert world.quarantine is not None
    assert world.quarantine.counts() == {"document": 3}


def test_an_empty_page_says_what_will_be_there(world: World) -> None:
    world.quarantine = UnreadThings(with_events=False)
    text = world.browser().get("/quarantine").text
    assert "Everything could be read." in text
    assert "Events are on Kafka" in text


def test_programs_list_read_replay_and_drop(world: World) -> None:
    program = world.browser(None)
    with world.engine.begin() as connection:
        program.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    listed = program.get("/api/v1/quarantine").json()
    assert [thing["id"] for thing in listed["items"]] == ["feed-bad", "event-1", "feed-2"]
    assert (listed["total"], listed["events_elsewhere"]) == (3, False)
    assert program.get("/api/v1/quarantine/feed-2").json()["fix"] == "Tell"
    assert program.post("/api/v1/quarantine/feed-bad/replay").json()["problem"] == "it is a web page."
    assert program.post("/api/v1/quarantine/event-1/replay").json()["waits"] is True
    assert program.post("/api/v1/quarantine/feed-2/replay").json()["new"] == 2
    assert program.get("/api/v1/quarantine/feed-2").status_code == 404
    assert program.post("/api/v1/quarantine/feed-bad/drop").json() == {"id": "feed-bad"}
    assert program.get("/api/v1/quarantine").json()["total"] == 1
