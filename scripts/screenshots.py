"""Write a picture of every page of the desk, with the sample, into build/screenshots.

Each page is written at two widths, in the light and the dark theme. Run it as ``make screenshots``. Pages that are
reached by doing something, such as an import and its undoing, are written of the sample only, never of a desk in use.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from services.notifier.desk.totp import code_at, step_at

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
    "feeds": "/feeds", "inlet-page": "/inlets/page", "inlet-mailbox": "/inlets/mailbox",
    "inlet-programs": "/inlets/programs", "sources": "/sources", "figures": "/figures", "search": "/search?q=halden",
    "search-nothing": "/search?q=zzzz", "sessions": "/sessions", "tokens": "/tokens", "me": "/me",
    "managers": "/managers", "audit": "/audit", "missing": "/nowhere", "api": "/api/v1/docs", "people": "/people",
    "quarantine": "/quarantine", "second-factor": "/me/second-factor", "proof": "/me/proof?then=/people",
    "clients-archived": "/clients?archived=yes",
}  # fmt: skip
#: Pages reached by the first link of this kind on another page: name, that page, pattern of the address, what is added.
REACHED = (
    ("draft", "/?group=flat", r"^/drafts/[^/?]+", ""), ("draft-edit", "/?group=flat", r"^/drafts/[^/?]+", "?edit"),
    ("client", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", ""),
    ("client-edit", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", "/edit"),
    ("client-history", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", "/history"),
    ("client-interview", "/clients", r"^/clients/(?!new|imports|export)[^/?]+$", "/discovery"),
    ("event", "/search?q=halden", r"^/events/[^/?]+", ""), ("alert", "/held", r"^/alerts/[^/?]+", ""),
)  # fmt: skip


#: On a busy machine, a page takes its time.
TIMEOUT_MS = 120_000
#: A desk without mail offers no sending. Nothing is sent here: no server listens.
MAIL = {"FIRSTWORD_SMTP_HOST": "127.0.0.1", "FIRSTWORD_SMTP_PORT": "9", "FIRSTWORD_SMTP_SENDER": "desk@firm.example"}


@contextmanager
def sample_desk(port: int) -> Iterator[str]:
    """Run the desk with the sample in a folder that is deleted afterwards; yield a sign-in link."""
    with tempfile.TemporaryDirectory() as data:
        command = [str(Path(sys.executable).parent / "firstword"), "up", "--data", data, "--port", str(port)]
        started = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | MAIL
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
            started.communicate(timeout=TIMEOUT_MS / 1_000)


def new_page(browser: Browser) -> Page:
    """Return a page of a browser in which nobody has signed in."""
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    return context.new_page()


def signed_in(browser: Browser, link: str) -> Page:
    """Return a page that has signed in with the link."""
    page = new_page(browser)
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


Clock = Callable[[], datetime]
#: A table of clients in which one looks like a client of the sample, one is new, and others are faulty.
TABLE = """\
Record ID,First Name,Last Name,Associated Company,Email,Phone Number,Risk tolerance,Time zone
901,Jonas,Ekdahl,Ekdahl Holding,jonas@ekdahl.example,+46 8 123 45 67,limited,Europe/Stockholm
902,{first},{last},,,+46 8 765 43 21,,
903,,,,nobody@x.example,,,
904,Ann,Lee,,not an address,,,
905,Bo,Lund,,bo@lund.example,,reckless,
906,Ida,Holm,,ida@holm.example,,high,Mars/Phobos
"""


def import_of_clients(page: Page, desk: str, clock: Clock) -> Iterator[tuple[str, Page]]:
    """Import clients, look at who may be in the book twice, and undo it."""
    page.goto(f"{desk}/clients")
    first, _space, last = page.locator(".row.client .row-link").first.inner_text().rpartition(" ")
    page.goto(f"{desk}/clients/imports")
    table = {"name": "contacts.csv", "mimeType": "text/csv", "buffer": TABLE.format(first=first, last=last).encode()}
    page.locator("input[type=file]").set_input_files(table)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload and check").click()
    page.wait_for_url("**/clients/imports/imp_*")
    if (manager := page.locator("#manager")).count():
        manager.select_option(index=1)
        page.get_by_role("button", name="Check again").click()
        page.wait_for_url("**note=import-checked")
    yield "import", page
    page.get_by_role("button", name=re.compile("^Import ")).click()
    page.get_by_role("button", name="Undo this import").wait_for()
    done = page.url
    yield "import-done", page
    page.goto(f"{desk}/clients")
    yield "clients-twice", page
    page.goto(f"{desk}/clients/duplicates")
    yield "duplicates", page
    page.goto(done)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_text("Undone", exact=True).first.wait_for()
    page.goto(done)
    yield "import-undone", page


def several_drafts(page: Page, desk: str, clock: Clock) -> Iterator[tuple[str, Page]]:
    """Select drafts, look at what approving them would send, and dismiss them."""
    page.goto(f"{desk}/?group=flat")
    for box in page.locator("main").get_by_role("checkbox").all()[:2]:
        box.check()
    yield "inbox-selected", page
    page.get_by_role("button", name="Approve…").click()
    page.locator(".confirm").first.wait_for()
    yield "bulk-confirm", page
    page.goto(f"{desk}/?group=flat")
    for box in page.locator("main").get_by_role("checkbox").all()[:2]:
        box.check()
    bar = page.get_by_role("group", name="Act on what is selected")
    bar.locator("summary", has_text="Dismiss").click()
    bar.get_by_label("Why?").select_option("too_late")
    bar.get_by_role("button", name="Dismiss").click()
    page.get_by_role("heading", name=re.compile("dismissed")).wait_for()
    yield "bulk-done", page


def two_editors(page: Page, desk: str, clock: Clock) -> Iterator[tuple[str, Page]]:
    """Save a draft that was changed since its form was opened."""
    page.goto(f"{desk}/?group=flat")
    draft = page.locator("main a[href^='/drafts/']").first.get_attribute("href")
    page.goto(f"{desk}{draft}?edit")
    other = page.context.new_page()
    other.goto(f"{desk}{draft}?edit")
    for editor, added in ((other, "Their last sentence."), (page, "Another last sentence.")):
        message = editor.get_by_role("textbox", name="Message")
        message.fill(f"{message.input_value()}\n\n{added}")
        editor.get_by_role("button", name="Save").click()
        editor.wait_for_load_state()
    other.close()
    yield "draft-merge", page
    page.get_by_role("link", name="Keep theirs").click()
    page.wait_for_load_state()


def signing_in(page: Page, desk: str, clock: Clock) -> Iterator[tuple[str, Page]]:
    """Set up a second factor, and sign in with it in another browser."""
    browser = page.context.browser
    if browser is None:
        return
    stranger = new_page(browser)
    stranger.goto(f"{desk}/signin?token=an-old-link")
    yield "signin", stranger
    page.goto(f"{desk}/me/second-factor")
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator("code.secret").inner_text()
    yield "second-factor-setup", page
    page.locator("#new").fill(code_at(secret, step_at(clock())))
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    recovery = page.locator("code.secret").first.inner_text()
    yield "second-factor-codes", page
    if link := _another_link(page, desk):
        stranger.goto(link)
        stranger.get_by_role("button", name="Sign in to Firstword").click()
        stranger.wait_for_url("**/signin/code")
        yield "signin-code", stranger
    stranger.context.close()
    page.goto(f"{desk}/me/second-factor")
    page.locator("#remove").fill(recovery)
    page.get_by_role("button", name="Remove the second factor").click()


def _another_link(page: Page, desk: str) -> str | None:
    """Return a new sign-in link for the user, which the page of people makes."""
    page.goto(f"{desk}/people")
    user = page.locator("body").get_attribute("data-user")
    form = page.locator(f"form[action='/people/{user}/link']")
    if not form.count():
        return None
    form.get_by_role("button").click()
    found = re.search(r"http\S+/signin\?token=[\w.-]+", page.locator("main").inner_text())
    return found[0] if found else None


Staged = Callable[[Page, str, Clock], Iterator[tuple[str, Page]]]
#: Pages that are reached by doing something: their names, and what is done.
STAGED: tuple[tuple[tuple[str, ...], Staged], ...] = (
    (("draft-merge",), two_editors),
    (("inbox-selected", "bulk-confirm", "bulk-done"), several_drafts),
    (("import", "import-done", "clients-twice", "duplicates", "import-undone"), import_of_clients),
    (("signin", "second-factor-setup", "second-factor-codes", "signin-code"), signing_in),
)


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def shown(page: Page, desk: str, only: list[str], *, changing: bool, clock: Clock = now) -> Iterator[tuple[str, Page]]:
    """Show each page that is wanted, and yield its name; those that change the desk only if ``changing``."""
    for name, address in addresses(page, desk):
        if not only or name in only:
            page.goto(desk + address)
            yield name, page
    for names, steps in STAGED if changing else ():
        if not only or not set(names).isdisjoint(only):
            yield from ((name, at) for name, at in steps(page, desk, clock) if not only or name in only)


def write(page: Page, desk: str, out: Path, only: list[str], *, changing: bool = False) -> None:
    """Write the pictures, and report pages wider than the window."""
    out.mkdir(parents=True, exist_ok=True)
    for name, at in shown(page, desk, only, changing=changing):
        for width in WIDTHS:
            for theme in THEMES:
                at.set_viewport_size({"width": width, "height": 900})
                at.emulate_media(color_scheme=theme)
                height = int(at.evaluate("document.documentElement.scrollHeight"))
                at.set_viewport_size({"width": width, "height": min(height, TALLEST)})  # a bar sticks to its lower edge
                at.screenshot(path=out / f"{name}-{width}-{theme}.png")
            if (wide := int(at.evaluate("document.documentElement.scrollWidth"))) > width:
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

    def with_link(link: str, *, changing: bool) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
            )
            write(signed_in(browser, link), link.split("/signin", 1)[0], wanted.out, wanted.only, changing=changing)
            browser.close()

    if wanted.link:
        with_link(wanted.link, changing=False)
    else:
        with sample_desk(wanted.port) as link:
            with_link(link, changing=True)


if __name__ == "__main__":
    main()
