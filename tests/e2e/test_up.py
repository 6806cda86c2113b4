"""`firstword up` for a new user: a full inbox, live changes, a clean stop, and the sample played once."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from firstword.compose import common
from services.common.settings import read_settings
from services.ingest.fetch.imap import MailboxPlace
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port

FIRSTWORD = str(Path(sys.executable).with_name("firstword"))
OPML = """<opml version="2.0"><head><title>x</title></head><body>
<outline type="rss" text="Intranet news" xmlUrl="http://127.0.0.1:9/feed.xml"/></body></opml>"""


@contextmanager
def running(
    data: Path, *options: str, port: int | None = None, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Start the system, with ``settings`` in its environment, and sign a browser in with the printed link."""
    port = port or free_port()
    command = [FIRSTWORD, "up", "--data", str(data), "--port", str(port), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **settings}
    )
    try:
        assert process.stdout is not None
        link = None
        for line in process.stdout:
            if found := re.search(r"http://\S+/signin\?token=\S+", line):
                link = found[0]
                break
        assert link is not None, f"exited with {process.wait()} before it printed a link"
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=PATIENCE_SECONDS
        ) as browser:
            assert "Sign in to Firstword" in browser.get(link).text
            assert browser.post("/signin", data={"token": link.partition("token=")[2]}).status_code == 200
            yield process, browser
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def eventually(condition: object) -> None:
    """Wait until ``condition()`` is true."""
    assert callable(condition)
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, "the condition did not become true in time"
        time.sleep(0.1)


def drafts(browser: httpx.Client) -> list[dict[str, object]]:
    answer = browser.get("/api/v1/drafts")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return list(found["items"])


@pytest.fixture
def opml(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.opml"
    path.write_text(OPML, encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_first_start_shows_the_sample_and_the_second_does_not_repeat_it(tmp_path: Path, opml: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--feeds", str(opml)) as (process, browser):
        inbox = browser.get("/").text
        assert "Sample data" in inbox
        verdicts = {str(draft["verdict"]) for draft in drafts(browser)}
        assert {"tell", "warn", "correct"} <= verdicts <= {"tell", "warn", "correct", "information"}
        assert "Fennimore" not in browser.get("/held").text
        assert "Dromer Transport" in browser.get("/held").text
        assert "satire" in browser.get("/clients/henrik-solberg").text.casefold()
        eventually(lambda: "Intranet news" in browser.get("/").text)
        assert "FIRSTWORD_ALLOW_PRIVATE" in browser.get("/feeds").text
        before = [draft["id"] for draft in drafts(browser)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    with running(data) as (_, browser):
        assert [draft["id"] for draft in drafts(browser)] == before


@pytest.mark.slow
def test_a_second_system_on_the_same_folder_is_refused(tmp_path: Path, opml: Path) -> None:
    with running(tmp_path / "data", "--feeds", str(opml)):
        second = subprocess.run(
            [FIRSTWORD, "up", "--data", str(tmp_path / "data"), "--port", str(free_port())],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
    assert second.returncode == 3
    assert "another Firstword" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.slow
def test_an_added_client_and_feed_work_immediately(tmp_path: Path, opml: Path) -> None:
    data = tmp_path / "data"
    book = tmp_path / "book.yaml"
    book.write_text(
        "version: 1\nfirm: {name: New Firm, trade: wealth}\nmanagers: [{id: mara, name: Mara}]\n"
        "clients:\n  - {id: new, name: Nia New, manager: mara, desires: [income],\n"
        "     assets: [{name: Zephyr Gas, kind: holding}]}\n",
        encoding="utf-8",
    )
    feed = data / "feeds" / "zephyr.xml"
    with running(data, "--feeds", str(opml)) as (_, browser):
        subprocess.run(
            [FIRSTWORD, "clients", "import", str(book), "--data", str(data)], check=True, timeout=PATIENCE_SECONDS
        )
        eventually(lambda: "Nia New" in browser.get("/clients").text)
        feed.parent.mkdir(exist_ok=True)
        feed.write_text(
            '<rss version="2.0"><channel><title>Zephyr Gas</title><link>https://zephyr-gas.example</link><item>'
            "<title>Zephyr Gas cuts its dividend by half</title><link>https://www.reuters.com/zephyr</link>"
            "<description>Zephyr Gas cut its dividend by half, the company said in a statement.</description>"
            f"<pubDate>{format_datetime(datetime.now(UTC))}</pubDate></item></channel></rss>",
            encoding="utf-8",
        )
        vouched = ("--speaks-for", "reuters.com", "--ground", "a copy of the agency's feed, made here")
        subprocess.run(
            [FIRSTWORD, "feeds", "add", feed.resolve().as_uri(), *vouched, "--data", str(data)],
            check=True,
            timeout=PATIENCE_SECONDS,
        )
        eventually(lambda: any("Zephyr Gas" in str(draft["subject"]) for draft in drafts(browser)))


@contextmanager
def trickling(byte: bytes) -> Iterator[tuple[int, threading.Event]]:
    """Serve a port whose answers never end: a byte at a time, for ever. The event says that somebody has asked."""
    asked, done = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked.set()
            while not done.wait(0.5):
                connection.sendall(byte)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1], asked
        done.set()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
def test_sigterm_ends_the_system_within_30_seconds_whatever_servers_do(tmp_path: Path) -> None:
    """A feed's server and a mail server never finish, and a browser follows the inbox.

    Each of them could hold it up for ever. How long it took to start says how fast this machine is.
    """
    data = tmp_path / "data"
    opml = tmp_path / "feeds.opml"
    with trickling(b"H") as (web, fetched), trickling(b"*") as (mail, read):
        opml.write_text(OPML.replace("127.0.0.1:9", f"127.0.0.1:{web}"), encoding="utf-8")
        allowed = json.dumps([f"127.0.0.1:{web}", f"127.0.0.1:{mail}"])
        began = time.monotonic()
        with running(data, "--feeds", str(opml), FIRSTWORD_ALLOW_PRIVATE=allowed) as (process, browser):
            start_seconds = time.monotonic() - began
            place = MailboxPlace("127.0.0.1", mail, "letters", security="none")
            with common.open_store(read_settings(data=data)) as store:
                common.build_ingest(store).add_mailbox("letters", place, "open-sesame", title="Newsletters")
            assert fetched.wait(PATIENCE_SECONDS)
            assert read.wait(PATIENCE_SECONDS)
            with browser.stream("GET", "/live") as following:
                assert following.status_code == 200
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30 + start_seconds) == 0
