"""Clients who may be one: who is told of them, merging, and telling them apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from schemas.base import event
from schemas.clients import Client, ClientChanged, ContactPolicy
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.client_book.duplicate_store import MOST_SHARING, duplicates, rebuild_duplicate_keys
from services.notifier.client_book.history import changes_of
from services.notifier.client_book.tables import duplicate_keys
from services.notifier.desk.actions.client_edits import Saved
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.scope import EVERYTHING, OwnClients
from services.notifier.tables import audit_log
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World

CLAIRE = "claire-arnaud"
JUNE = Viewer("manager-june", "June", "manager", "june", "America/New_York")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A desk where June has an entry of Mara's client, and two of one of her own."""
    world = World.make(tmp_path)
    add(world, "claire-2", "ARNAUD, Claire", email="Claire@arnaud.example", phone="+33 1 23 45 67 89")
    add(world, "nadia-2", "Nadia Brightwater")
    return world


def add(world: World, client_id: str, name: str, manager: str = "june", **contact: str) -> None:
    client = Client(
        id=client_id, name=name, manager_id=manager, trade="wealth", contact=ContactPolicy(**contact)  # type: ignore[arg-type]
    )  # fmt: skip
    changed = ClientChanged(client=client, firm=FIRM, manager=MANAGERS[manager], revision=1)
    world.apply([event(changed, key=client_id, id=f"evt_{client_id}", source="test", time=NOW)])


def stored(world: World, client_id: str) -> ClientChanged | None:
    with reading(world.engine) as connection:
        return queries.client(connection, EVERYTHING, client_id)


def post(browser: TestClient, path: str, **data: object) -> int:
    token = browser.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    return int(browser.post(path, data={"form_token": token, **data}).status_code)


def test_the_owner_is_told_of_all_and_an_account_manager_of_their_own_only(world: World) -> None:
    owner, june, mara = (world.browser(user) for user in ("owner", "manager-june", "manager-mara"))
    listed = owner.get("/clients/duplicates").text
    for said in ("claire-2", CLAIRE, "nadia-2", "The same email address and name", "The same name"):
        assert said in listed
    own = june.get("/clients/duplicates").text
    assert "nadia-2" in own
    assert "claire-arnaud" not in own
    assert "claire-2" not in own, "what it is like is a colleague's client"
    assert "No client looks like another" in mara.get("/clients/duplicates").text
    for page in ("/clients", "/digest"):
        assert "2 clients may be in the book twice" in owner.get(page).text
        assert "1 client may be in the book twice" in june.get(page).text
        assert "in the book twice" not in mara.get(page).text
    assert f'<a href="/clients/{CLAIRE}">' in owner.get("/clients/claire-2").text.partition("Compare</a>")[0]
    assert "May be the same" not in june.get("/clients/claire-2").text
    assert "May be the same" in june.get("/clients/nadia-2").text


def test_entries_are_merged_on_the_page(world: World) -> None:
    browser = world.browser()
    waiting = world.draft("brightwater").id
    ticked = {"client": [CLAIRE, "claire-2"], f"version.{CLAIRE}": "1", "version.claire-2": "1"}
    assert post(browser, "/clients/duplicates/merge", **ticked) == 400, "nobody is chosen"
    assert post(browser, "/clients/duplicates/merge", keep=CLAIRE, **{**ticked, "client": [CLAIRE]}) == 400
    assert post(browser, "/clients/duplicates/merge", keep=CLAIRE, **ticked) == 303
    kept = stored(world, CLAIRE)
    assert kept is not None
    assert (kept.client.contact.email, kept.client.contact.phone) == ("claire@arnaud.example", "+33 1 23 45 67 89")
    assert (kept.client.manager_id, kept.client.assets) == ("mara", clients()[0].assets)
    assert kept.client.desk_fields == ("contact.phone",)
    assert stored(world, "claire-2") is None
    history = browser.get(f"/clients/{CLAIRE}/history").text
    assert "With ARNAUD, Claire (claire-2)" in history
    assert f"The same client as Claire Arnaud ({CLAIRE})" in browser.get("/clients/claire-2/history").text
    assert "claire-2" not in browser.get("/clients/duplicates").text
    assert post(browser, "/clients/claire-2/restore") == 303
    assert stored(world, "claire-2") is not None
    assert "claire-2" in browser.get("/clients/duplicates").text
    nadia = {"client": ["brightwater", "nadia-2"], "version.brightwater": "1", "version.nadia-2": "1"}
    assert post(browser, "/clients/duplicates/merge", keep="nadia-2", **nadia) == 303
    assert world.line(waiting).state == "withdrawn", "drafts of the entry that is archived go with it"


