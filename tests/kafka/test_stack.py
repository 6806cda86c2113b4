"""The stack's processes on a real Kafka and PostgreSQL give the same inbox as a single process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from firstword.compose import common, embedded
from firstword.storage.engine import open_database
from services.common.settings import Settings
from tests.kafka.stack import Stack, inbox

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]


def test_the_sample_gives_the_same_inbox_as_in_one_process(stack: Stack, postgres_url: str, tmp_path: Path) -> None:
    assert "already" in stack.call("migrate")
    stack.call("topics", "apply")
    stack.start("matcher", "worker", "matcher", "--health-port", "0")
    stack.start("notifier", "worker", "notifier", "--health-port", "0")
    output = stack.call("sample", "play")
    assert "stories played" in output
    assert "nothing to do" in stack.call("sample", "play")

    # In the same folder, because items are identified by the path of their feed.
    settings = Settings(data=tmp_path / "stack" / "data", database=None)
    with common.open_store(settings) as store:
        asyncio.run(embedded.prepare(store, book=None, opml=None))
        wanted = inbox(store.engine)
    engine = open_database(postgres_url)
    found = inbox(engine)
    engine.dispose()
    assert len(wanted["drafts"]) > 3
    assert found == wanted
    source = str(wanted["outcomes"][0][0])
    assert '"known": true' in stack.call("sources", "explain", source, "--json")
    assert stack.stop("notifier") == 0, stack.logs()
    assert stack.stop("matcher") == 0, stack.logs()
