"""Clients are added, edited, archived and restored at the desk, and nobody's edit is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from firstword.book_events import diff_book
from schemas.clients import Book, Client, ClientChanged, ClientRemoved
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.client_book.history import changes_of
from services.notifier.client_book.port import InvalidEntry
from services.notifier.client_book.store import id_of_own
from services.notifier.desk.actions.client_edits import EditConflict
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import NotFound
from services.notifier.scope import EVERYTHING
from services.notifier.tables import audit_log
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import BOOK, OWNER, World

JUNE = Viewer("manager-june", "June", "manager", "june", "America/New_York")
MARA = Viewer("manager-mara", "Mara", "manager", "mara", "Europe/Stockholm")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


def stored(world: World, client_id: str) -> ClientChanged:
    with reading(world.engine) as connection:
        entry = queries.client(connection, EVERYTHING, client_id)
    assert entry is not None
    return entry


def entry_of(world: World, client_id: str, **changes: Any) -> dict[str, Any]:
    entry = dict(BOOK.entry(stored(world, client_id).client))
    contact = {**entry["contact"], **changes.pop("contact", {})}
    return {**entry, **changes, "contact": contact}


def test_an_edit_changes_what_it_says_and_nothing_else(world: World) -> None:
    before = stored(world, "claire-arnaud")
    edited = entry_of(world, "claire-arnaud", risk="moderate", contact={"max_per_week": 1})
    edited["assets"] = [*edited["assets"], {"name": "Tillgate POS", "kind": "product", "weight": "3%"}]
    world.desk("save_client", "claire-arnaud", before.revision, edited)
    after = stored(world, "claire-arnaud")
    assert after.revision == before.revision + 1
    assert after.client.assets[:-1] == before.client.assets
    assert after.client.assets[-1].entity_id == "tillgate", "the one that others watch"
    assert after.client.desk_fields == ("risk", "assets", "contact.max_per_week")
    assert (
        after.client.model_copy(
            update={
                "risk": "limited",
                "assets": before.client.assets,
                "contact": before.client.contact,
                "desk_fields": None,
            }
        )
        == before.client
    )
    with reading(world.engine) as connection:
        (entry,) = changes_of(connection, EVERYTHING, "claire-arnaud", number=1, size=5).items
        audited = connection.execute(select(audit_log).where(audit_log.c.action == "client.edited")).mappings().one()
    assert (entry.action, entry.who) == ("edited", "Owner")
    assert [(change.label, change.before, change.after) for change in entry.changes] == [
        ("Risk tolerance", "limited", "moderate"),
        ("Assets: Tillgate POS", "", "product, 3%"),
        ("Messages per week", "3", "1"),
    ]
    assert (audited["client_id"], audited["detail"]) == ("claire-arnaud", "Risk tolerance, Assets, Messages per week")


def test_saving_without_a_change_publishes_nothing(world: World) -> None:
    for client in clients():
        entry = entry_of(world, client.id)
        world.desk("save_client", client.id, stored(world, client.id).revision, entry)
    assert world.publisher.events == []


def test_two_edits_of_different_fields_are_both_kept(world: World) -> None:
    version = stored(world, "claire-arnaud").revision
    mine, theirs = (entry_of(world, "claire-arnaud") for _ in range(2))
    world.desk("save_client", "claire-arnaud", version, {**theirs, "risk": "high"}, viewer=MARA)
    world.desk("save_client", "claire-arnaud", version, {**mine, "salutation": "Dear Claire"})
    after = stored(world, "claire-arnaud").client
    assert (after.risk, after.salutation) == ("high", "Dear Claire")


def test_two_edits_of_one_field_are_a_conflict_that_shows_the_other(world: World) -> None:
    version = stored(world, "claire-arnaud").revision
    entry = entry_of(world, "claire-arnaud")
    world.desk("save_client", "claire-arnaud", version, {**entry, "risk": "high"}, viewer=MARA)
    world.desk("save_client", "claire-arnaud", version, {**entry, "risk": "high"})
    with pytest.raises(EditConflict, match="changed in the meantime: Risk tolerance") as conflict:
        world.desk("save_client", "claire-arnaud", version, {**entry, "risk": "moderate"})
    assert [(change.before, change.after) for change in conflict.value.changes] == [("limited", "high")]
    with pytest.raises(EditConflict):
        world.desk("save_client", "claire-arnaud", 77, entry)


def test_another_company_in_the_same_row_gets_an_id_of_its_own(world: World) -> None:
    entry = entry_of(world, "silent")
    entry["assets"][0]["name"] = "Corvane Pharma"
    world.desk("save_client", "silent", 1, entry)
    assert [watch.entity_id for watch in stored(world, "silent").client.assets] == ["corvane-pharma"]


def test_a_client_is_added_with_an_id_of_their_own(world: World) -> None:
    entry = {"name": "Odd Fellow", "manager": "mara", "assets": ["Halden Energy"]}
    saved = world.desk("add_client", {**entry, "id": "odd"})
    world.desk("add_client", entry)
    world.desk("add_client", entry)
    assert isinstance(saved.entry, ClientChanged)  # type: ignore[attr-defined]
    assert stored(world, "odd-fellow-2").client.assets[0].entity_id == "halden-energy"
    assert stored(world, "odd-fellow").client.risk is None, "nothing is assumed"
    with pytest.raises(InvalidEntry, match="'odd' is taken"):
        world.desk("add_client", {**entry, "id": "odd"})
    with pytest.raises(InvalidEntry, match="can't be an id"):
        world.desk("add_client", {**entry, "id": "a/b"})
    with pytest.raises(InvalidEntry, match=r"email: 'x' is not a valid email"):
        world.desk("add_client", {**entry, "contact": {"email": "x"}})


def test_account_managers_change_their_own_clients_and_assign_none_to_others(world: World) -> None:
    saved = world.desk("add_client", {"name": "New"}, viewer=JUNE)
    new = saved.entry.client  # type: ignore[attr-defined]
    assert (new.manager_id, new.id) == ("june", id_of_own("new", "june")), "the id tells nothing of others' clients"
    with pytest.raises(NotFound):
        world.desk("save_client", "claire-arnaud", 0, entry_of(world, "claire-arnaud"), viewer=JUNE)
    with pytest.raises(NotFound):
        world.desk("archive_client", "claire-arnaud", viewer=JUNE)
    with pytest.raises(InvalidEntry, match="Only the owner"):
        world.desk("save_client", new.id, 0, {"name": "New", "manager": "mara"}, viewer=JUNE)
    world.desk("save_client", new.id, 0, entry_of(world, new.id, manager="mara"))
    assert stored(world, new.id).manager == MANAGERS["mara"]


def test_an_archived_client_is_not_served_until_restored(world: World) -> None:
    before = stored(world, "claire-arnaud")
    world.desk("archive_client", "claire-arnaud", "Moved abroad")
    removed = world.publisher.events[-1].data
    assert isinstance(removed, ClientRemoved)
    assert removed.archived
    with pytest.raises(NotFound):
        world.desk("archive_client", "claire-arnaud")
    assert world.draft("claire-arnaud").state == "withdrawn"
    with pytest.raises(NotFound):
        world.desk("restore_client", "claire-arnaud", viewer=JUNE)
    restored = world.desk("restore_client", "claire-arnaud")
    assert stored(world, "claire-arnaud") == restored
    assert restored.client == before.client
    world.apply(world.publisher.events)
    assert stored(world, "claire-arnaud") == restored, "the topics say the same"
    with reading(world.engine) as connection:
        history = changes_of(connection, EVERYTHING, "claire-arnaud", number=1, size=5).items
    assert [(entry.action, entry.comment) for entry in history] == [("restored", None), ("archived", "Moved abroad")]


def test_a_desk_without_a_book_says_so(world: World) -> None:
    with world.engine.begin() as connection, pytest.raises(BadInput, match="can't be edited here"):
        _ = ActionContext(connection, world.publisher, OWNER, NOW).book


def test_the_books_file_leaves_what_was_changed_at_the_desk(world: World) -> None:
    world.desk("save_client", "claire-arnaud", 1, entry_of(world, "claire-arnaud", risk="high"))
    known = {"claire-arnaud": world.publisher.events[-1]}
    filed: Client = clients()[0].model_copy(update={"salutation": "Dear Claire"})
    book = Book(firm=FIRM, managers=tuple(MANAGERS.values()), clients=(filed,))
    change = diff_book(book, known, NOW)
    imported = change.events[0].data
    assert isinstance(imported, ClientChanged)
    assert (imported.client.risk, imported.client.salutation) == ("high", "Dear Claire")
    (kept,) = change.kept
    assert (kept.client_id, kept.difference.label) == ("claire-arnaud", "Risk tolerance")
    assert (kept.difference.before, kept.difference.after) == ("high", "limited")
    taken = diff_book(book, known, NOW, take_file=True).events[0].data
    assert isinstance(taken, ClientChanged)
    assert (taken.client.risk, taken.client.desk_fields) == ("limited", None)
    again = diff_book(book, {"claire-arnaud": change.events[0]}, NOW)
    assert again.unchanged == ("claire-arnaud",)
    assert len(again.kept) == 1, "the difference shows as long as there is one"


def test_the_books_file_leaves_archived_clients_archived(world: World) -> None:
    world.desk("archive_client", "claire-arnaud")
    known = {"claire-arnaud": world.publisher.events[-1]}
    book = Book(firm=FIRM, managers=tuple(MANAGERS.values()), clients=clients()[:1])
    assert diff_book(book, known, NOW).archived == ("claire-arnaud",)
    assert diff_book(book, known, NOW).events == ()
    assert diff_book(book, known, NOW, take_file=True).added == ("claire-arnaud",)


# --- pages ----------------------------------------------------------------------------------------------------------


def inputs_of(page: str) -> dict[str, str]:
    """Return the inputs of the client's form as a browser would post them."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.inputs: dict[str, str] = {}
            self.select = self.area = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = {name: value or "" for name, value in attrs}
            name = given.get("name", "")
            if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
                self.inputs.setdefault(name, given.get("value", ""))
            elif tag == "select":
                self.select = name
                self.inputs[name] = ""
            elif tag == "option" and self.select and "selected" in given:
                self.inputs[self.select] = given["value"]
            elif tag == "textarea":
                self.area = name
                self.inputs[name] = ""

        def handle_endtag(self, tag: str) -> None:
            self.select = "" if tag == "select" else self.select
            self.area = "" if tag == "textarea" else self.area

        def handle_data(self, data: str) -> None:
            if self.area:
                self.inputs[self.area] += data

    reader = Reader()
    reader.feed(page.split('class="client-form"')[1].split("</form>")[0])
    return reader.inputs


