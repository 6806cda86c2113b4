"""The events of the API: typed, paged, with filters, and each manager's own clients only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from schemas.event_views import EventView
from services.common.db import reading
from services.notifier.tables import audit_log
from tests.desk_data import NOW, book_events
from tests.desk_world import World
from tests.event_world import DEAL, alert, created, draft, evidence, raised

WIRE, PAPER = evidence("wire", hours=3), evidence("paper", hours=2)
CLAIRE = alert("claire-arnaud", "Corvane Pharma", WIRE, PAPER, story="itm_wire")
JUNES = alert("brightwater", "Estmere Group", PAPER, story="itm_paper", at=NOW + timedelta(minutes=1))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path, (*book_events(), raised(CLAIRE), raised(JUNES), created(draft(CLAIRE))))


@pytest.fixture
def owner(world: World) -> TestClient:
    return world.browser()


def test_the_owner_sees_one_event_with_all_clients(owner: TestClient) -> None:
    listed = owner.get("/api/v1/events").json()
    assert (listed["total"], listed["page"], listed["pages"]) == (1, 1, 1)
    assert listed["items"][0] | {"id": "itm_wire", "headline": DEAL, "clients": 2} == listed["items"][0]
    answer = owner.get("/api/v1/events/itm_paper")
    view = EventView.model_validate(answer.json())
    assert view.id == "itm_wire"
    assert [(client.client_id, client.state) for client in view.affected] == [
        ("claire-arnaud", "open"),
        ("brightwater", "undecided"),
    ]
    assert [item.item_id for item in view.evidence] == ["itm_wire", "itm_paper"]


def test_a_manager_sees_own_clients_only(world: World) -> None:
    june = world.browser("manager-june")
    answer = june.get("/api/v1/events/itm_wire")
    assert [client["client_id"] for client in answer.json()["affected"]] == ["brightwater"]
    assert answer.json()["clients"] == 1
    assert "claire" not in answer.text.lower()
    assert "Corvane Pharma" not in answer.json()["entities"]
    assert june.get("/api/v1/events").json()["items"][0]["entities"] == ["Estmere Group"]
    assert june.get("/api/v1/events", params={"client": "claire-arnaud"}).json()["total"] == 0


def test_an_event_without_own_clients_is_not_found(world: World) -> None:
    world.apply([raised(alert("claire-arnaud", "Halden Energy", evidence("cut", title="A cut"), story="itm_cut"))])
    june, mara = world.browser("manager-june"), world.browser("manager-mara")
    assert mara.get("/api/v1/events/itm_cut").status_code == 200
    for missing in ("itm_cut", CLAIRE.id, "itm_nothing"):
        answer = june.get(f"/api/v1/events/{missing}")
        assert (answer.status_code, answer.json()["error"]) == (404, "There is no such event.")


def test_nobody_reads_events_without_signing_in(world: World) -> None:
    stranger = world.browser(None)
    assert stranger.get("/api/v1/events").status_code == 401
    assert stranger.get("/api/v1/events/itm_wire").status_code == 401


def test_clients_are_paged_and_filtered(world: World) -> None:
    one = world.with_settings(page_size=1).browser()
    second = one.get("/api/v1/events/itm_wire", params={"page": 2}).json()
    assert (second["clients"], second["page"], second["pages"]) == (2, 2, 2)
    assert [client["client_id"] for client in second["affected"]] == ["brightwater"]
    none = one.get("/api/v1/events/itm_wire", params={"verdict": "hold"}).json()
    assert (none["affected"], none["clients"], none["verdicts"]) == ([], 2, {"tell": 2})


@pytest.mark.parametrize(
    "wrong", [{"since": "yesterday"}, {"since": "2026-03-05T08:00"}, {"verdict": "x"}, {"page": 0}]
)
def test_a_filter_that_cannot_be_read_is_named(owner: TestClient, wrong: dict[str, object]) -> None:
    answer = owner.get("/api/v1/events", params=wrong)
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.json()["error"]


def test_events_are_listed_since_a_time(owner: TestClient) -> None:
    for since, total in (("2026-03-05T09:00:00+01:00", 1), ("2026-03-05T08:22:00Z", 0)):
        assert owner.get("/api/v1/events", params={"since": since}).json()["total"] == total


def test_reading_is_in_the_audit_log(world: World, owner: TestClient) -> None:
    owner.get("/api/v1/events")
    owner.get("/api/v1/events/itm_paper")
    with reading(world.engine) as connection:
        found = connection.execute(select(audit_log.c.action, audit_log.c.subject)).all()
    assert ("events.listed", "events") in [tuple(row) for row in found]
    assert ("event.read", "itm_wire") in [tuple(row) for row in found]


def test_the_page_shows_the_event_with_own_clients(world: World, owner: TestClient) -> None:
    page = owner.get("/events/itm_paper")
    assert page.status_code == 200
    for shown in (
        DEAL,
        "Probably true",
        "Claire Arnaud",
        "Nadia Brightwater",
        "Reports it, first of all",
        "Draft to decide",
    ):
        assert shown in page.text
    june = world.browser("manager-june")
    assert "Claire" not in june.get("/events/itm_paper").text
    assert june.get(f"/events/{CLAIRE.id}").status_code == 404
    assert world.browser(None).get("/events/itm_paper").headers["location"] == "/signin"


def test_an_alert_and_a_draft_lead_to_their_event(world: World, owner: TestClient) -> None:
    draft_id = world.draft("claire-arnaud").id
    for path in (f"/alerts/{CLAIRE.id}", f"/drafts/{draft_id}"):
        assert f'href="/events/{CLAIRE.id}"' in owner.get(path).text


def test_text_from_feeds_is_escaped_on_the_page(world: World, owner: TestClient) -> None:
    hostile = "<script>alert(1)</script>"
    item = evidence("evil", title=hostile, claimed_publisher=hostile, url="javascript:alert(1)")
    copy = evidence("copy", title=hostile, publisher=hostile, origin="Evil", supports="copy", url="javascript:alert(1)")
    world.apply([raised(alert("claire-arnaud", hostile, item, copy, story="itm_evil"))])
    page = owner.get("/events/itm_evil").text
    assert hostile not in page
    assert "javascript:" not in page
    assert "1 repeats it" in page
