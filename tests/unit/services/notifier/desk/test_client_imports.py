"""Imports from each program: dry run, row errors, mapping, apply, undo, and the export back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from firstword.book import load_book
from schemas.clients import Client
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.client_book.store import id_of_own
from services.notifier.client_import.plan import ImportOptions, Plan
from services.notifier.client_import.store import StoredImport
from services.notifier.desk.actions import client_imports
from services.notifier.desk.actions.client_edits import archive_client, save_client
from services.notifier.desk.actions.client_exports import clients_book, clients_csv
from services.notifier.desk.actions.client_imports import (
    Acting,
    apply_import,
    check_import,
    list_imports,
    problems_csv,
    show_import,
    stage_import,
    start_import,
    start_undo,
    undo_import,
)
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.scope import EVERYTHING
from tests.crm_exports import CONTACT_EXPORTS, HOLDINGS, as_csv, as_xlsx, contact_export
from tests.desk_data import NOW
from tests.desk_world import BOOK, OWNER, World
from tests.growth import assert_linear

JUNE = Viewer("manager-june", "June", "manager", "june", "America/New_York")


class Importing:
    """Imports on a desk's database."""

    def __init__(self, world: World, viewer: Viewer = OWNER) -> None:
        self.world, self.viewer = world, viewer

    @contextmanager
    def acting(self) -> Iterator[ActionContext]:
        with self.world.engine.begin() as connection:
            yield ActionContext(connection, self.world.publisher, self.viewer, self.world.clock.now(), client_book=BOOK)

    def stage(self, content: bytes | str, name: str = "contacts.csv") -> StoredImport:
        return stage_import(self.acting, name, content.encode() if isinstance(content, str) else content)

    def check(self, state: StoredImport, mapping: tuple[str, ...], **options: object) -> StoredImport:
        return check_import(self.acting, state.id, mapping, ImportOptions(**options))  # type: ignore[arg-type]

    def apply(self, state: StoredImport) -> StoredImport:
        return apply_import(self.acting, state.id)

    def undo(self, state: StoredImport) -> StoredImport:
        return undo_import(self.acting, state.id)

    def client(self, client_id: str) -> Client | None:
        with reading(self.world.engine) as connection:
            entry = queries.client(connection, EVERYTHING, client_id)
        return None if entry is None else entry.client

    def of_june(self, name: str) -> Client:
        wanted = queries.ClientFilter(name, "june")
        with reading(self.world.engine) as connection:
            page = queries.client_lines(connection, EVERYTHING, wanted, number=1, size=9)
        (found,) = [entry.client for entry in page.items if entry.client.name == name]
        return found


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Importing]:
    world = World.make(tmp_path)
    found = Importing(world)
    with found.acting() as context:
        archive_client(context, "silent")
    yield found
    world.engine.dispose()


@pytest.mark.parametrize("program", CONTACT_EXPORTS)
def test_each_programs_export_is_imported_and_every_fault_has_a_place_and_a_fix(
    importing: Importing, program: str
) -> None:
    columns, rows, expected = contact_export(program)
    state = importing.stage(as_xlsx(columns, rows) if program == "hubspot" else as_csv(columns, rows, ";"))
    assert state.format == program
    assert [(problem.row, problem.column) for problem in state.problems] == [place[:2] for place in expected]
    for problem, (_, _, message) in zip(state.problems, expected, strict=True):
        assert message in problem.message
        assert problem.fix
    assert state.counts == {"added": 2, "changed": 1, "same": 0, "failed": len(expected)}
    before = importing.client("claire-arnaud")
    applied = importing.apply(state)
    assert (applied.status, applied.done, applied.content) == ("applied", 3, None)
    ada, claire = importing.client("p-1"), importing.client("claire-arnaud")
    assert ada is not None
    assert (ada.name, ada.manager_id, ada.risk, ada.time_zone) == ("Ada Lovell", "mara", "limited", "Europe/London")
    assert ada.organisation == "Lovell & Søn; Partner"
    assert before is not None
    assert claire is not None
    assert claire.contact.max_per_week == 2
    assert claire.assets == before.assets
    assert claire.risk == before.risk, "an empty cell changes nothing"
    undone = importing.undo(applied)
    assert (undone.counts["undone"], undone.counts["kept"]) == (3, 0)
    assert importing.client("p-1") is None
    assert importing.client("claire-arnaud") == before


