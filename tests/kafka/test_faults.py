"""An installation of the stack survives every fault: in the end it has done what an undisturbed one does.

It runs from feeds on disk to mails at a mail server, with the stack's commands: ingest, two matchers, the notifier and
the desk. Workers are killed repeatedly, a third matcher joins and leaves, and the broker and the database are killed
and stay down for 30 s. Verdicts, drafts, refusals, deliveries, contacts and the mails themselves are compared with an
embedded installation that gets the same items. Nothing is lost and nothing is done twice. A delivery in progress when
its worker is killed may have an unknown outcome; it is listed as such.

``FIRSTWORD_TEST_FAULTS_ITEMS`` sets the number of items, and so the duration of the test.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from firstword.compose import common, outbound
from firstword.compose.embedded import build_runtime
from firstword.compose.stack import matcher_processors, notifier_processors
from firstword.runtimes.kafka.idle import IdleWaiter
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.storage.engine import open_database
from firstword.storage.tables import outbox
from firstword.store import Store
from schemas.items import ItemIngested
from schemas.topics import decode, encode
from services.common.db import reading
from services.common.errors import Unreachable
from services.common.processing import AnyEvent
from services.common.settings import Settings, SmtpSettings
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.actions.drafts import approve
from services.notifier.desk.auth import Viewer
from services.notifier.tables import clients, deliveries, drafts
from tests.kafka.fault_report import Fault, report
from tests.kafka.installation import Installation, approve_drafts, mail_server_thread, write_feeds
from tests.kafka.lab import Lab, run
from tests.kafka.newsroom import SEVERAL_ITEMS, Newsroom
from tests.kafka.snapshot import Rows, mails_of, snapshot, verdicts
from tests.postgres_server import LocalPostgres, Postgres, debians_postgres
from tests.servers import LocalKafka, kafka_jars
from tests.smtp_server import MailServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

ITEMS = int(os.environ.get("FIRSTWORD_TEST_FAULTS_ITEMS", "10000"))
#: Seconds between feeds of 100 items each.
FEED_SECONDS = 2.4
KILLS = 20
#: The number of kills after the last feed, while the last drafts are approved and sent.
LATE_KILLS = 3
OUTAGE_SECONDS = 30
#: The mail server answers this slowly, so that kills happen during deliveries.
ANSWER_SECONDS = 0.2
#: A feed that was being polled when its ingest was killed is polled by another one after 180 s.
TIMEOUT_SECONDS = 900
#: The topics that workers read.
READ = ("items", "mentions", "alerts", "drafts", "decisions", "interactions")
HOW_TO_GET = "this test kills its own servers: install Java 17, Maven and Debian's package postgresql"


@dataclass
class World:
    """The servers, the installation and its data."""

    lab: Lab
    kafka: LocalKafka
    postgres: LocalPostgres
    mail: MailServer
    settings: Settings
    engine: Engine
    newsroom: Newsroom
    installation: Installation
    faults: list[Fault] = field(default_factory=list)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    jars, binaries = kafka_jars(), debians_postgres()
    if jars is None or binaries is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET, pytrace=False)
        pytest.skip(HOW_TO_GET)
    with ExitStack() as stack:
        kafka = LocalKafka(jars, tmp_path / "kafka")
        kafka.start()
        stack.callback(kafka.stop)
        postgres = LocalPostgres(binaries, "fsync=off", "full_page_writes=off")
        postgres.start()
        stack.callback(postgres.stop)
        mail = stack.enter_context(mail_server_thread())
        mail.after_seconds = ANSWER_SECONDS
        url = Postgres(postgres.url).new().render_as_string(hide_password=False)
        engine = open_database(url)
        stack.callback(engine.dispose)
        folder = tmp_path / "stack"
        folder.mkdir()
        lab = Lab(KafkaSettings(brokers=kafka.servers, prefix="faults."), folder)
        installation = Installation(lab, url, folder, mail.port)
        stack.callback(installation.close)
        settings = Settings(data=folder / "data", database=SecretStr(url))
        newsroom = Newsroom(ITEMS, (settings.data / "feeds").as_uri())
        yield World(lab, kafka, postgres, mail, settings, engine, newsroom, installation)


def start_installation(world: World) -> str:
    """Start everything, wait until the book is imported, and return a token for the desk's API."""
    installation, book = world.installation, world.newsroom.book()
    installation.call("topics", "apply")
    with common.open_store(world.settings) as store:
        store.import_book(book)
    token = installation.call("signin", "--api-token").strip()
    installation.start("desk", "desk", "--port", str(installation.desk_port))
    installation.start("ingest", "worker", "ingest")
    for number in (1, 2):
        installation.start(f"matcher-{number}", "worker", "matcher")
    installation.start("notifier", "worker", "notifier")
    known = select(func.count()).select_from(clients)
    assert installation.until(lambda: count(world.engine, known) == len(book.clients), TIMEOUT_SECONDS), (
        installation.logs()
    )
    return token


def kill_one(world: World, names: tuple[str, ...], dice: random.Random) -> None:
    """Kill one of these processes and wait some seconds."""
    name = dice.choice(names)
    with record_fault(world, f"SIGKILL {name}"):
        world.installation.kill(name)
    world.installation.wait(dice.uniform(4, 8))


