from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from scripts import screenshots
from services.notifier.desk.access import API, OPEN, ROUTES
from tests.desk_world import World

pytestmark = pytest.mark.chromium


def test_pages_are_written_at_both_widths_in_both_themes(page: Page, world: World, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    screenshots.write(page, page.url.rstrip("/"), out, ["inbox", "draft"])
    looks = {f"{width}-{theme}.png" for width in (390, 1440) for theme in ("light", "dark")}
    assert {path.name for path in out.iterdir()} == {f"{name}-{look}" for name in ("inbox", "draft") for look in looks}


def test_every_address_has_its_page(page: Page) -> None:
    desk = page.url.rstrip("/")
    found = dict(screenshots.addresses(page, desk))
    assert {name for name, _, _, _ in screenshots.REACHED} <= found.keys()
    missing = [name for name, address in found.items() if not page.request.get(desk + address).ok]
    assert missing == ["missing"]


#: Addresses that are no pages: downloads, streams, redirects, and what other programs ask.
NO_PAGES = re.compile(
    r".*\.(csv|yaml|opml|ics)|/live|/signin/openid.*|/healthz|/readyz|/metrics|/websub/.*|" + API + "/(?!docs).*"
)


def test_every_page_has_a_picture(page: Page, world: World) -> None:
    """Also those that are reached by doing something: a selection, an import and its undoing, a second factor."""
    seen: dict[str, str] = {}
    for name, at in screenshots.shown(page, page.url.rstrip("/"), [], changing=True, clock=world.clock.now):
        assert name not in seen
        assert at.locator("h1").count() == 1, name
        seen[name] = urlsplit(at.url).path
    assert {name for names, _ in screenshots.STAGED for name in names} <= seen.keys()
    wanted = {route.removeprefix("GET ") for route in (*ROUTES, *OPEN) if route.startswith("GET ")}
    for path in sorted(path for path in wanted if not NO_PAGES.fullmatch(path)):
        fixed = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
        pattern = re.compile(re.sub(r"{[^}]*}", r"(?!new$|imports|duplicates)[^/]+", fixed))
        assert any(pattern.fullmatch(address) for address in seen.values()), f"{path} has no picture"