def test_holdings_become_assets_with_weights_of_the_clients_total(importing: Importing) -> None:
    state = importing.stage(as_csv(HOLDINGS[0], HOLDINGS[1:], ";"), "holdings.csv")
    assert state.format == "custodian"
    assert [(problem.row, problem.column) for problem in state.problems] == [
        (5, "ISIN"), (6, "Account Number"), (7, "Market Value"), (8, "Weight"), (9, "Weight"), (10, "Security Name"),
        (11, "Security Name"), (12, "ISIN"), (13, "Security Name"), (14, "Security Name"), (15, "Weight"),
    ]  # fmt: skip
    assert state.counts["changed"] == 2
    importing.apply(state)
    claire = importing.client("claire-arnaud")
    assert claire is not None
    assert [(watch.name, watch.weight, watch.entity_id) for watch in claire.assets] == [
        ("Halden Energy", 0.75, "halden-energy"), ("Corvane Pharma", 0.06, "corvane-pharma"),
        ("Meridia Bank", 0.09, "meridia-bank"), ("Apple Inc.", 0.25, "isin:US0378331005"),
    ]  # fmt: skip
    assert claire.assets[0].note == "Bought for its dividend in 2019"


def test_a_complete_list_of_holdings_removes_the_others(importing: Importing) -> None:
    state = importing.stage(as_csv(HOLDINGS[0], HOLDINGS[1:2], ";"))
    state = importing.check(state, state.mapping, complete=True)
    importing.apply(state)
    claire = importing.client("claire-arnaud")
    assert claire is not None
    assert [watch.name for watch in claire.assets] == ["Halden Energy"]


def test_an_import_twice_changes_nothing_the_second_time(importing: Importing) -> None:
    content = as_csv(
        ("id", "name", "manager", "goals", "note", "note date"), [("n", "New", "mara", "income", "Hi", "31/01/2026")]
    )
    importing.apply(importing.stage(content))
    importing.world.at(importing.world.clock.now().replace(minute=59))
    again = importing.stage(content)
    assert again.counts == {"added": 0, "changed": 0, "same": 1, "failed": 0}
    new = importing.client("n")
    assert new is not None
    assert str(new.history[0].at) == "2026-01-31"
    assert {"name", "manager_id", "desires", "history"} <= set(new.desk_fields or ())


def test_the_mapping_can_be_changed_and_is_checked(importing: Importing) -> None:
    state = importing.stage("Wer,Firma\nAda,Lovell\nAda,Byron\n")
    assert state.mapping == ("", "")
    assert state.counts["failed"] == 2
    state = importing.check(state, ("name", "organisation"), manager="june")
    assert state.counts["added"] == 2
    for mapping in (("name", "name"), ("nonsense", "")):
        with pytest.raises(BadInput):
            importing.check(state, mapping)
    applied = importing.apply(state)
    assert importing.client("ada") is not None
    assert importing.client("ada-2") is not None, "two people of one name are two clients"
    with pytest.raises(Conflict):
        importing.check(applied, ("name", ""))
    with pytest.raises(Conflict):
        importing.apply(applied)


def test_undoing_leaves_what_was_changed_since(importing: Importing) -> None:
    state = importing.apply(importing.stage("id,name,manager\na,Ada,mara\nb,Bea,mara\n"))
    with importing.acting() as context:
        ada = context.client("a")
        save_client(context, "a", ada.revision, {**BOOK.entry(ada.client), "risk": "high"})
    undone = importing.undo(state)
    assert (undone.counts["undone"], undone.counts["kept"]) == (1, 1)
    assert importing.client("a") is not None
    assert importing.client("b") is None
    with pytest.raises(Conflict):
        importing.undo(undone)


