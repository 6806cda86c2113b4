"""These tests run on a real Kafka, each under its own prefix."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword.runtimes.kafka import admin
from firstword.runtimes.kafka.settings import KafkaSettings
from tests.kafka.lab import TIMEOUT_SECONDS, Lab
from tests.kafka.stack import Stack
from tests.servers import Kafka, kafka_server  # noqa: F401 - a fixture

_NUMBERS = itertools.count()


@pytest.fixture
def lab(kafka_server: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:  # noqa: F811 - the fixture
    """Topics under a new prefix, and workers that end with the test."""
    monkeypatch.setattr(admin, "ANSWER_MS", TIMEOUT_SECONDS * 1_000)  # for a broker that has a twentieth of a core
    monkeypatch.setattr(admin, "READY_MS", TIMEOUT_SECONDS * 1_000)
    settings = KafkaSettings(brokers=kafka_server.servers, prefix=f"t{os.getpid()}-{next(_NUMBERS)}.")
    lab = Lab(settings, tmp_path)
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture
def stack(lab: Lab, postgres_url: str, tmp_path: Path) -> Iterator[Stack]:
    """The stack's processes on a fresh database; they end with the test."""
    (tmp_path / "stack").mkdir()
    stack = Stack(lab, postgres_url, tmp_path / "stack")
    yield stack
    stack.close()
