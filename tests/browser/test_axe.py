"""Every page under axe-core, which knows WCAG: no serious finding at either width in either theme.

axe-core is no part of this repository: ``npm install --no-save axe-core`` fetches it into ``node_modules``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.test_desk import pages
from tests.conftest import require
from tests.desk_world import World

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ALL: dict[str, Any] = {"resultTypes": ["violations"]}
#: What a theme changes.
COLORS = {**ALL, "runOnly": ["color-contrast"]}


def findings(page: Page, options: dict[str, Any] = ALL) -> list[str]:
    """Return the serious findings on the page that is shown: the rule, and the elements."""
    found: dict[str, Any] = page.evaluate("options => axe.run(options)", options)
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_has_a_serious_finding(page: Page, world: World, width: int) -> None:
    source = require(str(AXE), "npm install --no-save axe-core").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for name, at in pages(page, world):
        at.set_viewport_size({"width": width, "height": 800})
        at.evaluate(source)
        at.emulate_media(color_scheme="light")
        found[name] = findings(at)
        at.emulate_media(color_scheme="dark")
        found[name] += findings(at, COLORS)
    assert len(found) > 50
    assert {name: listed for name, listed in found.items() if listed} == {}


def test_serious_faults_are_found(page: Page) -> None:
    page.evaluate(require(str(AXE), "npm install --no-save axe-core").read_text(encoding="utf-8"))
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input type=text>')")
    assert [finding.partition(":")[0] for finding in findings(page)] == ["label"]
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.querySelector('h1').style = 'color: #777; background: #777'")
    assert [finding.partition(":")[0] for finding in findings(page, COLORS)] == ["color-contrast"]
