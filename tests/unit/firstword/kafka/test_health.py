"""A worker is unhealthy only if records wait and it makes no progress."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request

import pytest

from firstword.runtimes.kafka.health import HealthServer, Progress
from tests.patience import PATIENCE_SECONDS

PARTITION = ("items", 3)


def test_a_worker_with_nothing_to_do_is_healthy() -> None:
    progress = Progress(60)
    assert progress.problem(0) == "not running"
    progress.start(0)
    for now in range(0, 1_000, 2):
        progress.update({PARTITION: 0}, now)
        assert progress.problem(now) is None


def test_a_worker_without_progress_is_unhealthy_while_records_wait() -> None:
    progress = Progress(60, positions={PARTITION: 10})
    progress.start(0)
    progress.update({PARTITION: 50}, 0)
    progress.update({PARTITION: 90}, 61)
    assert progress.problem(61) == "80 records wait, and none was processed for 61 s"
    progress.positions[PARTITION] = 11
    progress.update({PARTITION: 90}, 62)
    assert progress.problem(62) is None


def test_a_worker_without_updates_is_unhealthy() -> None:
    progress = Progress(60)
    progress.start(0)
    assert progress.problem(59) is None
    assert progress.problem(61) is not None


@pytest.mark.parametrize(("healthy", "status"), [(True, 200), (False, 503)])
async def test_health_and_metrics_are_served_over_http(healthy: bool, status: int) -> None:
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
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    return await asyncio.to_thread(fetch)
