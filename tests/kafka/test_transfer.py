"""Move an installation into a running stack and out again: nothing is told twice, and rumor outcomes survive."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from firstword.compose import common, embedded
from firstword.storage.engine import open_database
from firstword.storage.outbox import Outbox
from firstword.store import Store
from firstword.transfer.archive import check_archive
from firstword.transfer.exporter import export_installation
from firstword.transfer.importer import import_installation
from services.common.db import reading
from services.common.settings import Settings
from services.notifier.tables import contact_decisions, refusals
from tests.kafka.lab import TIMEOUT_SECONDS
from tests.kafka.stack import Stack, inbox

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]


def results(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with reading(engine) as connection:
        return inbox(engine) | {
            table.name: sorted(tuple(row) for row in connection.execute(select(table.c.id, table.c.reason)))
            for table in (refusals, contact_decisions)
        }


def outcomes(store: Store) -> list[str]:
    with reading(store.engine) as connection:
        return sorted(store.events.latest_by_key(connection, "outcomes"))


def test_an_installation_moves_into_the_stack_and_out_again(stack: Stack, postgres_url: str, tmp_path: Path) -> None:
    file, back = tmp_path / "installation.jsonl", tmp_path / "back.jsonl"
    with common.open_store(Settings(data=tmp_path / "installation")) as store, file.open("wb") as out:
        asyncio.run(embedded.prepare(store, book=None, opml=None))
        export_installation(store, out)
        before, ended = results(store.engine), outcomes(store)
    stack.call("topics", "apply")
    stack.call("import", str(file))
    stack.start("notifier", "worker", "notifier", "--health-port", "0")
    engine = open_database(postgres_url)
    until = time.monotonic() + TIMEOUT_SECONDS
    while _waiting(engine):
        assert time.monotonic() < until, stack.logs()
        time.sleep(0.2)
    stack.start("matcher", "worker", "matcher", "--health-port", "0")
    idle_checks = 0
    while idle_checks < 3:  # the matcher is done when three checks find nothing waiting
        assert time.monotonic() < until, stack.logs()
        lag = stack.call("lag", "--all")
        idle = "mentions" in lag and "Nothing is waiting." in stack.call("lag") and not _waiting(engine)
        idle_checks = idle_checks + 1 if idle else 0
    found = results(engine)
    assert found == before
    engine.dispose()
    assert "Services are using Kafka: matcher, notifier." in stack.refused("import", str(file), "--merge")
    assert "Services are using this database: notifier." in stack.refused("export", str(back))
    assert stack.stop("matcher") == 0, stack.logs()
    assert stack.stop("notifier") == 0, stack.logs()
    stack.call("export", str(back))

    with common.open_store(Settings(data=tmp_path / "again")) as store, back.open("rb") as given:
        import_installation(store, given, back.name, check_archive(given, back.name))
        assert set(outcomes(store)) >= set(ended)
        embedded.build_runtime(store).run_until_idle()
        again = results(store.engine)
        assert again["drafts"] == before["drafts"]
        assert again["refusals"] == before["refusals"]


def _waiting(engine: Engine) -> int:
    with reading(engine) as connection:
        return Outbox().count_unsent(connection)