def test_the_form_is_saved_as_shown_and_shows_its_problems(world: World) -> None:
    browser: TestClient = world.browser()
    path = "/clients/claire-arnaud/edit"
    shown = inputs_of(browser.get(path).text)
    assert shown["contact.quiet"] == "19:00-08:00"
    same = browser.post(path, data=shown)
    assert same.headers["location"] == "/clients/claire-arnaud?note=client-same"
    wrong = browser.post(path, data={**shown, "risk": "moderate", "assets.0.isin": "XX", "assets.1.remove": "yes"})
    assert wrong.status_code == 422
    assert "Nothing is saved yet" in wrong.text
    assert "&#39;XX&#39; is not a valid ISIN" in wrong.text
    assert 'aria-invalid="true"' in wrong.text
    kept = inputs_of(wrong.text)
    assert (kept["risk"], kept["assets.1.name"]) == ("moderate", "Meridia Bank")
    saved = browser.post(path, data={**kept, "assets.0.isin": "", "assets.0.cik": "CIK 0000320193"})
    assert saved.headers["location"] == "/clients/claire-arnaud?note=client-saved"
    assets = stored(world, "claire-arnaud").client.assets
    assert [(watch.name, watch.cik) for watch in assets] == [("Halden Energy", "320193"), ("Meridia Bank", None)]
    assert inputs_of(browser.get(path).text)["assets.0.cik"] == "320193"
    page = browser.get("/clients/claire-arnaud/history").text
    assert "Assets: Corvane Pharma" in page
    assert "<ins>removed</ins>" in page


