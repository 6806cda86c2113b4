"""Ways through the inbox, by mouse and by keyboard, alone and with a colleague."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from services.notifier.desk import auth
from tests.desk_world import World

pytestmark = pytest.mark.chromium


@pytest.fixture
def mara(chromium: Browser, world: World, address: str) -> Iterator[Page]:
    """Open a second browser, signed in as Mara."""
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "manager-mara", world.clock.now())
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(f"{address}/signin?token={token}")
    opened.get_by_role("button", name="Sign in to Firstword").click()
    opened.wait_for_url(f"{address}/")
    yield opened
    context.close()


def test_some_clients_of_a_story_are_dismissed_together(page: Page, world: World) -> None:
    bar = page.get_by_role("group", name="Act on what is selected")
    expect(bar).to_be_hidden()
    row = page.locator(".row.group").filter(has_text="takeover")
    row.get_by_role("checkbox").first.check()
    count = int(row.get_by_role("checkbox").first.get_attribute("data-pick") or "")
    expect(bar).to_contain_text(f"{count} selected")
    row.locator("summary").click()
    row.get_by_role("checkbox", name=re.compile("Claire Arnaud")).uncheck()
    expect(bar).to_contain_text(f"{count - 1} selected")
    bar.locator("summary", has_text="Dismiss").click()
    bar.get_by_label("Why?").select_option("too_late")
    bar.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("heading", name=f"{count - 1} of {count - 1} dismissed")).to_be_visible()
    assert world.draft("claire-arnaud", "warn").state == "open"
    assert world.draft("yusuf", "warn").state == "dismissed"


def test_sending_several_is_confirmed(page: Page, world: World) -> None:
    page.goto(f"{page.url}?verdict=warn&group=flat")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Approve…").click()
    expect(page.get_by_role("heading", name=re.compile("Send [0-9]+ messages"))).to_be_visible()
    assert world.draft("claire-arnaud", "warn").state == "open"
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_role("heading", name=re.compile("approved"))).to_be_visible()
    assert world.draft("claire-arnaud", "warn").state == "approved"


def test_search_is_one_key_away(page: Page, world: World) -> None:
    page.keyboard.press("/")
    page.keyboard.type("who holds halden")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who holds or follows it")).to_be_visible()
    expect(page.get_by_role("link", name="Claire Arnaud").first).to_be_visible()


def test_two_editors_lose_nothing(page: Page, mara: Page, world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    address = page.url
    mara.goto(f"{address}drafts/{line.id}?edit")
    with page.expect_response(re.compile("/editing")):
        page.goto(f"{address}drafts/{line.id}?edit")
    expect(page.get_by_text("Mara is editing this draft.")).to_be_visible()
    page.get_by_role("textbox", name="Message").fill("The owner's text")
    mara.get_by_role("textbox", name="Message").fill("Mara's text")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**?note=saved")
    mara.get_by_role("button", name="Save").click()
    expect(mara.get_by_role("heading", name="Somebody else has changed this draft")).to_be_visible()
    expect(mara.get_by_role("textbox", name="Message")).to_have_value("Mara's text")
    expect(mara.get_by_text("The owner's text")).to_be_visible()
    mara.get_by_role("textbox", name="Message").fill("Both texts")
    mara.get_by_role("button", name="Save mine").click()
    mara.wait_for_url("**?note=saved")
    assert world.line(line.id).body == "Both texts"


def test_text_survives_an_ended_session_and_a_closed_tab(page: Page, world: World, address: str) -> None:
    line = world.draft("claire-arnaud", "warn")
    page.goto(f"{address}/drafts/{line.id}?edit")
    page.get_by_role("textbox", name="Message").fill("An hour of work")
    with world.engine.begin() as connection:
        auth.end_sessions(connection, "owner")
        token = auth.create_signin_link(connection, "owner", world.clock.now())
    page.goto(f"{address}/signin?token={token}")
    page.get_by_role("button", name="Sign in to Firstword").click()
    kept = page.get_by_text("You have unsaved text for")
    expect(kept).to_be_visible()
    kept.get_by_role("link").click()
    page.wait_for_url("**?edit")
    page.get_by_text("You have unsaved text for").get_by_role("link").click()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("An hour of work")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**?note=saved")
    assert world.line(line.id).body == "An hour of work"
    page.goto(address)
    expect(page.get_by_text("You have unsaved text for")).to_be_hidden()
