"""Ways through the inbox, by mouse and by keyboard, alone and with a colleague."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from services.notifier.desk import auth
from tests.browser.conftest import TIMEOUT_MS
from tests.desk_world import World

pytestmark = pytest.mark.chromium


@pytest.fixture
def mara(chromium: Browser, world: World, address: str) -> Iterator[Page]:
    """Open a second browser, signed in as Mara."""
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "manager-mara", world.clock.now())
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
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


def test_rows_and_counts_change_without_a_reload_and_not_under_a_hand(page: Page, world: World) -> None:
    page.goto(f"{page.url}?group=flat")
    line, other = world.draft("claire-arnaud", "warn"), world.draft("yusuf", "warn")
    row = page.locator(f"a[href='/drafts/{line.id}']")
    expect(row).to_be_visible()
    count = int(page.locator(".top nav a[href='/'] .count").inner_text())
    page.evaluate("window.marker = 1")
    with page.expect_response(re.compile(r"/\?group=flat$")):
        world.desk("dismiss", line.id, line.version, "too_late")
    expect(row).to_have_count(0)
    expect(page.locator(".top nav a[href='/'] .count")).to_have_text(str(count - 1))
    assert page.evaluate("window.marker") == 1, "the page was not loaded again"
    page.get_by_role("checkbox").first.check()
    world.desk("dismiss", other.id, other.version, "too_late")
    expect(page.get_by_role("link", name="The inbox has changed.")).to_be_visible()
    expect(page.locator(f"a[href='/drafts/{other.id}']")).to_be_visible()


def test_the_palette_lists_commands_and_searches(page: Page) -> None:
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    expect(palette.get_by_role("option", name="Rumors")).to_be_visible()
    page.keyboard.type("by client")
    page.keyboard.press("Enter")
    page.wait_for_url("**?group=client")
    page.keyboard.press("Control+k")
    page.keyboard.type("halden")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=halden")


def test_a_day_by_keyboard_alone(page: Page, world: World) -> None:
    page.clock.set_fixed_time(world.clock.now())
    page.goto(f"{page.url}?group=flat&verdict=warn")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name=re.compile("Send [12] message"))).to_be_visible()
    page.wait_for_load_state()  # keys that are pressed before may get lost
    page.keyboard.press("u")
    page.wait_for_url("**/?group=flat&verdict=warn")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/drafts/**")
    draft_id = page.url.rsplit("/", 1)[1]
    page.keyboard.press("a")
    expect(page.get_by_role("status").first).to_contain_text("Approved")
    assert world.line(draft_id).state == "approved"
    assert draft_id not in page.url, "the next draft is open"
    page.wait_for_load_state()
    page.keyboard.press("z")
    expect(page.get_by_role("status").first).to_contain_text("Undone")
    assert world.line(draft_id).state == "open"


def test_single_keys_can_be_switched_off(page: Page, address: str) -> None:
    page.goto(f"{address}/me")
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.locator("form[action='/me/ways'] button").click()
    page.goto(address)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Commands")).to_be_visible()