def test_a_conflict_keeps_what_was_typed(world: World) -> None:
    browser = world.browser()
    shown = inputs_of(browser.get("/clients/claire-arnaud/edit").text)
    world.desk("save_client", "claire-arnaud", 1, entry_of(world, "claire-arnaud", risk="high"), viewer=MARA)
    answer = browser.post("/clients/claire-arnaud/edit", data={**shown, "risk": "moderate"})
    assert answer.status_code == 409
    assert "<bdi>limited</bdi> became <b><bdi>high</bdi></b>" in answer.text
    again = inputs_of(answer.text)
    assert (again["risk"], again["version"]) == ("moderate", "2")
    assert browser.post("/clients/claire-arnaud/edit", data=again).status_code == 303
    assert stored(world, "claire-arnaud").client.risk == "moderate"


def test_rows_are_added_without_saving_and_clients_added_archived_and_restored(world: World) -> None:
    browser = world.browser()
    empty = inputs_of(browser.get("/clients/new").text)
    more = browser.post("/clients/new", data={**empty, "name": "Ada", "do": "more:assets"})
    assert "assets.6.name" in inputs_of(more.text)
    assert browser.post("/clients/new", data={**empty, "name": "Ada"}).status_code == 422, "no account manager"
    added = browser.post("/clients/new", data={**empty, "name": "Ada", "manager": "june"})
    assert added.headers["location"] == "/clients/ada?note=client-added"
    token = empty["form_token"]
    edited = inputs_of(browser.get("/clients/ada/edit").text)
    assert "interests.5.name" in inputs_of(
        browser.post("/clients/ada/edit", data={**edited, "do": "more:interests"}).text
    )
    browser.post("/clients/ada/archive", data={"form_token": token, "reason": "left"})
    assert browser.get("/clients/ada").status_code == 404
    assert "Restore" in browser.get("/clients/ada/history").text
    assert browser.post("/clients/ada/restore", data={"form_token": token}).status_code == 303
    assert browser.get("/clients/ada").status_code == 200
    assert browser.get("/clients/nobody/edit").status_code == 404
    assert browser.get("/clients/nobody/history").status_code == 404


