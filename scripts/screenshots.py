"""Write a picture of every page of the desk, with the sample, into build/screenshots.

Each page is written at two widths, in the light and the dark theme. Run it as ``make screenshots``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

OUT = Path("build/screenshots")
WIDTHS = (390, 1440)
#: The height at which a long page is cut.
TALLEST = 5000
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: Pages with an address of their own.
PAGES = {
    "inbox": "/", "inbox-by-client": "/?group=client", "inbox-one-by-one": "/?group=flat", "expired": "/expired",
    "today": "/digest", "rumors": "/held", "noticed": "/noticed", "sent": "/sent", "clients": "/clients",
    "client-new": "/clients/new", "imports": "/clients/imports", "decisions": "/decisions", "advice": "/advice",
    "feeds": "/feeds", "sources": "/sources", "figures": "/figures", "search": "/search?q=halden",
    "search-nothing": "/search?q=zzzz", "tokens": "/tokens", "me": "/me", "managers": "/managers", "audit": "/audit",
    "missing": "/nowhere", "api": "/api/v1/docs",
}  # fmt: skip
#: Pages reached by the first link of this kind on another page: name, that page, pattern of the address, what is added.
REACHED = (
    ("draft", "/?group=flat", r"^/drafts/[^/?]+", ""), ("draft-edit", "/?group=flat", r"^/drafts/[^/?]+", "?edit"),
    ("client", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", ""),
    ("client-edit", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", "/edit"),
    ("client-history", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", "/history"),
    ("client-interview", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", "/discovery"),
    ("event", "/search?q=halden", r"^/events/[^/?]+", ""), ("alert", "/noticed", r"^/alerts/[^/?]+", ""),
)  # fmt: skip


@contextmanager
def sample_desk(port: int) -> Iterator[str]:
    """Run the desk with the sample in a folder that is deleted afterwards; yield a sign-in link."""
    with tempfile.TemporaryDirectory() as data:
        command = [str(Path(sys.executable).parent / "firstword"), "up", "--data", data, "--port", str(port)]
        started = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said: list[str] = []
        try:
            for line in started.stdout or ():
                said.append(line)
                if found := re.search(r"http\S+/signin\?token=\S+", line):
                    yield found[0]
                    return
            sys.exit(f"The desk did not start:\n{''.join(said)}")
        finally:
            started.terminate()
            started.communicate(timeout=30)


def signed_in(browser: Browser, link: str) -> Page:
    """Return a page that has signed in with the link."""
    page = browser.new_context().new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in to Firstword").click()
    page.wait_for_url(link.split("/signin", 1)[0] + "/")
    return page


def addresses(page: Page, desk: str) -> Iterator[tuple[str, str]]:
    """Yield each page's name and address."""
    yield from PAGES.items()
    for name, start, pattern, added in REACHED:
        page.goto(desk + start)
        links = page.locator("main a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        found = next((match[0] for link in links if (match := re.search(pattern, link or ""))), None)
        if found:
            yield name, found + added
        else:
            print(f"{name}: {start} has no link to it")


def write(page: Page, desk: str, out: Path, only: list[str]) -> None:
    """Write the pictures, and report pages wider than the window."""
    out.mkdir(parents=True, exist_ok=True)
    for name, address in addresses(page, desk):
        if only and name not in only:
            continue
        for width in WIDTHS:
            for theme in THEMES:
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=theme)
                page.goto(desk + address)
                height = int(page.evaluate("document.documentElement.scrollHeight"))
                page.set_viewport_size(
                    {"width": width, "height": min(height, TALLEST)}
                )  # a bar sticks to its lower edge
                page.screenshot(path=out / f"{name}-{width}-{theme}.png")
            if (wide := int(page.evaluate("document.documentElement.scrollWidth"))) > width:
                print(f"{name} is {wide} pixels wide in a window of {width}")
    print(f"The pictures are in {out}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of pages; without one, every page")
    parser.add_argument("--link", help="a sign-in link of a desk that runs already")
    parser.add_argument("--port", type=int, default=8189, help="the port of the desk that is started")
    parser.add_argument("--out", type=Path, default=OUT)
    wanted = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("Chromium is missing. Install it: apt-get install chromium")

    def with_link(link: str) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
            )
            write(signed_in(browser, link), link.split("/signin", 1)[0], wanted.out, wanted.only)
            browser.close()

    if wanted.link:
        with_link(wanted.link)
    else:
        with sample_desk(wanted.port) as link:
            with_link(link)


if __name__ == "__main__":
    main()
