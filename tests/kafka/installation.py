"""A whole house on the stack, for tests that break things: its processes, its feeds, its people, its mail server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
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
from tests.kafka.newsroom import Newsroom
from tests.kafka.test_stack import Stack
from tests.smtp_server import MailServer, mail_server

__all__ = ["House", "approving", "feeding", "mail_in_a_thread"]

RETRY_SECONDS = 1.0
LOOK_SECONDS = 0.1


class House(Stack):
    """Starts anew whatever has ended, as a container engine does. Mail goes to ``smtp_port`` of this machine."""

    def __init__(self, lab: Lab, url: str, folder: Path, smtp_port: int) -> None:
        super().__init__(lab, url, folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.desk_port = int(free.getsockname()[1])
        self._environment |= {
            "FIRSTWORD_SMTP_HOST": "127.0.0.1",
            "FIRSTWORD_SMTP_PORT": str(smtp_port),
            "FIRSTWORD_SMTP_SECURITY": "none",
            "FIRSTWORD_SECRET": "not-much-of-a-secret-but-long-enough",
        }
        self._commands: dict[str, tuple[str, ...]] = {}
        self._again_at: dict[str, float] = {}
        self.beside: list[Future[Any]] = []  # what must not fail meanwhile
        self.fallen: list[tuple[str, int]] = []  # who ended though nobody killed it, and with which code

    def start(self, name: str, *arguments: str) -> None:
        self._commands[name] = arguments
        super().start(name, *arguments)

    def stop(self, name: str) -> int:
        del self._commands[name]
        return super().stop(name)

    def kill(self, name: str) -> None:
        """SIGKILL; :meth:`wait` starts it anew."""
        self._running[name].kill()
        self._running[name].wait()
        self._again_at[name] = 0.0

    def wait(self, seconds: float) -> None:
        """Let time pass, and keep everything running meanwhile."""
        self.until(lambda: False, seconds)

    def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is true, for so long at most; return whether it is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return True
            for each in self.beside:
                if each.done():
                    each.result()
            for name in self._commands:
                self._look_after(name)
            time.sleep(LOOK_SECONDS)
        return False

    def _look_after(self, name: str) -> None:
        code = self._running[name].poll()
        if code is None:
            return
        if name not in self._again_at:
            self.fallen.append((name, code))
            self._again_at[name] = time.monotonic() + RETRY_SECONDS
        if time.monotonic() >= self._again_at[name]:
            del self._again_at[name]
            self.start(name, *self._commands[name])


def feeding(settings: Settings, room: Newsroom, pause_seconds: float) -> None:
    """Write one feed after the other into the data folder and have each watched, whatever happens to the database."""
    folder = settings.data / "feeds"
    folder.mkdir(parents=True, exist_ok=True)
    with common.open_store(settings) as store:
        ingest = common.build_ingest(store)
        for number in range(len(room.feeds)):
            (folder / f"feed-{number}.xml").write_bytes(room.rss(number, datetime.now(UTC)))
            while True:
                try:
                    ingest.add_feed(room.address(number))
                    break
                except OperationalError:
                    time.sleep(RETRY_SECONDS)
            time.sleep(pause_seconds)


def approving(address: str, token: str, may_go: Callable[[str], bool], stop: threading.Event) -> int:
    """Approve every draft whose client ``may_go`` names, through the desk's API, until ``stop``; return how many."""
    done = 0
    with httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=10) as desk:
        while not stop.wait(RETRY_SECONDS):
            with contextlib.suppress(httpx.HTTPError):  # the desk was killed, or its database is away
                for draft in list(_waiting(desk)):
                    if may_go(draft["client_id"]):
                        said = desk.post(f"/drafts/{draft['id']}/approve", json={"version": draft["version"]})
                        # 409: the approval before went through, though its answer didn't.
                        assert said.is_success or said.status_code in (409, 500, 503), said.text
                        done += said.is_success
    return done


def _waiting(desk: httpx.Client) -> Iterator[dict[str, str]]:
    page = pages = 1
    while page <= pages:
        said = desk.get("/drafts", params={"page": page}).raise_for_status().json()
        yield from said["items"]
        page, pages = page + 1, said["pages"]


@contextlib.contextmanager
def mail_in_a_thread() -> Iterator[MailServer]:
    """A mail server that runs beside the test."""
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
