"""The most frequent ways through the desk, each by mouse and by keyboard alone, and what happens in an outage."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from schemas.base import event
from schemas.clients import Client, ClientChanged, ContactPolicy
from services.common.db import reading
from services.common.queue.outcome import Outcome
from services.notifier import queries
from services.notifier.delivery.outages import end_outage, note_outcome
from services.notifier.desk import auth, labels
from services.notifier.scope import EVERYTHING
from services.notifier.tables import deliveries, draft_marks, interactions
from tests.browser.conftest import TIMEOUT_MS
from tests.desk_data import FIRM, MANAGERS
from tests.desk_world import World

pytestmark = pytest.mark.chromium

CLAIRE = "claire-arnaud"


class Hand(Protocol):
    """Somebody who uses the desk with one device."""

    def press(self, target: Locator) -> None:
        """Activate a link, a button, a box or a summary."""
        ...

    def write(self, target: Locator, text: str) -> None:
        """Replace the text of a field."""
        ...

    def choose(self, target: Locator, option: str) -> None:
        """Choose an option of a list."""
        ...


class Mouse:
    """Clicks; only text is typed."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.click(click_count=3)
        self._page.keyboard.press("Control+a")
        self._page.keyboard.type(text)

    def choose(self, target: Locator, option: str) -> None:
        target.select_option(label=option)


