"""Move an installation into a running stack and out again: nothing is told twice, and rumor outcomes survive."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from firstword.compose import common, embedded
from firstword.compose.stack import matcher_processors, notifier_processors
from firstword.runtimes.kafka.admin import open_admin
from firstword.runtimes.kafka.idle import IdleWaiter
from firstword.runtimes.kafka.lag import services_on_kafka
from firstword.storage.engine import open_database
from firstword.storage.outbox import Outbox
from firstword.store import Store
from firstword.transfer.archive import check_archive
from firstword.transfer.exporter import export_installation
from firstword.transfer.importer import import_installation
from services.common.db import reading
from services.common.errors import Unreachable
from services.common.settings import Settings
from services.notifier.tables import contact_decisions, refusals
from tests.kafka.lab import TIMEOUT_SECONDS, Lab, wait_until
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


def test_an_installation_moves_into_the_stack_and_out_again(
    stack: Stack, lab: Lab, postgres_url: str, tmp_path: Path
) -> None:
    file, back = tmp_path / "installation.jsonl", tmp_path / "back.jsonl"
    with common.open_store(Settings(data=tmp_path / "installation")) as store, file.open("wb") as out:
        asyncio.run(embedded.prepare(store, book=None, opml=None))
        export_installation(store, out)
        before, ended = results(store.engine), outcomes(store)
    stack.call("topics", "apply")
    stack.call("import", str(file))
    stack.start("notifier", "worker", "notifier", "--health-port", "0")
    engine = open_database(postgres_url)
    wait_until(lambda: not _waiting(engine), "the notifier to send what was imported")
    stack.start("matcher", "worker", "matcher", "--health-port", "0")
    asyncio.run(wait_until_idle(lab, engine, Settings(data=tmp_path / "unused", database=SecretStr(postgres_url))))
    found = results(engine)
    assert found == before
    engine.dispose()
    assert "Services are using Kafka: matcher, notifier." in stack.refused("import", str(file), "--merge")
    assert "Services are using this database: notifier." in stack.refused("export", str(back))
    assert stack.stop("matcher") == 0, stack.logs()
    assert stack.stop("notifier") == 0, stack.logs()
    wait_until(lambda: not _running(lab), "the workers to leave their groups")
    stack.call("export", str(back))

    with common.open_store(Settings(data=tmp_path / "again")) as store, back.open("rb") as given:
        import_installation(store, given, back.name, check_archive(given, back.name))
        assert set(outcomes(store)) >= set(ended)
        embedded.build_runtime(store).run_until_idle()
        again = results(store.engine)
        assert again["drafts"] == before["drafts"]
        assert again["refusals"] == before["refusals"]


def _running(lab: Lab) -> list[str]:
    with open_admin(lab.settings) as client:
        return services_on_kafka(client, lab.settings)


async def wait_until_idle(lab: Lab, engine: Engine, settings: Settings) -> None:
    """Wait until the matcher and the notifier have nothing to do, three times in a row."""
    services = {"matcher": matcher_processors(settings), "notifier": notifier_processors(settings)}
    async with asyncio.timeout(TIMEOUT_SECONDS), IdleWaiter(engine, lab.settings, services) as waiter:
        idle_checks = 0
        while idle_checks < 3:
            with contextlib.suppress(Unreachable):  # a slow machine takes longer than the two minutes that it waits
                await waiter.wait()
                idle_checks += 1
            await asyncio.sleep(0.5)


def _waiting(engine: Engine) -> int:
    with reading(engine) as connection:
        return Outbox().count_unsent(connection)
