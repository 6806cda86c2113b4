from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts import screenshots
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
    assert {name for name, _, _, _ in screenshots.REACHED} - {"alert"} <= found.keys()
    missing = [name for name, address in found.items() if not page.request.get(desk + address).ok]
    assert missing == ["missing"]