class Keys:
    """Never touches the mouse: goes on with Tab until the element has the focus."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, target: Locator) -> None:
        self._reach(target)
        box = target.evaluate("it => it.matches('input[type=checkbox], input[type=radio]')")
        self._page.keyboard.press("Space" if box else "Enter")

    def write(self, target: Locator, text: str) -> None:
        self._reach(target)
        self._page.keyboard.press("Control+a")
        self._page.keyboard.type(text)

    def choose(self, target: Locator, option: str) -> None:
        self._reach(target)
        self._page.keyboard.type(option)

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        for _ in range(300):
            if target.evaluate("it => it === document.activeElement"):
                return
            beside = target.evaluate("it => it.type === 'radio' && it.name === document.activeElement.name")
            self._page.keyboard.press("ArrowDown" if beside else "Tab")
        pytest.fail(f"The keyboard does not reach {target}.")


@pytest.fixture(params=[Mouse, Keys], ids=["mouse", "keyboard"])
def hand(request: pytest.FixtureRequest, page: Page) -> Hand:
    made: Hand = request.param(page)
    return made


def status(page: Page) -> Locator:
    return page.get_by_role("status").first


def test_a_draft_is_approved(page: Page, world: World, address: str, hand: Hand) -> None:
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.get_by_role("button", name=re.compile("^Approve")).first)
    expect(status(page)).to_contain_text("Approved")
    assert world.line(line.id).state == "approved"


def test_a_draft_is_edited(page: Page, world: World, address: str, hand: Hand) -> None:
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.get_by_role("link", name="Edit", exact=True))
    hand.write(page.get_by_role("textbox", name="Message"), "Dear Claire, let us talk.")
    hand.press(page.get_by_role("button", name="Save"))
    page.wait_for_url("**?note=saved")
    assert world.line(line.id).body == "Dear Claire, let us talk."


def test_a_draft_is_dismissed_with_a_reason_and_put_back(page: Page, world: World, address: str, hand: Hand) -> None:
    page.clock.set_fixed_time(world.clock.now())  # the offer to undo ends by the browser's clock
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.get_by_role("button", name="Dismiss…"))
    dialog = page.get_by_role("dialog", name="Dismiss this draft")
    reason, label = next(iter(labels.DISMISS_REASONS.items()))
    hand.press(dialog.get_by_label(label))
    hand.press(dialog.get_by_role("button", name="Dismiss"))
    expect(status(page)).to_contain_text("Dismissed")
    assert (world.line(line.id).state, world.line(line.id).outcome) == ("dismissed", reason)
    hand.press(page.get_by_role("button", name="Undo").first)
    expect(status(page)).to_contain_text("Undone")
    assert world.line(line.id).state == "open"


def test_all_drafts_of_a_story_are_dismissed_together(page: Page, world: World, hand: Hand) -> None:
    row = page.locator(".row.group").filter(has_text="takeover")
    box = row.get_by_role("checkbox").first
    count = int(box.get_attribute("data-pick") or "")
    hand.press(box)
    bar = page.get_by_role("group", name="Act on what is selected")
    expect(bar).to_contain_text(f"{count} selected")
    hand.press(bar.locator("summary", has_text="Dismiss"))
    hand.choose(bar.get_by_label("Why?"), labels.DISMISS_REASONS["too_late"])
    hand.press(bar.get_by_role("button", name="Dismiss"))
    expect(page.get_by_role("heading", name=f"{count} of {count} dismissed")).to_be_visible()
    assert world.line(world.draft(CLAIRE, "warn").id).outcome == "too_late"


def test_a_draft_is_put_aside(page: Page, world: World, address: str, hand: Hand) -> None:
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.locator("summary", has_text="Later, or a colleague"))
    hand.press(page.get_by_role("button", name="Snooze"))
    expect(status(page)).to_contain_text("Snoozed")
    with reading(world.engine) as connection:
        mark = connection.execute(select(draft_marks).where(draft_marks.c.draft_id == line.id)).mappings().one()
    assert mark["snoozed_until"] > world.clock.now()


def test_a_draft_is_given_to_a_colleague(page: Page, world: World, address: str, hand: Hand) -> None:
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.locator("summary", has_text="Later, or a colleague"))
    hand.choose(page.get_by_label("Colleague"), "June")
    hand.write(page.get_by_label("Note", exact=True), "You know her.")
    hand.press(page.get_by_role("button", name="Assign"))
    expect(status(page)).to_contain_text("Assigned")
    with reading(world.engine) as connection:
        mark = connection.execute(select(draft_marks).where(draft_marks.c.draft_id == line.id)).mappings().one()
    assert (mark["assigned_to"], mark["note"]) == ("manager-june", "You know her.")


def test_a_message_that_was_sent_by_hand_is_marked(page: Page, world: World, address: str, hand: Hand) -> None:
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.get_by_role("button", name="Mark as sent"))
    expect(status(page)).to_contain_text("sent by hand")
    assert world.types().count("draft.approved") == 1


def test_who_holds_a_name_is_found_and_their_page_opened(page: Page, hand: Hand) -> None:
    hand.write(page.get_by_role("searchbox", name="Search"), "who holds halden")
    page.keyboard.press("Enter")
    hand.press(page.get_by_role("link", name="Claire Arnaud").first)
    expect(page.get_by_role("heading", name="Claire Arnaud")).to_be_visible()


def test_a_conversation_is_recorded(page: Page, world: World, address: str, hand: Hand) -> None:
    page.goto(f"{address}/clients/{CLAIRE}")
    hand.press(page.locator("summary", has_text="Record a conversation"))
    hand.write(page.get_by_label("Summary"), "She is calm.")
    hand.press(page.locator("form[action$='/contacts']").get_by_role("button", name="Save"))
    expect(status(page)).to_be_visible()
    world.apply(world.publisher.events)
    with reading(world.engine) as connection:
        said = connection.execute(select(interactions.c.summary)).scalars().all()
    assert "She is calm." in said


def test_a_client_is_edited(page: Page, world: World, address: str, hand: Hand) -> None:
    page.goto(f"{address}/clients/{CLAIRE}")
    hand.press(page.get_by_role("link", name="Edit client"))
    hand.write(page.get_by_label("Organization"), "Arnaud & Cie")
    hand.press(page.locator(".save-bar").get_by_role("button", name="Save"))
    expect(status(page)).to_contain_text("Saved")
    with reading(world.engine) as connection:
        entry = queries.client(connection, EVERYTHING, CLAIRE)
    assert entry is not None
    assert entry.client.organisation == "Arnaud & Cie"


def test_a_table_of_clients_is_imported(page: Page, world: World, address: str, hand: Hand, tmp_path: Path) -> None:
    table = tmp_path / "new.csv"
    table.write_text("id,name,manager,trade\nida,Ida Holm,june,wealth\n,,june,wealth\n", encoding="utf-8")
    page.goto(f"{address}/clients/imports")
    with page.expect_file_chooser() as chooser:
        hand.press(page.locator("input[type=file]"))
    chooser.value.set_files(table)
    hand.press(page.get_by_role("button", name="Upload and check"))
    page.wait_for_url("**/clients/imports/imp_*")  # and has loaded: what is pressed before may get lost
    expect(page.get_by_role("heading", name="Rows with errors")).to_be_visible()
    hand.press(page.get_by_role("button", name="Import 1 client"))
    expect(page.get_by_role("heading", name="What the import did")).to_be_visible()
    with reading(world.engine) as connection:
        entry = queries.client(connection, EVERYTHING, "ida")
    assert entry is not None
    assert entry.manager.id == "june"


def test_what_a_client_asked_about_a_rumor_is_noted(page: Page, world: World, address: str, hand: Hand) -> None:
    page.goto(f"{address}/held")
    card = page.locator("article.held").filter(has_text="Claire Arnaud").first
    hand.press(card.locator("summary", has_text="They asked about it"))
    hand.write(card.get_by_label("What they asked"), "Is the chief leaving?")
    hand.press(card.get_by_role("button", name="Note it in their history"))
    expect(status(page)).to_contain_text("Noted in the client's history")
    world.apply(world.publisher.events)
    with reading(world.engine) as connection:
        noted = connection.execute(select(interactions.c.client_id, interactions.c.outcome)).all()
    assert (CLAIRE, "asked") in {tuple(row) for row in noted}


def test_a_draft_leaves_at_a_chosen_time(page: Page, world: World, address: str, hand: Hand) -> None:
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}")
    hand.press(page.locator("summary", has_text="Choose a time"))
    hand.press(page.get_by_role("button", name=re.compile("their time$")).first)
    expect(status(page)).to_contain_text("Approved")
    with reading(world.engine) as connection:
        sent = connection.execute(select(deliveries).where(deliveries.c.draft_id == line.id)).mappings().one()
    assert sent["plan"]["chosen"]
    assert sent["next_attempt_at"] > world.clock.now()


def test_two_entries_of_a_client_are_merged(page: Page, world: World, address: str, hand: Hand) -> None:
    twin = Client(
        id="claire-2", name="Claire ARNAUD", manager_id="june", trade="wealth",
        contact=ContactPolicy(phone="+33123456789"),
    )  # fmt: skip
    added = ClientChanged(client=twin, firm=FIRM, manager=MANAGERS["june"], revision=1)
    world.apply([event(added, key=twin.id, id="evt_twin", source="test", time=world.clock.now())])
    page.goto(f"{address}/clients")
    hand.press(page.get_by_role("link", name="1 client may be in the book twice"))
    hand.press(page.get_by_label(f"keep this one: Claire Arnaud ({CLAIRE})"))
    hand.press(page.get_by_role("button", name="Merge into the one to keep"))
    expect(status(page)).to_contain_text("Merged")
    with reading(world.engine) as connection:
        kept, gone = (queries.client(connection, EVERYTHING, of) for of in (CLAIRE, twin.id))
    assert kept is not None
    assert (kept.client.contact.phone, gone) == ("+33123456789", None)


def test_every_page_says_since_when_mail_is_down_and_how_many_wait(page: Page, world: World, address: str) -> None:
    line = world.draft(CLAIRE, "warn")
    world.desk("approve", line.id, line.version)
    down = Outcome("retry", "The mail server refuses connections", service_down=True)
    with world.engine.begin() as connection:
        note_outcome(connection, "email", down, world.clock.now())
    for path in ("/", "/sent", "/clients", f"/drafts/{line.id}"):
        page.goto(address + path)
        banner = page.get_by_role("alert").filter(has_text="has been down since")
        expect(banner).to_contain_text("The mail server refuses connections.")
        expect(banner.get_by_role("link", name="1 message waits")).to_be_visible()
    with world.engine.begin() as connection:
        end_outage(connection, "email", world.clock.now())
    page.goto(address)
    expect(page.get_by_text("has been down since")).to_have_count(0)


def sign_in(page: Page, world: World, address: str) -> None:
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", world.clock.now())
    page.goto(f"{address}/signin?token={token}")
    page.get_by_role("button", name="Sign in to Firstword").click()
    page.wait_for_url(f"{address}/")


def test_saving_in_an_ended_session_loses_no_text(chromium: Browser, world: World, address: str) -> None:
    page = chromium.new_context().new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sign_in(page, world, address)
    line = world.draft(CLAIRE, "warn")
    page.goto(f"{address}/drafts/{line.id}?edit")
    page.get_by_role("textbox", name="Message").fill("Written in an old session")
    with world.engine.begin() as connection:
        auth.end_sessions(connection, "owner")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended. Nothing was changed.")
    assert world.line(line.id).revision == line.revision
    sign_in(page, world, address)
    page.get_by_text("You have unsaved text for").get_by_role("link").click()
    page.wait_for_url("**?edit")
    page.get_by_text("You have unsaved text for").get_by_role("link").click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**?note=saved")
    assert world.line(line.id).body == "Written in an old session"
    page.context.close()
