"""A worker is ill when records wait and it doesn't get on, and only then."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request

import pytest

from firstword.runtimes.kafka.health import HealthServer, Progress

AT = ("items", 3)


def test_nothing_to_do_is_well() -> None:
    progress = Progress(60)
    assert progress.illness(0) == "not running"
    progress.begin(0)
    for now in range(0, 1_000, 2):
        progress.look({AT: 0}, now)
        assert progress.illness(now) is None


def test_waiting_records_without_progress_are_ill() -> None:
    progress = Progress(60, positions={AT: 10})
    progress.begin(0)
    progress.look({AT: 50}, 0)
    progress.look({AT: 90}, 61)
    assert progress.illness(61) == "80 records wait and none was worked off for 61 s"
    progress.positions[AT] = 11
    progress.look({AT: 90}, 62)
    assert progress.illness(62) is None


def test_a_dead_watch_is_ill() -> None:
    progress = Progress(60)
    progress.begin(0)
    assert progress.illness(59) is None
    assert progress.illness(61) is not None


@pytest.mark.parametrize(("healthy", "status"), [(True, 200), (False, 503)])
async def test_it_is_told_over_http(healthy: bool, status: int) -> None:
    server = HealthServer(lambda: {"healthy": healthy}, lambda: b"firstword_kafka_lag 0\n")
    port = await server.start("127.0.0.1", 0)
    try:
        assert await fetched(port, "healthz") == (status, json.dumps({"healthy": healthy}))
        assert (await fetched(port, "metrics"))[0] == 200
        assert (await fetched(port, "secrets"))[0] == 404
    finally:
        await server.stop()


async def fetched(port: int, path: str) -> tuple[int, str]:

    def fetch() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    return await asyncio.to_thread(fetch)
