"""The desk behind a real server, seen by a real browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from services.notifier.desk import auth
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, FeedView
from tests.conftest import require
from tests.desk_world import BOOK, World

#: Tests use no network beyond this machine.
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start one browser for all tests."""
    path = require("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *QUIET])
        yield browser
        browser.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The sample desk."""
    world = World.make(tmp_path)
    world.feeds = (FeedView("f2", "https://b.example/feed", "unreachable", reason="b.example can't be found."),)
    return world


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Serve the desk and return its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    served = world.with_settings(base_url=url, allowed_hosts=("127.0.0.1",), page_size=50)
    deps = DeskDependencies(
        served.engine, served.publisher, served.clock, served.settings, lambda: served.feeds, client_book=BOOK
    )
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
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    opened.goto(f"{address}/signin?token={token}")
    opened.get_by_role("button", name="Sign in to Firstword").click()
    opened.wait_for_url(f"{address}/")
    yield opened
    context.close()
    assert errors == []
