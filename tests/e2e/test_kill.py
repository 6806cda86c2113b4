"""After twenty kills at random points, the system has the same alerts and drafts, byte for byte."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstword.storage.engine import open_sqlite
from firstword.storage.event_log import EventLog
from services.common.db import reading
from tests.http_server import Reply, Request, Server, serving

ROOT = Path(__file__).parents[2]
REPLAY = ROOT.parent / "shared" / "data" / "feeds" / "replay"
KILLS = 20
MOST_SECONDS = 1_800
SEED = 20260105


class FeedHistory:
    """Serves the feeds as they were at each step. The process under test requests the step."""

    def __init__(self, states: list[tuple[int, Path]]) -> None:
        self.states = states
        self.bodies: dict[str, bytes] = {}
        self.steps = 0  # that were requested

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/step/"):
            step = int(request.path.removeprefix("/step/"))
            self.steps += 1
            moment, path = self.states[step]
            self.bodies[f"/{path.parent.name}"] = path.read_bytes()
            return Reply(200, f"{path.parent.name} {moment}".encode())
        body = self.bodies[request.path]
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(200, body, {"ETag": etag, "Content-Type": "application/rss+xml"})


def start(data: Path, server: Server, steps: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.e2e.journey", str(data), server.url("").rstrip("/"), str(steps)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def run_to_the_end(data: Path, server: Server, steps: int) -> float:
    begun = time.monotonic()
    process = start(data, server, steps)
    out, _ = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0
    assert "finished" in out
    return time.monotonic() - begun


def run_with_kills(data: Path, server: Server, history: FeedHistory, step_seconds: float) -> None:
    """Start and kill the process repeatedly, each time within one of the next few steps, so that it never ends."""
    dice = random.Random(SEED)  # noqa: S311 - not a secret
    for _ in range(KILLS):
        process = start(data, server, len(history.states))
        assert process.stdout is not None
        process.stdout.readline()
        last = history.steps + dice.randint(1, 3)
        while history.steps < last:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.001)
        end = time.monotonic() + dice.uniform(0, step_seconds)
        while time.monotonic() < end and history.steps < last + 2:
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
        process.stdout.close()


def payloads(data: Path, topic: str) -> list[bytes]:
    engine = open_sqlite(data / "firstword.db")
    with reading(engine) as connection:
        found = [stored.payload for stored in EventLog().read(connection, [topic], after=0, limit=1_000_000)]
    engine.dispose()
    return found


@pytest.mark.slow
@pytest.mark.data
async def test_a_killed_run_gives_the_events_of_an_undisturbed_one(tmp_path: Path) -> None:
    if not REPLAY.is_dir():
        pytest.skip(f"{REPLAY} is missing")
    states = sorted((int(path.stem), path) for path in REPLAY.glob("*/*.xml"))
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    undisturbed.mkdir()
    killed.mkdir()
    async with serving(FeedHistory(states).answer) as server:
        seconds = await asyncio.to_thread(run_to_the_end, undisturbed, server, len(states))
        history = FeedHistory(states)
        server.answer = history.answer
        await asyncio.to_thread(run_with_kills, killed, server, history, seconds / len(states))
        await asyncio.to_thread(run_to_the_end, killed, server, len(states))
    counts = {topic: len(payloads(undisturbed, topic)) for topic in ("items", "mentions", "alerts", "drafts")}
    print(f"\n{KILLS} kills; undisturbed {seconds:.1f} s; {counts}")
    assert min(counts.values()) > 0
    for topic in counts:
        assert payloads(killed, topic) == payloads(undisturbed, topic), topic
