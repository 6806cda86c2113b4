"""The desk behind a real server, seen by a real browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from services.notifier.desk import auth
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, FeedView, SourceView, UnreadThing
from tests.conftest import require
from tests.desk_data import NOW
from tests.desk_world import BOOK, UnreadThings, World

#: A slow machine is no failure.
TIMEOUT_MS = 120_000
#: Tests use no network beyond this machine.
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start one browser for all tests."""
    path = require("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *QUIET], timeout=TIMEOUT_MS)
        yield browser
        browser.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The sample desk."""
    world = World.make(tmp_path)
    world.feeds = (FeedView("f2", "https://b.example/feed", "unreachable", reason="b.example can't be found."),)
    unread = UnreadThing(
        "f9", "document", "The Port", "https://p.example", "it is a web page.", "Look for its feed.", NOW, NOW, 3
    )
    world.quarantine = UnreadThings(unread)
    world.sources = (SourceView("north.example", "The North", None, "news", "B", "B", "Careful.", "shipped"),)
    return world


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Serve the desk and return its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    served = world.with_settings(base_url=url, allowed_hosts=("127.0.0.1",), page_size=50)
    deps = DeskDependencies(
        served.engine, served.publisher, served.clock, served.settings, lambda: served.feeds, served.feed_notes,
        client_book=BOOK, sources_view=lambda: served.sources, source_actions=served.grade_notes, inlets=served.inlets,
        quarantine=served.quarantine,
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(create_app(deps), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield url
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(chromium: Browser, world: World, address: str) -> Iterator[Page]:
    """Open a signed-in page, and fail if the browser reports an error."""
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", world.clock.now())
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    #: A browser also reports a page that says why something was refused.
    refused: set[str] = set()

    def note_refusal(answer: Response) -> None:
        if answer.status >= 400 and answer.request.is_navigation_request():
            refused.add(answer.url)

    def note_error(said: ConsoleMessage) -> None:
        if said.type == "error" and said.location["url"] not in refused:
            errors.append(f"{said.text} {said.location['url']}")

    opened.on("response", note_refusal)
    opened.on("console", note_error)
    opened.goto(f"{address}/signin?token={token}")
    opened.get_by_role("button", name="Sign in to Firstword").click()
    opened.wait_for_url(f"{address}/")
    yield opened
    context.close()
    assert errors == []
