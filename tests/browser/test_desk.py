from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from schemas.base import event
from schemas.clients import ClientChanged
from scripts import screenshots
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World

pytestmark = pytest.mark.chromium


def test_the_keyboard_is_enough_to_send_a_draft(page: Page, world: World) -> None:
    page.get_by_role("link", name="One by one").click()
    page.wait_for_url("**group=flat")  # and has loaded: keys that are pressed before may get lost
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused == page.locator(".row-link").first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/**")
    draft_id = page.url.rsplit("/", 1)[1]
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Approved")
    assert world.line(draft_id).state == "approved"


def test_an_edit_marks_a_number_without_a_source(page: Page, world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    page.goto(f"{page.url}drafts/{line.id}")
    page.keyboard.press("e")
    message = page.get_by_role("textbox", name="Message")
    expect(message).to_be_focused()
    message.fill(line.body.replace("6%", "45%"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("mark.nowhere")).to_have_text("45%")
    expect(page.get_by_text("Firstword doesn't send this message while a finding blocks it.")).to_be_visible()


def test_a_number_highlights_its_evidence(page: Page, world: World) -> None:
    page.goto(f"{page.url}drafts/{world.draft('claire-arnaud').id}")
    page.locator(".body mark.evidence").first.hover()
    expect(page.locator("article.evidence.highlighted")).to_have_count(1)


def test_dismissing_asks_for_a_reason(page: Page, world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    page.goto(f"{page.url}drafts/{line.id}")
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog", name="Dismiss this draft")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Dismiss").click()
    assert world.line(line.id).state == "open", "the browser requires a reason"
    dialog.get_by_label("The client knows already").check()
    dialog.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("status")).to_contain_text("Dismissed")
    assert world.line(line.id).outcome == "already_told"


def test_a_suggested_mood_is_decided_on_the_draft_and_what_is_not_known_is_recorded(page: Page, world: World) -> None:
    unknown = clients()[0].model_copy(update={"risk": None, "desires": ()})
    changed = ClientChanged(client=unknown, firm=FIRM, manager=MANAGERS["mara"], revision=5)
    world.apply([event(changed, key=unknown.id, id="evt_unknown", source="test", time=NOW)])
    said = "She isn't happy with the last report."
    world.desk("log_contact", unknown.id, at=NOW, channel="phone", minutes=5, summary=said)
    world.apply(world.publisher.events)
    address = page.url
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{address}clients/{unknown.id}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert page.evaluate(CONTRAST) == []
    page.get_by_label("Goal").fill("income")
    page.get_by_label("Risk tolerance").select_option("limited")
    page.locator("form[action$='/traits']").get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    world.apply(world.publisher.events[-1:])
    page.goto(f"{address}drafts/{world.draft(unknown.id).id}")
    card = page.get_by_role("region", name="Mood")
    expect(card).to_contain_text(said)
    card.get_by_role("button", name="Mark as upset").click()
    expect(page.get_by_role("status")).to_contain_text("It counts from the next draft on")
    world.apply(world.publisher.events[-1:])
    page.reload()
    expect(page.get_by_text("is marked as upset, so drafts are calm")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_every_place_is_one_menu_away(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    more, account = page.locator("[data-menu]").all()
    more.locator("summary").click()
    expect(page.get_by_role("link", name="Feeds")).to_be_in_viewport(ratio=1)
    account.locator("summary").click()
    expect(page.get_by_role("link", name="Feeds")).to_be_hidden()
    expect(page.get_by_role("link", name="API tokens")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="API tokens")).to_be_hidden()
    expect(account.locator("summary")).to_be_focused()
    more.locator("summary").click()
    page.get_by_role("link", name="Feeds").click()
    expect(page.get_by_role("heading", name="Feeds", level=1)).to_be_visible()
    expect(more.locator("summary")).to_have_text("More: Feeds")


def test_a_double_click_sends_once(page: Page, world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    page.goto(f"{page.url}drafts/{line.id}")
    page.get_by_role("button", name="Mark as sent").dblclick()
    expect(page.get_by_role("status")).to_contain_text("sent by hand")
    assert world.types().count("draft.approved") == 1


def test_the_message_is_copied(page: Page, world: World) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line = world.draft("claire-arnaud")
    page.goto(f"{page.url}drafts/{line.id}")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == line.body


def pages(page: Page, world: World) -> Iterator[tuple[str, Page]]:
    """Visit every page, also those reached by doing something; the draft has a long name in it."""
    root = page.url.rstrip("/")
    draft = f"/drafts/{world.draft('wolfe', 'warn').id}"
    for path in (draft, f"{draft}?edit"):
        page.goto(root + path)
        yield path, page
    yield from screenshots.shown(page, root, [], changing=True, clock=world.clock.now)


#: The contrast of text and background after WCAG 2.2, computed in the page.
CONTRAST = """() => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim()) continue;
    if (!node.checkVisibility() || node.closest(".visually-hidden, .skip, dialog, option")) continue;
    const [a, b] = [light(rgba(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(node.textContent.trim().slice(0, 40));
  }
  return poor;
}"""


#: Fields, buttons and links without a name for screen readers.
UNNAMED = """() =>
  [...document.querySelectorAll("input:not([type=hidden]), textarea:not([aria-hidden]), select, button, a")]
    .filter((it) => !(it.labels?.length || it.textContent.trim() || it.getAttribute("aria-label")))
    .map((it) => it.outerHTML)"""


def test_every_page_fits_can_be_read_and_has_a_title_a_heading_and_names(page: Page, world: World) -> None:
    """One test, because to open the pages takes most of the time."""
    for name, at in pages(page, world):
        assert at.evaluate(UNNAMED) == [], name
        assert at.locator("h1").count() == 1, name
        assert re.fullmatch(r".+ · Firstword", at.title()), name
        for width in (360, 768, 1280):
            at.set_viewport_size({"width": width, "height": 800})
            assert at.evaluate("document.documentElement.scrollWidth") <= width, name
        for scheme in ("dark", "light"):
            at.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert at.evaluate(CONTRAST) == [], (name, scheme)
