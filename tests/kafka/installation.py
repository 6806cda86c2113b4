"""A complete installation of the stack, for tests that break things: processes, feeds, people and a mail server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.exc import OperationalError

from firstword.compose import common
from services.common.settings import Settings
from tests.kafka.lab import Lab
from tests.kafka.newsroom import VOUCHED, Newsroom
from tests.kafka.stack import Stack
from tests.ports import free_port
from tests.smtp_server import MailServer, mail_server

__all__ = ["Installation", "approve_drafts", "mail_server_thread", "write_feeds"]

RETRY_SECONDS = 1.0
CHECK_SECONDS = 0.1


class Installation(Stack):
    """Restarts processes that have ended, as a container engine does. Mail goes to the local port ``smtp_port``."""

    session_seconds = 6

    def __init__(self, lab: Lab, url: str, folder: Path, smtp_port: int) -> None:
        super().__init__(lab, url, folder)
        self.desk_port = free_port()
        self._environment |= {
            "FIRSTWORD_SMTP_HOST": "127.0.0.1",
            "FIRSTWORD_SMTP_PORT": str(smtp_port),
            "FIRSTWORD_SMTP_SECURITY": "none",
            "FIRSTWORD_SECRET": "not-much-of-a-secret-but-long-enough",
        }
        self._commands: dict[str, tuple[str, ...]] = {}
        self._restart_at: dict[str, float] = {}
        self.background: list[Future[Any]] = []  # must not fail in the meantime
        self.unexpected_exits: list[tuple[str, int]] = []  # name and exit code

    def start(self, name: str, *arguments: str) -> None:
        self._commands[name] = arguments
        super().start(name, *arguments)

    def stop(self, name: str) -> int:
        del self._commands[name]
        return super().stop(name)

    def kill(self, name: str) -> None:
        """Send SIGKILL; :meth:`wait` restarts the process."""
        self._running[name].kill()
        self._running[name].wait()
        self._restart_at[name] = 0.0

    def wait(self, seconds: float) -> None:
        """Wait and keep everything running."""
        self.until(lambda: False, seconds)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition, at most ``seconds``; return true if it holds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            for future in self.background:
                if future.done():
                    future.result()
            for name in self._commands:
                self._restart_if_ended(name)
            time.sleep(CHECK_SECONDS)
        return False

    def _restart_if_ended(self, name: str) -> None:
        code = self._running[name].poll()
        if code is None:
            return
        if name not in self._restart_at:
            self.unexpected_exits.append((name, code))
            self._restart_at[name] = time.monotonic() + RETRY_SECONDS
        if time.monotonic() >= self._restart_at[name]:
            del self._restart_at[name]
            self.start(name, *self._commands[name])


def write_feeds(settings: Settings, newsroom: Newsroom, pause_seconds: float) -> None:
    """Write the feeds one by one into the data folder and add each, retrying while the database is unavailable."""
    folder = settings.data / "feeds"
    folder.mkdir(parents=True, exist_ok=True)
    with common.open_store(settings) as store:
        ingest = common.build_ingest(store)
        for number in range(len(newsroom.feeds)):
            (folder / f"feed-{number}.xml").write_bytes(newsroom.rss(number, datetime.now(UTC)))
            while True:
                try:
                    ingest.add_feed(newsroom.address(number), speaks_for=VOUCHED, ground="made for this test")
                    break
                except OperationalError:
                    time.sleep(RETRY_SECONDS)
            time.sleep(pause_seconds)


def approve_drafts(address: str, token: str, may_approve: Callable[[str], bool], stop: threading.Event) -> int:
    """Approve drafts through the desk's API until ``stop`` is set; return their number.

    Only drafts whose client id ``may_approve`` accepts.
    """
    approved = 0
    with httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=120) as desk:
        while not stop.wait(RETRY_SECONDS):
            with contextlib.suppress(httpx.HTTPError):  # the desk or its database is down
                for draft in list(_open_drafts(desk)):
                    if may_approve(draft["client_id"]):
                        response = desk.post(f"/drafts/{draft['id']}/approve", json={"version": draft["version"]})
                        # 409: the earlier approval succeeded although its response was lost.
                        assert response.is_success or response.status_code in (409, 500, 503), response.text
                        approved += response.is_success
    return approved


def _open_drafts(desk: httpx.Client) -> Iterator[dict[str, str]]:
    page = pages = 1
    while page <= pages:
        listed = desk.get("/drafts", params={"page": page}).raise_for_status().json()
        yield from listed["items"]
        page, pages = page + 1, listed["pages"]


@contextlib.contextmanager
def mail_server_thread() -> Iterator[MailServer]:
    """Run a mail server in a thread."""
    started: list[MailServer] = []
    up, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with mail_server() as server:
            started.append(server)
            up.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    up.wait()
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
