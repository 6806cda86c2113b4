from __future__ import annotations

import asyncio
import io
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

import services.ingest.readers as readers_module
from services.ingest.fetch.discover import discover_feeds
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import parse_feed
from services.ingest.readers import InProcesses, ReadingStopped, _Answer
from tests.patience import PATIENCE_SECONDS, pass_time, until
from tests.unit.services.ingest.harness import rss

pytestmark = pytest.mark.slow

URL = "https://news.example/feed"


@pytest.fixture
async def readers() -> AsyncIterator[InProcesses]:
    processes = InProcesses(1, seconds=PATIENCE_SECONDS, memory_bytes=600_000_000)
    yield processes
    await processes.aclose()


async def test_a_document_is_read_as_in_this_process(readers: InProcesses) -> None:
    raw = rss("one", "two")
    assert await readers.run(parse_feed, raw, feed_url=URL) == parse_feed(raw, feed_url=URL)
    page = b'<link rel="alternate" type="application/rss+xml" href="/rss">'
    assert await readers.run(discover_feeds, page, URL) == discover_feeds(page, URL)
    with pytest.raises(NotAFeed) as raised:
        await readers.run(parse_feed, b"<html></html>", feed_url=URL)
    with pytest.raises(NotAFeed) as expected:
        parse_feed(b"<html></html>", feed_url=URL)
    assert (raised.value.message, raised.value.fix) == (expected.value.message, expected.value.fix)


def test_a_process_that_reads_loads_nothing_of_what_polls_and_nothing_that_few_documents_need() -> None:
    code = "import services.ingest.reader_process, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"asyncio", "structlog", "sqlalchemy", "httpx", "rich"}.isdisjoint(loaded)
    assert {"yaml", "charset_normalizer"}.isdisjoint(loaded)


async def test_time_memory_and_a_crash_stop_one_document_only() -> None:
    readers = InProcesses(1, seconds=PATIENCE_SECONDS, memory_bytes=600_000_000)
    await readers.run(parse_feed, rss("one"), feed_url=URL)
    endless = asyncio.create_task(readers.run(time.sleep, 3_600))
    await asyncio.sleep(0.05)
    pass_time(PATIENCE_SECONDS)
    with pytest.raises(ReadingStopped, match=f"longer than {PATIENCE_SECONDS:g} seconds"):
        await endless
    with pytest.raises(ReadingStopped, match="600 MB"):
        await readers.run(bytes, 2_000_000_000)
    with pytest.raises(ReadingStopped):
        await readers.run(os._exit, 1)
    parsed = await readers.run(parse_feed, rss("one"), feed_url=URL)
    assert [item.item.title for item in parsed.items] == ["one"]
    await readers.aclose()


async def test_the_time_that_a_process_takes_to_start_is_no_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    start = f"""
import pathlib, time
pathlib.Path({str(began)!r}).touch()
while not pathlib.Path({str(go)!r}).exists():
    time.sleep(0.01)
"""
    (tmp_path / "sitecustomize.py").write_text(start, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), *sys.path)))
    monkeypatch.setattr(readers_module, "SECONDS_TO_START", 3 * PATIENCE_SECONDS)
    readers = InProcesses(1, seconds=PATIENCE_SECONDS)
    process = asyncio.create_task(readers.run(os.getpid))
    await until(began.exists)
    pass_time(2 * PATIENCE_SECONDS)
    go.touch()
    assert await process != os.getpid()
    await readers.aclose()


async def test_a_process_that_does_not_start_is_told_from_a_document_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(1)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    readers = InProcesses(1, seconds=PATIENCE_SECONDS)
    with pytest.raises(ReadingStopped, match="did not start"):
        await readers.run(os.getpid)
    monkeypatch.undo()
    assert await readers.run(os.getpid) != os.getpid()
    await readers.aclose()


async def test_a_poll_that_is_canceled_ends_its_process() -> None:
    readers = InProcesses(1, seconds=PATIENCE_SECONDS)
    process = await readers.run(os.getpid)
    task = asyncio.create_task(readers.run(time.sleep, 3_600))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await readers.run(os.getpid) != process
    await readers.aclose()


async def test_a_process_writes_no_file_and_gets_no_secret(
    readers: InProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTWORD_KEYS", "secret")
    assert await readers.run(os.getenv, "FIRSTWORD_KEYS") is None
    with pytest.raises(OSError, match="too large"):
        await readers.run(Path.write_bytes, tmp_path / "x", b"x" * 100_000)
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


@pytest.mark.parametrize("value", [os.system, subprocess.Popen, Path("/"), print])
async def test_an_answer_contains_nothing_that_runs(value: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        _Answer(io.BytesIO(pickle.dumps(value))).load()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_the_process_ends_with_the_one_that_started_it() -> None:
    code = (
        "import asyncio, os\n"
        "from services.ingest.readers import InProcesses\n"
        "async def main():\n"
        "    readers = InProcesses(1)\n"
        "    print(await readers.run(os.getpid), flush=True)\n"
        "    await asyncio.sleep(3_600)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert is_alive(child)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    try:
        await until(lambda: not is_alive(child))
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