# --- API ------------------------------------------------------------------------------------------------------------


def test_the_api_does_what_the_pages_do(world: World) -> None:
    browser = world.browser()
    browser.headers["X-Form-Token"] = inputs_of(browser.get("/clients/new").text)["form_token"]
    api = "/api/v1/clients"
    added = browser.post(api, json={"name": "Ada", "manager": "june", "interests": ["interest rates"]})
    assert (added.status_code, added.json()["client_id"]) == (201, "ada")
    read = browser.get(f"{api}/ada/entry").json()
    assert read["entry"]["manager"] == "june"
    assert [warning["field"] for warning in read["warnings"]] == ["interests[0]"]
    entry = {**read["entry"], "risk": "high", "contact": {"blackouts": [{"until": "2026-04-01", "reason": "leave"}]}}
    saved = browser.put(f"{api}/ada/entry", json={"version": 0, "entry": entry})
    assert saved.json() == {"client_id": "ada", "version": 1, "fields": ["risk", "contact.blackouts"]}
    wrong = browser.put(f"{api}/ada/entry", json={"version": 1, "entry": {**entry, "time_zone": "Mars/Phobos"}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "time_zone"
    conflict = browser.put(f"{api}/ada/entry", json={"version": 0, "entry": {**entry, "risk": "limited"}})
    assert conflict.status_code == 409
    assert browser.post(f"{api}/ada/archive", json={"reason": "left"}).status_code == 200
    assert [client["id"] for client in browser.get(f"{api}?archived=true").json()["items"]] == ["ada"]
    assert browser.post(f"{api}/ada/restore").json()["version"] == 3
    history = browser.get(f"{api}/ada/history").json()["items"]
    assert [change["action"] for change in history] == ["restored", "archived", "edited", "added"]
    assert history[2]["changes"][0] == {
        "field": "risk", "label": "Risk tolerance", "before": "not set", "after": "high",
    }  # fmt: skip


def test_clients_are_filtered_by_manager_and_by_what_is_not_known(world: World) -> None:
    browser = world.browser()

    def names(query: str) -> set[str]:
        page = browser.get(f"/clients?{query}").text
        return {client.id for client in clients() if f'href="/clients/{client.id}"' in page}

    assert names("manager=june") == {"brightwater", "silent"}
    assert names("asking=yes") == {"wolfe", "silent"}
    assert names("q=brightwater") == {"brightwater"}
    assert names("archived=yes") == set()


def test_an_interest_is_tried_before_it_is_saved(world: World) -> None:
    browser = world.browser()
    form = inputs_of(browser.get("/clients/claire-arnaud/edit").text)
    typed = {**form, "interests.0.name": "Tillgate POS", "interests.0.kind": "competitor", "do": "preview:0"}
    shown = browser.post("/clients/claire-arnaud/edit", data=typed)
    assert "Would have matched 1 story in the last 30 days" in shown.text
    assert "CERT Nordmark warns of a flaw" in shown.text
    assert inputs_of(shown.text)["interests.0.name"] == "Tillgate POS"
    subject = browser.post("/clients/new", data={**typed, "interests.0.kind": "topic"})
    assert "only major stories would count" in subject.text
    wrong = browser.post("/clients/new", data={**typed, "interests.0.topic": "nonsense"})
    assert wrong.status_code == 422
    assert "There is no topic &#39;nonsense&#39;" in wrong.text
    assert browser.post("/clients/new", data={**typed, "do": "preview:7"}).status_code == 200
    browser.headers["X-Form-Token"] = form["form_token"]
    asked = {"interest": {"name": "Tillgate POS", "kind": "competitor"}}
    answer = browser.post("/api/v1/clients/interests/preview", json=asked).json()
    assert (answer["total"], answer["unlimited"]) == (1, False)
    assert world.publisher.events == []
