"""Killed at twenty random points, the system comes to the same alerts and drafts, byte for byte."""

from __future__ import annotations

import asyncio
import hashlib
import random
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
SEED = 20260105


class World:
    """The feeds as they were at one step after the other; the traveller says which step it is."""

    def __init__(self, states: list[tuple[int, Path]]) -> None:
        self.states = states
        self.bodies: dict[str, bytes] = {}

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/step/"):
            step = int(request.path.removeprefix("/step/"))
            moment, path = self.states[step]
            self.bodies[f"/{path.parent.name}"] = path.read_bytes()
            return Reply(200, f"{path.parent.name} {moment}".encode())
        body = self.bodies[request.path]
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(200, body, {"ETag": etag, "Content-Type": "application/rss+xml"})


def travel(data: Path, server: Server, steps: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.e2e.journey", str(data), server.url("").rstrip("/"), str(steps)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def to_the_end(data: Path, server: Server, steps: int) -> float:
    begun = time.monotonic()
    traveller = travel(data, server, steps)
    out, _ = traveller.communicate(timeout=300)
    assert traveller.returncode == 0
    assert "finished" in out
    return time.monotonic() - begun


def killed_on_the_way(data: Path, server: Server, steps: int, whole_seconds: float) -> int:
    """Start and kill again and again, each time after some part of the way that is left; returns how often it hit."""
    chance = random.Random(SEED)  # noqa: S311 - not a secret
    hits = 0
    while hits < KILLS:
        traveller = travel(data, server, steps)
        assert traveller.stdout is not None
        traveller.stdout.readline()
        time.sleep(chance.uniform(0.02, whole_seconds / KILLS))
        hits += traveller.poll() is None
        traveller.kill()
        traveller.wait()
        traveller.stdout.close()
        if (data / "step").exists() and int((data / "step").read_text()) >= steps:
            break
    return hits


def written(data: Path, topic: str) -> list[bytes]:
    engine = open_sqlite(data / "firstword.db")
    with reading(engine) as connection:
        found = [stored.payload for stored in EventLog().read(connection, [topic], after=0, limit=1_000_000)]
    engine.dispose()
    return found


@pytest.mark.slow
@pytest.mark.data
async def test_a_killed_run_says_what_an_undisturbed_one_says(tmp_path: Path) -> None:
    if not REPLAY.is_dir():
        pytest.skip(f"{REPLAY} is missing")
    states = sorted((int(path.stem), path) for path in REPLAY.glob("*/*.xml"))
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    calm.mkdir()
    stormy.mkdir()
    async with serving(World(states).answer) as server:
        seconds = await asyncio.to_thread(to_the_end, calm, server, len(states))
        server.answer = World(states).answer
        hits = await asyncio.to_thread(killed_on_the_way, stormy, server, len(states), seconds)
        await asyncio.to_thread(to_the_end, stormy, server, len(states))
    counts = {topic: len(written(calm, topic)) for topic in ("items", "mentions", "alerts", "drafts")}
    print(f"\n{hits} kills; undisturbed {seconds:.1f} s; {counts}")
    assert hits == KILLS
    assert min(counts.values()) > 0
    for topic in counts:
        assert written(stormy, topic) == written(calm, topic), topic