@contextmanager
def record_fault(world: World, name: str) -> Iterator[None]:
    fault = Fault(name, time.time())
    yield
    fault.ended = time.time()
    world.faults.append(fault)


def cause_faults(world: World, dice: random.Random) -> None:
    """Cause all faults except the late kills."""
    installation, workers = world.installation, ("ingest", "matcher-1", "matcher-2", "notifier")
    for number in range(KILLS - LATE_KILLS):
        kill_one(world, workers, dice)
        if number == 3:
            with record_fault(world, "a third matcher joins"):
                installation.start("matcher-3", "worker", "matcher")
            installation.wait(8)
        if number == 6:
            with record_fault(world, "Kafka killed"):
                world.kafka.kill()
                installation.wait(OUTAGE_SECONDS)
                world.kafka.start()
            installation.wait(15)
        if number == 10:
            with record_fault(world, "PostgreSQL killed"):
                world.postgres.kill()
                installation.wait(OUTAGE_SECONDS)
                world.postgres.start()
            installation.wait(10)
        if number == 12:
            with record_fault(world, "the third matcher leaves (SIGTERM)"):
                assert installation.stop("matcher-3") == 0, installation.logs()
            installation.wait(5)


def run_installation(world: World, token: str) -> int:
    """Write feeds, approve drafts and cause faults until everything is done; return the number of approved drafts."""
    installation, newsroom, dice = world.installation, world.newsroom, random.Random(7)  # noqa: S311 - no secret
    stories_done, stop = threading.Event(), threading.Event()

    def may_approve(client_id: str) -> bool:
        return stories_done.is_set() or newsroom.kind_of(client_id) not in SEVERAL_ITEMS

    with ThreadPoolExecutor() as threads:
        try:
            feeds = threads.submit(write_feeds, world.settings, newsroom, FEED_SECONDS)
            desk = threads.submit(
                approve_drafts, f"http://127.0.0.1:{installation.desk_port}", token, may_approve, stop
            )
            installation.background += (feeds, desk)
            cause_faults(world, dice)
            assert installation.until(feeds.done, TIMEOUT_SECONDS)
            wait_until_idle(world)
            stories_done.set()
            for _ in range(LATE_KILLS):
                kill_one(world, ("matcher-1", "matcher-2", "notifier", "notifier"), dice)
            wait_until_idle(world)
            assert installation.until(lambda: open_drafts(world.engine) == 0, TIMEOUT_SECONDS), installation.logs()
            assert installation.until(lambda: pending(world.engine) == 0, TIMEOUT_SECONDS), installation.logs()
            wait_until_idle(world)
        finally:
            installation.background.clear()
            stop.set()
        return desk.result()


def wait_until_idle(world: World) -> None:
    """Wait until all items are ingested and processed."""
    assert world.installation.until(lambda: items_in(world.engine) >= ITEMS, TIMEOUT_SECONDS), world.installation.logs()
    done = threading.Event()

    async def wait() -> None:
        services = {"matcher": matcher_processors(world.settings), "notifier": notifier_processors(world.settings)}
        async with IdleWaiter(world.engine, world.lab.settings, services) as still:
            while True:
                with suppress(Unreachable):  # a slow machine takes longer than the two minutes that it waits
                    await still.wait()
                    return

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(run, wait())
        waiting.add_done_callback(lambda _: done.set())
        assert world.installation.until(done.is_set, TIMEOUT_SECONDS), world.installation.logs()
        waiting.result()


def count(engine: Engine, query: object) -> int:
    with reading(engine) as connection:
        return int(connection.scalar(query) or 0)  # type: ignore[call-overload]


def items_in(engine: Engine) -> int:
    return count(engine, select(func.count()).where(outbox.c.topic == "items"))


def open_drafts(engine: Engine) -> int:
    return count(engine, select(func.count()).where(drafts.c.state == "open"))


def pending(engine: Engine) -> int:
    return count(engine, select(func.count()).where(deliveries.c.status == "pending"))


def stop_installation(world: World) -> None:
    """Stop everything; mark deliveries with an unknown outcome, as a worker does after four minutes."""
    for name in ("desk", "ingest", "matcher-1", "matcher-2", "notifier"):
        assert world.installation.stop(name) == 0, world.installation.logs()
    with common.open_store(world.settings) as store:
        DeliveryWorker(store.engine, store.events, store.clock, {}).recover(timedelta(0))


def embedded(world: World, items: list[AnyEvent], folder: Path, mail: MailServer) -> dict[str, Rows]:
    """Return the snapshot of an undisturbed embedded installation that gets the same items."""
    smtp = SmtpSettings(host="127.0.0.1", port=mail.port, security="none")
    with common.open_store(Settings(data=folder, smtp=smtp)) as store:
        store.import_book(world.newsroom.book())
        store.create_api_token()
        with store.engine.begin() as connection:
            store.events.publish(connection, items)
        runtime = build_runtime(store)
        runtime.run_until_idle()
        approve_all(store)
        sender = DeliveryWorker(store.engine, store.events, store.clock, outbound.build_channels(store))
        while asyncio.run(sender.deliver_due()):
            pass
        runtime.run_until_idle()
        return snapshot(store.engine)


