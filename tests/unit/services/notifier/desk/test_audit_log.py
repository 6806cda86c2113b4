"""The owner reads the audit log by page and API, with filters; reading it is logged as well."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.make(tmp_path)
    with world.engine.begin() as connection:
        for n in range(12):
            row = {
                "at": NOW - timedelta(days=n),
                "user_id": "manager-mara",
                "action": "client.read",
                "subject": f"c{n}",
            }
            connection.execute(insert(audit_log), row | {"client_id": "claire-arnaud" if n % 2 else None})
        row = {"at": NOW, "user_id": "ops", "action": "webhook.added", "subject": "ep_1", "detail": "<b>https</b>"}
        connection.execute(insert(audit_log), row)
    return world


def test_the_owner_reads_the_log_page_by_page(world: World) -> None:
    owner = world.browser()
    first = owner.get("/audit")
    assert first.status_code == 200
    assert "webhook.added" in first.text
    assert "&lt;b&gt;https&lt;/b&gt;" in first.text
    assert 'rel="next"' in first.text
    assert "audit.read" in owner.get("/audit").text, "reading the log is logged"


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("user=manager-mara", 12),
        ("action=client", 12),
        ("action=webhook.added", 1),
        ("client=claire-arnaud", 6),
        ("subject=c3", 1),
        ("user=manager-mara&from=2026-03-04&to=2026-03-05", 2),
        ("user=%25", 0),
    ],
)
def test_filters_restrict_the_entries(world: World, query: str, total: int) -> None:
    owner = world.browser()
    assert owner.get(f"/api/v1/audit?{query}").json()["total"] == total
    assert f'<span class="total">{total}</span>' in owner.get(f"/audit?{query}").text


def test_the_pager_keeps_the_filters(world: World) -> None:
    page = world.browser().get("/audit?user=manager-mara&page=2").text
    assert "page=3&amp;user=manager-mara" in page


def test_an_invalid_date_is_refused(world: World) -> None:
    assert world.browser().get("/audit?from=yesterday").status_code == 400


def test_managers_may_not_read_the_log(world: World) -> None:
    assert world.browser("manager-mara").get("/audit").status_code == 403
    with world.engine.begin() as connection:
        token = create_api_token(connection, "manager-mara", NOW)
    answer = world.browser(None).get("/api/v1/audit", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 403


def test_the_api_lists_deliveries_and_logs_it(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version)
    owner = world.browser()
    (found,) = owner.get("/api/v1/deliveries?status=pending").json()["items"]
    assert (found["draft_id"], found["status"]) == (line.id, "pending")
    assert owner.get("/api/v1/deliveries?status=failed").json()["items"] == []
    assert owner.get("/api/v1/audit?action=deliveries.listed").json()["total"] == 2


def test_the_log_is_exported_whole_by_those_who_may_read_it(world: World) -> None:
    with world.engine.begin() as connection:
        rows = [
            {"at": NOW + timedelta(seconds=number), "user_id": "ann", "action": "draft.read", "subject": "=1+1"}
            for number in range(1_200)
        ]
        connection.execute(insert(audit_log), rows)
    owner = world.browser()
    answer = owner.get("/audit.csv", params={"user": "ann"})
    header, *lines = list(csv.reader(io.StringIO(answer.text)))
    assert header == ["id", "at", "user_id", "action", "subject", "client_id", "detail", "seal"]
    assert len(lines) == 1_200
    assert [line[1] for line in lines] == sorted(line[1] for line in lines)
    assert {(line[2], line[4]) for line in lines} == {("ann", "'=1+1")}, "no formula for a spreadsheet"
    assert "audit.exported" in owner.get("/audit.csv").text
    assert world.browser("manager-mara").get("/audit.csv").status_code == 403