def test_a_merge_that_changes_nothing_archives_the_other_only(world: World) -> None:
    saved = world.desk("merge_clients", "brightwater", {"brightwater": 1, "nadia-2": 1})
    assert isinstance(saved, Saved)
    assert (saved.fields, saved.entry.revision) == ((), 1)
    with reading(world.engine) as connection:
        page = changes_of(connection, EVERYTHING, "brightwater", number=1, size=9)
        logged = connection.execute(select(audit_log.c.action, audit_log.c.subject)).all()
    assert page.items == []
    assert {("client.merged", "brightwater"), ("client.merged", "nadia-2")} <= {tuple(row) for row in logged}


def test_no_merge_is_blind_or_reaches_beyond_the_viewers_clients(world: World) -> None:
    with pytest.raises(Conflict, match="changed in the meantime"):
        world.desk("merge_clients", "brightwater", {"brightwater": 1, "nadia-2": 7})
    for alone in ({CLAIRE: 1}, {CLAIRE: 1, "claire-2": 1}, {}):
        with pytest.raises(BadInput):
            world.desk("merge_clients", "brightwater", alone)
    for kept, other in (("claire-2", CLAIRE), (CLAIRE, "claire-2")):
        with pytest.raises(NotFound):
            world.desk("merge_clients", kept, {kept: 1, other: 1}, viewer=JUNE)
    with pytest.raises(NotFound):
        world.desk("tell_apart", ("claire-2", CLAIRE), viewer=JUNE)
    with pytest.raises(BadInput):
        world.desk("tell_apart", ("nadia-2", "nadia-2"))
    assert stored(world, "claire-2") is not None


def test_who_is_told_apart_is_not_listed_again(world: World) -> None:
    browser = world.browser()
    assert post(browser, "/clients/duplicates/different", client=["claire-2", CLAIRE]) == 303
    assert post(browser, "/clients/duplicates/different", client=["claire-2", CLAIRE]) == 303, "it stays so"
    listed = browser.get("/clients/duplicates").text
    assert "claire-2" not in listed
    assert "nadia-2" in listed
    add(world, "claire-3", "Somebody", email="claire@arnaud.example")
    assert "claire-3" in browser.get("/clients/duplicates").text


def test_programs_do_the_same(world: World) -> None:
    browser = world.browser()
    token = browser.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    headers = {"X-Form-Token": token}
    found = browser.get("/api/v1/clients/duplicates").json()
    assert (found["total"], [item["shared"] for item in found["items"]]) == (2, [["name"], ["email", "name"]])
    versions = {entry["client_id"]: entry["version"] for entry in found["items"][0]["clients"]}
    merged = browser.post("/api/v1/clients/brightwater/merge", json={"versions": versions}, headers=headers)
    assert (merged.status_code, merged.json()["client_id"]) == (200, "brightwater")
    different = {"client_ids": ["claire-2", CLAIRE]}
    told = browser.post("/api/v1/clients/duplicates/different", json=different, headers=headers)
    assert told.json() == different
    assert browser.get("/api/v1/clients/duplicates").json() == {"total": 0, "items": []}
    one = browser.post("/api/v1/clients/duplicates/different", json={"client_ids": ["a"]}, headers=headers)
    assert one.status_code == 422


def test_what_many_clients_share_says_nothing_and_the_keys_are_made_again(world: World) -> None:
    for number in range(MOST_SHARING):
        add(world, f"staff-{number}", f"Person {number}", email="claire@arnaud.example")
    with world.engine.begin() as connection:
        before = duplicates(connection, EVERYTHING)
        assert [group.shared for group in before] == [("name",), ("name",)]
        connection.execute(delete(duplicate_keys))
        assert duplicates(connection, EVERYTHING) == ()
        rebuild_duplicate_keys(connection)
        rebuild_duplicate_keys(connection)
        assert duplicates(connection, EVERYTHING) == before
        assert [group.ids for group in duplicates(connection, OwnClients("june"))] == [("brightwater", "nadia-2")]
    assert "May be the same" in world.browser().get("/clients/claire-2").text
