"""Differences between the client book's file and the desk, and account managers who have no clients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from firstword.book_events import diff_book
from schemas.base import event
from schemas.clients import Book, Client, ClientChanged, Manager
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.client_book.file_values import filed_client, record_file_values
from services.notifier.client_book.managers import known_managers, record_managers
from services.notifier.desk.actions.users import colleagues
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict
from services.notifier.scope import EVERYTHING
from services.notifier.tables import draft_marks, users
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import BOOK, World

CLAIRE = "claire-arnaud"
NEW = Manager(id="noor", name="Noor Haddad", email="noor@harbour-vane.example", time_zone="Europe/Paris")
MARA = Viewer("manager-mara", "Mara", "manager", "mara", "Europe/Stockholm")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def stored(world: World) -> ClientChanged:
    with reading(world.engine) as connection:
        entry = queries.client(connection, EVERYTHING, CLAIRE)
    assert entry is not None
    return entry


def edit(world: World, **changes: Any) -> None:
    entry = stored(world)
    world.desk("save_client", CLAIRE, entry.revision, {**BOOK.entry(entry.client), **changes})


def import_file(world: World, *listed: Client, managers: Sequence[Manager] = tuple(MANAGERS.values())) -> None:
    """Import a book as the store does."""
    book = Book(firm=FIRM, managers=tuple(managers), clients=listed)
    current = stored(world)
    known = {CLAIRE: event(current, key=CLAIRE, id="evt_now", source="test", time=world.clock.now())}
    change = diff_book(book, known, world.clock.now())
    with world.engine.begin() as connection:
        record_managers(connection, book.managers, world.clock.now(), sample=False)
        record_file_values(connection, [client.id for client in listed], change.differing, world.clock.now())
    world.apply(change.events)


def test_the_page_shows_both_values_and_takes_the_files(world: World) -> None:
    claire = clients()[0]
    edit(world, risk="high", salutation="Chère Claire")
    import_file(world, claire.model_copy(update={"risk": "limited", "salutation": "Dear Claire"}))
    browser = world.browser()
    page = browser.get(f"/clients/{CLAIRE}").text
    for said in ("Differs from the client book", "At the desk: <bdi>high", "In the file: <bdi>limited", "Dear Claire"):
        assert said in page
    token = page.split('name="form_token" value="')[1].partition('"')[0]
    sent = {"form_token": token, "field": "risk", "version": stored(world).revision}
    assert browser.post(f"/clients/{CLAIRE}/file-value", data=sent).status_code == 303
    now = stored(world).client
    assert (now.risk, now.salutation, now.desk_fields) == ("limited", "Chère Claire", ("salutation",))
    page = browser.get(f"/clients/{CLAIRE}").text
    assert "In the file: <bdi>limited" not in page
    assert "In the file: <bdi>Dear Claire" in page
    assert browser.post(f"/clients/{CLAIRE}/file-value", data=sent).status_code == 409, "it was taken already"

    import_file(world, claire.model_copy(update={"risk": "moderate", "salutation": "Chère Claire"}))
    assert stored(world).client.risk == "moderate", "the field belongs to the file again"
    with reading(world.engine) as connection:
        assert filed_client(connection, CLAIRE) is None
    assert "Differs from" not in browser.get(f"/clients/{CLAIRE}").text


def test_a_value_is_not_taken_blindly(world: World) -> None:
    edit(world, risk="high")
    import_file(world, clients()[0].model_copy(update={"risk": "limited"}))
    seen = stored(world).revision
    edit(world, risk="moderate")
    with pytest.raises(Conflict, match="meantime"):
        world.desk("take_file_value", CLAIRE, seen, "risk")
    assert stored(world).client.risk == "moderate"
    assert world.browser("manager-june").get(f"/clients/{CLAIRE}").status_code == 404


def test_notes_that_were_taken_at_the_desk_stay_when_the_files_are_taken(world: World) -> None:
    entry = BOOK.entry(stored(world).client)
    edit(world, history=[*entry.get("history", ()), "Bought a boat."])
    filed = clients()[0].model_copy(update={"history": ()})
    import_file(world, filed)
    edit(world, history=[*BOOK.entry(stored(world).client)["history"], "Sold the boat."])
    current = stored(world)
    assert {note.text for note in current.client.history} >= {"Bought a boat.", "Sold the boat."}
    with reading(world.engine) as connection:
        found = filed_client(connection, CLAIRE)
    if found is not None:
        world.desk("take_file_value", CLAIRE, current.revision, "history")
    assert {note.text for note in stored(world).client.history} >= {"Bought a boat.", "Sold the boat."}


def test_an_account_manager_without_clients_is_known_once_the_book_names_them(world: World) -> None:
    with reading(world.engine) as connection:
        assert "noor" not in known_managers(connection)
    import_file(world, clients()[0], managers=(*MANAGERS.values(), NEW))
    with reading(world.engine) as connection:
        assert known_managers(connection)["noor"] == NEW
        assert colleagues(connection)["manager-noor"] == "Noor Haddad"
    assert 'value="noor"' in world.browser().get("/clients/new").text
    added = world.desk("add_client", {"name": "Ida Holm", "manager": "noor", "trade": "wealth"})
    assert added.entry.manager == NEW  # type: ignore[attr-defined]


def test_a_draft_is_given_to_a_manager_who_has_never_signed_in_and_not_to_one_who_may_not(world: World) -> None:
    import_file(world, clients()[0], managers=(*MANAGERS.values(), NEW))
    line = world.draft(CLAIRE, "warn")
    browser = world.browser("manager-mara")
    page = browser.get(f"/drafts/{line.id}").text
    assert 'value="manager-noor"' in page
    world.desk("assign", line.id, "manager-noor", "You know her.", viewer=MARA)
    with world.engine.begin() as connection:
        (mark,) = connection.execute(select(draft_marks)).mappings()
        noor = connection.execute(select(users).where(users.c.id == "manager-noor")).mappings().one()
        assert (mark["assigned_to"], noor["role"], noor["manager_id"]) == ("manager-noor", "manager", "noor")
        connection.execute(users.update().where(users.c.id == "manager-noor").values(disabled_at=NOW))
        assert "manager-noor" not in colleagues(connection)
    with pytest.raises(BadInput, match="Choose a colleague"):
        world.desk("assign", line.id, "manager-noor", "", viewer=MARA)