def test_account_managers_import_their_own_clients_and_see_their_own_imports(importing: Importing) -> None:
    june = Importing(importing.world, JUNE)
    state = june.stage("id,name,email,manager\nn,New,,\nm,Other,,mara\n")
    assert [(problem.row, problem.message) for problem in state.problems] == [
        (3, "Only the owner assigns clients to others.")
    ]
    june.apply(state)
    assert importing.of_june("New").id == id_of_own("n", "june")
    importing.world.at(NOW.replace(minute=59))
    again = june.stage("id,name\nn,New\n")
    assert again.counts["same"] == 1, "they are found by the file's id"
    mine = importing.stage("id,name\nz,Zoë\n")
    with june.acting() as context:
        assert [listed.id for listed in list_imports(context)] == [again.id, state.id]
        with pytest.raises(NotFound):
            show_import(context, mine.id)
    with importing.acting() as context:
        assert {listed.id for listed in list_imports(context)} == {state.id, again.id, mine.id}


@pytest.mark.parametrize("archived", [False, True])
def test_an_import_does_not_tell_of_another_account_managers_clients(importing: Importing, archived: bool) -> None:
    if archived:
        with importing.acting() as context:
            archive_client(context, "claire-arnaud")
    june = Importing(importing.world, JUNE)
    table = "id,name,email\nclaire-arnaud,X,\n,Claire Arnaud,\nk,Y,claire@arnaud.example\n"
    state = june.stage(table)
    assert (state.problems, state.counts["added"], state.counts["failed"]) == ((), 3, 0)
    june.apply(state)
    wanted = (("X", "claire-arnaud"), ("Claire Arnaud", "claire-arnaud"), ("Y", "k"))
    first, second, third = (importing.of_june(name).id for name, _ in wanted)
    assert (first, third) == (id_of_own("claire-arnaud", "june"), id_of_own("k", "june"))
    assert second == f"{first}-2", "because of the first, who is theirs"


