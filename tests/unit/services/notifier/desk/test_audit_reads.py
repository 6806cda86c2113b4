"""Every route that shows data on clients leaves one entry in the audit log, which names the clients."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import func, select

from services.common.db import reading
from services.notifier import audit
from services.notifier.desk.access import ROUTES
from services.notifier.tables import alerts, audit_log
from tests.desk_world import World

CLIENT = "claire-arnaud"
#: What shows no data on clients, with the reason.
WITHOUT_DATA = {
    "GET /live": "counts of one's own inbox",
    "GET /clients/new": "an empty form",
    "GET /clients/imports": "names of files",
    "GET /api/v1/clients/imports": "names of files",
    "GET /api/v1/views": "names of views",
    "GET /api/v1/colleagues": "names of those who may sign in",
    "GET /api/v1/events": "news; the clients of each are counted",
}
READS = [
    name
    for name, needed in ROUTES.items()
    if name.startswith("GET ") and {"clients.read", "clients.export", "clients.write"} & set(needed)
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("desk"))


def count(world: World) -> int:
    with reading(world.engine) as connection:
        return connection.execute(select(func.count()).select_from(audit_log)).scalar_one()


@pytest.mark.slow
def test_each_read_is_one_entry(world: World) -> None:
    owner = world.browser()
    headers = {"X-Form-Token": owner.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]}
    with reading(world.engine) as connection:
        alert_id = connection.execute(select(alerts.c.id).where(alerts.c.client_id == CLIENT).limit(1)).scalar_one()
    content = base64.b64encode(b"name,manager\nAnn Lee,mara\n").decode()
    made = owner.post("/api/v1/clients/imports", json={"file_name": "a.csv", "content": content}, headers=headers)
    owner.post("/api/v1/views", json={"name": "mine", "view": {}}, headers=headers)
    ids = {"client_id": CLIENT, "draft_id": world.draft(CLIENT).id, "alert_id": alert_id, "event_id": alert_id}
    ids |= {"import_id": made.json()["id"], "name": "mine"}
    assert set(WITHOUT_DATA) <= set(READS)
    for name in READS:
        if name in WITHOUT_DATA:
            continue
        address = name.removeprefix("GET ").replace(":path", "").format(**ids)
        before = count(world)
        answer = owner.get(address, params={"q": "arnaud"} if address.endswith("/search") else {})
        assert answer.status_code == 200, f"{address}: {answer.text}"
        assert count(world) == before + 1, f"{name}: a read is one entry; without data on clients, say so above"


@pytest.mark.parametrize(
    ("address", "action"),
    [("/clients", "clients.listed"), ("/", "drafts.listed"), ("/search?q=arnaud", "search"),
     ("/api/v1/clients?q=arnaud", "clients.listed"), ("/digest", "digest.read"), (f"/clients/{CLIENT}", "client.read")],
)  # fmt: skip
def test_who_was_shown_in_a_list_is_found_by_the_client(world: World, address: str, action: str) -> None:
    owner = world.browser()
    before = {entry["id"] for entry in owner.get(f"/api/v1/audit?client={CLIENT}&limit=200").json()["items"]}
    assert owner.get(address).status_code == 200
    found = owner.get(f"/api/v1/audit?client={CLIENT}&limit=200").json()["items"]
    assert [entry["action"] for entry in found if entry["id"] not in before] == [action]
    others = owner.get("/api/v1/audit?client=laire-arnau&limit=200").json()["items"]
    assert others == [], "a part of an id is another's"


def test_an_entry_names_no_more_clients_than_anybody_reads() -> None:
    assert audit.shown_clients(["b", None, "a", "b"]) == "clients: a, b"
    assert audit.shown_clients(str(n) for n in range(audit.MOST_NAMED + 1)) == "501 clients"
    assert audit.shown_clients([]) is None