def approve_all(store: Store) -> None:
    """Approve all drafts by the desk's own action."""
    with reading(store.engine) as connection:
        waiting = connection.execute(select(drafts.c.id, drafts.c.version).where(drafts.c.state == "open")).all()
    viewer = Viewer("owner", "Owner", "owner", None, "UTC")
    for draft_id, version in waiting:
        with store.engine.begin() as connection:
            approve(ActionContext(connection, store.events, viewer, store.clock.now()), draft_id, version)


def items_in_order(lab: Lab) -> list[AnyEvent]:
    """Return the items in their order on Kafka, without repeats."""
    records = sorted(lab.read("items"), key=lambda record: (record.timestamp_ms, record.partition, record.offset))
    events = {event.id: event for event in (decode("items", record.payload or b"") for record in reversed(records))}
    return list(reversed(events.values()))


def without(rows: Rows, ids: set[str], *names: str) -> Rows:
    """Return ``rows``, those with ``ids`` without the columns ``names``."""
    return {id: {k: v for k, v in row.items() if id not in ids or k not in names} for id, row in rows.items()}


def assert_same(found: dict[str, Rows], wanted: dict[str, Rows], unknown: set[str]) -> None:
    """Compare two snapshots; ``unknown`` are the deliveries with an unknown outcome in the first one."""
    their_drafts = {row["draft_id"] for id, row in found["deliveries"].items() if id in unknown}
    assert verdicts(found) == verdicts(wanted)
    left_out: Mapping[str, tuple[set[str], tuple[str, ...]]] = {
        "drafts": (their_drafts, ("state", "outcome")),
        "deliveries": (unknown, ("status",)),
    }
    for name, rows in wanted.items():
        ids, columns = left_out.get(name, (set(), ()))
        got, expected = without(found[name], ids, *columns), without(rows, ids, *columns)
        if name == "interactions":  # a contact is logged once the delivery has succeeded
            expected = {id: row for id, row in expected.items() if row["draft_id"] not in their_drafts}
        assert got.keys() == expected.keys(), name
        different = {id: (got[id], row) for id, row in expected.items() if got[id] != row}
        assert not different, (name, len(different), next(iter(different.items())))


def test_kills_and_outages_change_no_decision_draft_or_mail(world: World, tmp_path: Path) -> None:
    began = time.monotonic()
    token = start_installation(world)
    approved = run_installation(world, token)
    stop_installation(world)
    found, items = snapshot(world.engine), items_in_order(world.lab)
    with mail_server_thread() as embedded_mail:
        wanted = embedded(world, items, tmp_path / "embedded", embedded_mail)

    unknown = {id for id, row in found["deliveries"].items() if row["status"] == "unknown"}
    mails, wanted_mails = mails_of(world.mail.accepted), mails_of(embedded_mail.accepted)
    print(
        f"\n{len(items):,} items, {len(world.newsroom.book().clients):,} clients; "
        + ", ".join(f"{len(rows):,} {name}" for name, rows in found.items())
        + f"; {approved:,} approved, {sum(map(len, mails.values())):,} mails; "
        f"{len(unknown)} with an unknown outcome, {len(unknown & mails.keys())} of which had arrived; "
        f"unexpected exits: {world.installation.unexpected_exits}; "
        f"{time.monotonic() - began:.0f} s"
    )
    print(report(world.lab, world.faults))

    titles = sorted(entry.title for feed in world.newsroom.feeds for entry in feed)
    assert sorted(item.data.item.title for item in items if isinstance(item.data, ItemIngested)) == titles
    assert len(titles) == ITEMS
    assert set(verdicts(wanted).values()) == {"tell", "warn", "hold", "correct", "ignore"}
    assert_same(found, wanted, unknown)
    assert {row["status"] for row in wanted["deliveries"].values()} == {"delivered"}
    assert {row["status"] for row in found["deliveries"].values()} <= {"delivered", "unknown"}
    assert len(unknown) <= 4 * KILLS  # at most what a worker sends at once
    assert all(len(copies) == 1 for copies in mails.values()), "no mail is sent twice"
    assert mails == {id: copies for id, copies in wanted_mails.items() if id not in unknown - mails.keys()}
    assert_topics(world, wanted)


def assert_topics(world: World, wanted: dict[str, Rows]) -> None:
    """The alerts on Kafka are the same as well, and there are no dead letters."""
    payloads = {decode("alerts", record.payload or b"").id: record.payload for record in world.lab.read("alerts")}
    alerts = [decode("alerts", raw or b"") for raw in payloads.values()]
    assert {alert.data.alert.id for alert in alerts} == wanted["alerts"].keys()  # type: ignore[attr-defined]
    assert {encode(alert) for alert in alerts} == {record.payload for record in world.lab.read("alerts")}
    assert not [name for name in READ if world.lab.read(f"{name}.dlq")]
    assert count(world.engine, select(func.count()).where(outbox.c.refused.is_not(None))) == 0