def test_an_import_that_is_applied_twice_at_once_adds_no_twins(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = importing.stage("name,manager\nAda,mara\nBea,mara\n")
    planned = client_imports._plan

    def overtaken(acting: Acting, import_id: str) -> Plan:
        plan = planned(acting, import_id)
        monkeypatch.setattr(client_imports, "_plan", planned)
        assert importing.apply(state).done == 2
        return plan

    monkeypatch.setattr(client_imports, "_plan", overtaken)
    with pytest.raises(Conflict, match="being applied already"):
        importing.apply(state)
    assert importing.client("ada") is not None
    assert importing.client("ada-2") is None


def test_an_interrupted_import_continues(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notifier.desk.actions.client_imports.CHUNK", 1)
    state = importing.stage("id,name,manager\na,Ada,mara\nb,Bea,mara\nc,Cleo,mara\n")
    entered = 0

    @contextmanager
    def failing() -> Iterator[ActionContext]:
        nonlocal entered
        entered += 1
        if entered == 6:
            raise OSError("the process ends here")
        with importing.acting() as context:
            yield context

    with pytest.raises(OSError, match="ends here"):
        apply_import(failing, state.id)
    with importing.acting() as context:
        assert (show_import(context, state.id).status, show_import(context, state.id).done) == ("applying", 2)
    assert importing.apply(state).done == 3
    assert importing.client("c") is not None


def test_the_page_says_that_an_import_runs_before_its_first_client_is_written(importing: Importing) -> None:
    """The work begins after the answer, so the page that follows may be shown before it."""
    state = importing.stage("id,name,manager\na,Ada,mara\n")
    browser = importing.world.browser()
    with importing.acting() as context:
        start_import(context, state.id)
    assert "Importing: 0 of 1 clients" in browser.get(f"/clients/imports/{state.id}").text
    assert importing.apply(state).status == "applied"
    with importing.acting() as context:
        start_undo(context, state.id)
    assert "Undoing: 0 of 1 clients" in browser.get(f"/clients/imports/{state.id}").text
    assert importing.undo(state).status == "undone"


def test_exports_are_read_back_and_safe_for_spreadsheets(importing: Importing) -> None:
    importing.apply(importing.stage("id,name,manager\na,'=1+1,mara\n"))
    with importing.acting() as context:
        table, book = clients_csv(context), clients_book(context)
    assert "a,'=1+1," in table
    parsed, problems = load_book(book, "book.yaml")
    assert parsed is not None, problems
    assert {client.id for client in parsed.clients} == {"a", "claire-arnaud", "yusuf", "wolfe", "brightwater"}
    importing.world.at(importing.world.clock.now().replace(minute=58))
    rows = [line for line in table.splitlines() if not line.startswith("a,")]
    assert importing.stage("\n".join(rows)).counts == {"added": 0, "changed": 0, "same": 4, "failed": 0}


def test_problems_are_downloaded_as_a_safe_table(importing: Importing) -> None:
    state = importing.stage("id,name,email\n'=1/1,Ada,x\n")
    assert problems_csv(state).splitlines()[1].startswith("2,id,'=1/1' can't be an id.")


def test_four_times_the_rows_take_no_more_than_that_to_check(importing: Importing) -> None:
    def stage(size: int) -> None:
        rows = [
            (f"c-{at}", f"Client {at}", f"c{at}@firm.example", "mara", "Halden Energy; Apple") for at in range(size)
        ]
        content = as_csv(("id", "name", "email", "manager", "assets"), rows)
        importing.world.at(importing.world.clock.now() + timedelta(minutes=1))
        assert importing.stage(content).counts["added"] == size

    assert_linear(stage, 400)


# --- pages and API --------------------------------------------------------------------------------------------------


def test_a_file_goes_through_the_pages(importing: Importing) -> None:
    browser = importing.world.browser()
    page = browser.get("/clients/imports").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    upload = {"file": ("contacts.csv", b"id,name,owner\na,Ada,mara\nb,,mara\n", "text/csv")}
    to = browser.post("/clients/imports", data={"form_token": token}, files=upload).headers["location"]
    shown = browser.get(to).text
    assert "This row names no client." in shown
    assert "Import 1 client<" in shown
    assert "This row names no client." in browser.get(f"{to}/problems.csv").text
    checked = {"form_token": token, "column.0": "id", "column.1": "name", "column.2": "", "manager": "june"}
    assert browser.post(f"{to}/mapping", data=checked).status_code == 303
    assert browser.post(f"{to}/apply", data={"form_token": token}).status_code == 303
    assert "Undo this import" in browser.get(to).text
    assert "Imported from a file" in browser.get("/clients/a/history").text
    assert "1 new" in browser.get("/clients/imports").text
    assert browser.post(f"{to}/undo", data={"form_token": token}).status_code == 303
    assert browser.get("/clients/a").status_code == 404
    again = browser.post(f"{to}/apply", data={"form_token": token})
    assert (again.status_code, "This import was applied already." in again.text) == (409, True)
    nothing = browser.post("/clients/imports", data={"form_token": token})
    assert nothing.status_code == 400
    assert browser.get("/clients/export.csv").text.startswith("\ufeffid,name")
    assert browser.get("/clients/export.yaml").text.startswith("version: 1")


def test_a_file_goes_through_the_api(importing: Importing) -> None:
    browser = importing.world.browser()
    page = browser.get("/clients/imports").text
    browser.headers["X-Form-Token"] = page.split('name="form_token" value="')[1].split('"')[0]
    api = "/api/v1/clients/imports"
    content = base64.b64encode(b"id,name\na,Ada\n").decode()
    staged = browser.post(api, json={"file_name": "c.csv", "content": content}).json()
    assert staged["problems"][0]["row"] == 2, "no account manager"
    path = f"{api}/{staged['id']}"
    mapping = {"mapping": ["id", "name"], "manager": "mara"}
    assert browser.put(f"{path}/mapping", json=mapping).json()["counts"]["added"] == 1
    assert browser.post(f"{path}/apply").json()["status"] == "applied"
    assert browser.post(f"{path}/undo").json()["counts"]["undone"] == 1
    assert browser.get(path).json()["status"] == "undone"
    assert [listed["id"] for listed in browser.get(api).json()["items"]] == [staged["id"]]


def test_a_column_of_numbers_at_the_sec_goes_to_the_holding(importing: Importing) -> None:
    rows = "Account Number,Security Name,ISIN,CIK,Market Value\nclaire-arnaud,Halden Energy,,CIK 0000000042,100\n"
    state = importing.stage(f"{rows}claire-arnaud,Meridia Bank,,none,100\n", "holdings.csv")
    assert state.mapping[3] == "asset_cik"
    assert [(problem.row, problem.column) for problem in state.problems] == [(3, "CIK")]
    fixed = importing.stage(rows, "fixed.csv")
    importing.apply(fixed)
    claire = importing.client("claire-arnaud")
    assert claire is not None
    assert [(watch.entity_id, watch.cik) for watch in claire.assets if watch.cik] == [("halden-energy", "42")]
