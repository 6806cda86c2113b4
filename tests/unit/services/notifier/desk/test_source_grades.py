"""The owner sets the grades of sources at the desk, and by the API."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.notifier.desk.dependencies import SourceView
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log
from tests.desk_data import NOW
from tests.desk_world import World

REASON = "Corrected two stories in a month."


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.make(tmp_path)
    world.sources = (SourceView("north.example", "The North", None, "news", "B", "B", "Careful.", "shipped"),)
    return world


@pytest.fixture
def owner(world: World) -> TestClient:
    return world.browser()


def form(client: TestClient, **fields: str) -> dict[str, str]:
    page = client.get("/sources?all=yes").text
    return {"form_token": page.split('name="form_token" value="')[1].partition('"')[0], **fields}


def audited(world: World) -> list[tuple[str, str, str | None]]:
    with reading(world.engine) as connection:
        query = select(audit_log).where(audit_log.c.action.startswith("source.")).order_by(audit_log.c.id)
        return [(row.action, row.subject, row.detail) for row in connection.execute(query)]


def test_a_grade_is_set_with_its_reason_shown_audited_and_undone(world: World, owner: TestClient) -> None:
    sent = form(owner, domain="north.example", grade="D", ground=f"  {REASON} ")
    answer = owner.post("/sources/grade", data=sent)
    assert answer.status_code == 303
    assert (world.grade_notes.current("north.example").grade, world.grade_notes.times) == ("D", 1)
    page = owner.get(answer.headers["location"]).text
    for said in (REASON, "F → D", "Undo", "Owner"):
        assert said in page
    change = page.split("/sources/changes/")[1].partition("/")[0]
    assert owner.post(f"/sources/changes/{change}/undo", data=form(owner)).status_code == 303
    assert world.grade_notes.current("north.example").grade == "F"
    assert owner.post(f"/sources/changes/{change}/undo", data=form(owner)).status_code == 409
    assert "Undone" in owner.get("/sources?all=yes").text
    assert audited(world) == [
        ("source.graded", "north.example", f"F to D: {REASON}"),
        ("source.grade_undone", "north.example", "D to F"),
    ]


def test_what_somebody_set_since_is_not_undone(world: World, owner: TestClient) -> None:
    for grade in ("C", "D"):
        owner.post("/sources/grade", data=form(owner, domain="north.example", grade=grade, ground=REASON))
    page = owner.get("/sources").text
    assert page.count("/undo") == 1, "only the one in force"
    client = world.browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    by_grade = {change["after"]["grade"]: change for change in client.get("/api/v1/sources/changes").json()["items"]}
    newest, oldest = by_grade["D"], by_grade["C"]  # both were set at the same time, so they come in any order
    assert (newest["in_force"], oldest["in_force"]) == (True, False)
    assert client.post(f"/api/v1/sources/changes/{oldest['id']}/undo").status_code == 409
    undone = client.post(f"/api/v1/sources/changes/{newest['id']}/undo").json()
    assert (undone["before"], undone["after"]) == ("D", "C")
    new = {"domain": "west.example", "grade": "E", "ground": REASON, "publisher": "The West"}
    assert client.post("/api/v1/sources/grade", json=new).status_code == 201
    assert world.grade_notes.current("west.example").publisher == "The West"


@pytest.mark.parametrize(
    ("changes", "code"), [({"ground": "  "}, 400), ({"grade": "X"}, 400), ({"domain": "north"}, 400)]
)
def test_a_grade_without_a_reason_or_for_no_domain_is_refused(
    world: World, owner: TestClient, changes: dict[str, str], code: int
) -> None:
    sent = form(owner, **{"domain": "north.example", "grade": "D", "ground": REASON, **changes})
    assert owner.post("/sources/grade", data=sent).status_code in (code, 422)
    assert world.grade_notes.times == 0
    assert audited(world) == []


def test_only_the_owner_sets_grades(world: World, owner: TestClient) -> None:
    june = world.browser("manager-june")
    page = june.get("/sources?all=yes").text
    assert "Set grade" not in page
    token = june.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    sent = {"form_token": token, "domain": "north.example", "grade": "A", "ground": "Mine."}
    assert june.post("/sources/grade", data=sent).status_code == 403
    assert june.post("/sources/changes/src_x/undo", data={"form_token": token}).status_code == 403
    assert world.grade_notes.times == 0
