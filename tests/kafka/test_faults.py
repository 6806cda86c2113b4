"""A house on the stack through everything that can fail: in the end it has done what an expected_outputs one does.

From feeds on disk to mails at a mail server, with the commands that a stack runs: ingest, two matchers, the notifier,
the desk. One of the workers is killed again and again, a third matcher comes and goes, the broker and the database are
killed and stay away for 30 s. Compared are verdicts, drafts, refusals, deliveries, contacts and the mails themselves
with a house that runs embedded and hears the same items. Nothing is lost, nothing is done twice; what was being sent
when its worker was killed may have an unknown outcome, and is listed as such.

``FIRSTWORD_TEST_FAULTS_ITEMS`` sets how many items there are (and so how long the kills go on).
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
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
from services.common.processing import AnyEvent
from services.common.settings import Settings, SmtpSettings
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk.actions import Desk
from services.notifier.desk.auth import Viewer
from services.notifier.tables import clients, deliveries, drafts
from tests.kafka.fault_report import Fault, report
from tests.kafka.installation import House, approving, feeding, mail_in_a_thread
from tests.kafka.lab import Lab, run
from tests.kafka.newsroom import SEVERAL, Newsroom
from tests.kafka.snapshot import Rows, mails_of, standing, verdicts
from tests.postgres_server import LocalPostgres, Postgres, debians_postgres
from tests.servers import LocalKafka, kafka_jars
from tests.smtp_server import MailServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

ITEMS = int(os.environ.get("FIRSTWORD_TEST_FAULTS_ITEMS", "10000"))
#: A feed of 100 items every so many seconds.
FEED_SECONDS = 2.4
KILLS = 20
#: Of the kills, so many come after the last feed, while the last drafts are approved and sent.
LATE_KILLS = 3
AWAY_SECONDS = 30
#: The mail server takes so long to answer, so that kills fall between.
ANSWER_SECONDS = 0.2
#: What an ingest was about to poll when it was killed is polled by another after 180 s.
TIMEOUT_SECONDS = 240
#: The topics that workers read.
READ = ("items", "mentions", "alerts", "drafts", "decisions", "interactions")
HOW_TO_GET = "it kills its own servers: install Java 17, Maven and Debian's package postgresql"


@dataclass
class World:
    """Where it happens."""

    lab: Lab
    kafka: LocalKafka
    postgres: LocalPostgres
    mail: MailServer
    settings: Settings
    engine: Engine
    room: Newsroom
    house: House
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
        mail = stack.enter_context(mail_in_a_thread())
        mail.after_seconds = ANSWER_SECONDS
        url = Postgres(postgres.url).new().render_as_string(hide_password=False)
        engine = open_database(url)
        stack.callback(engine.dispose)
        folder = tmp_path / "stack"
        folder.mkdir()
        lab = Lab(KafkaSettings(brokers=kafka.servers, prefix="faults."), folder)
        house = House(lab, url, folder, mail.port)
        stack.callback(house.close)
        settings = Settings(data=folder / "data", database=SecretStr(url))
        room = Newsroom(ITEMS, (settings.data / "feeds").as_uri())
        yield World(lab, kafka, postgres, mail, settings, engine, room, house)


def open_house(world: World) -> str:
    """Start everything, wait until the book is known everywhere, return a token for the desk's API."""
    house, book = world.house, world.room.book()
    house.call("topics", "apply")
    with common.open_store(world.settings) as store:
        store.import_book(book)
    token = house.call("signin", "--api-token").strip()
    house.start("desk", "desk", "--port", str(house.desk_port))
    house.start("ingest", "worker", "ingest")
    for number in (1, 2):
        house.start(f"matcher-{number}", "worker", "matcher")
    house.start("notifier", "worker", "notifier")
    known = select(func.count()).select_from(clients)
    assert house.until(lambda: count(world.engine, known) == len(book.clients), TIMEOUT_SECONDS), house.logs()
    return token


def strike(world: World, names: tuple[str, ...], dice: random.Random) -> None:
    """SIGKILL one of these, and let some seconds pass."""
    name = dice.choice(names)
    with struck(world, f"SIGKILL {name}"):
        world.house.kill(name)
    world.house.wait(dice.uniform(4, 8))


@contextmanager
def struck(world: World, what: str) -> Iterator[None]:
    fault = Fault(what, time.time())
    yield
    fault.ended = time.time()
    world.faults.append(fault)


def storm(world: World, dice: random.Random) -> None:
    """All faults but the late kills."""
    house, workers = world.house, ("ingest", "matcher-1", "matcher-2", "notifier")
    for number in range(KILLS - LATE_KILLS):
        strike(world, workers, dice)
        if number == 3:
            with struck(world, "a third matcher joins"):
                house.start("matcher-3", "worker", "matcher")
            house.wait(8)
        if number == 6:
            with struck(world, "Kafka killed"):
                world.kafka.kill()
                house.wait(AWAY_SECONDS)
                world.kafka.start()
            house.wait(15)
        if number == 10:
            with struck(world, "PostgreSQL killed"):
                world.postgres.kill()
                house.wait(AWAY_SECONDS)
                world.postgres.start()
            house.wait(10)
        if number == 12:
            with struck(world, "the third matcher leaves (SIGTERM)"):
                assert house.stop("matcher-3") == 0, house.logs()
            house.wait(5)


def live(world: World, token: str) -> int:
    """Feed, approve and break things, until all is done; return how many drafts were approved."""
    house, room, dice = world.house, world.room, random.Random(7)  # noqa: S311 - whom to kill, no secret
    told, stop = threading.Event(), threading.Event()

    def may_go(client_id: str) -> bool:
        return told.is_set() or room.kind_of(client_id) not in SEVERAL

    with ThreadPoolExecutor() as threads:
        try:
            feeds = threads.submit(feeding, world.settings, room, FEED_SECONDS)
            desk = threads.submit(approving, f"http://127.0.0.1:{house.desk_port}", token, may_go, stop)
            house.beside += (feeds, desk)
            storm(world, dice)
            assert house.until(feeds.done, TIMEOUT_SECONDS)
            quiet(world)
            told.set()
            for _ in range(LATE_KILLS):
                strike(world, ("matcher-1", "matcher-2", "notifier", "notifier"), dice)
            quiet(world)
            assert house.until(lambda: open_drafts(world.engine) == 0, TIMEOUT_SECONDS), house.logs()
            assert house.until(lambda: pending(world.engine) == 0, TIMEOUT_SECONDS), house.logs()
            quiet(world)
        finally:
            house.beside.clear()
            stop.set()
        return desk.result()


def quiet(world: World) -> None:
    """Wait until all items are in and nothing waits anywhere."""
    assert world.house.until(lambda: items_in(world.engine) >= ITEMS, TIMEOUT_SECONDS), world.house.logs()
    done = threading.Event()

    async def wait() -> None:
        services = {"matcher": matcher_processors(world.settings), "notifier": notifier_processors(world.settings)}
        async with IdleWaiter(world.engine, world.lab.settings, services) as still:
            await still.wait()

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(run, wait())
        waiting.add_done_callback(lambda _: done.set())
        assert world.house.until(done.is_set, TIMEOUT_SECONDS), world.house.logs()
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


def close_house(world: World) -> None:
    """Stop all in order; what nobody can say the end of is listed, as an older worker would do after four minutes."""
    for name in ("desk", "ingest", "matcher-1", "matcher-2", "notifier"):
        assert world.house.stop(name) == 0, world.house.logs()
    with common.open_store(world.settings) as store:
        DeliveryWorker(store.engine, store.events, store.clock, {}).recover(timedelta(0))


def embedded(world: World, items: list[AnyEvent], folder: Path, mail: MailServer) -> dict[str, Rows]:
    """What a house in one process comes to that hears the same items, expected_outputs."""
    smtp = SmtpSettings(host="127.0.0.1", port=mail.port, security="none")
    with common.open_store(Settings(data=folder, smtp=smtp)) as store:
        store.import_book(world.room.book())
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
        return standing(store.engine)


def approve_all(store: Store) -> None:
    """By the desk's own action."""
    with reading(store.engine) as connection:
        waiting = connection.execute(select(drafts.c.id, drafts.c.version).where(drafts.c.state == "open")).all()
    viewer = Viewer("owner", "Owner", "owner", None, "UTC")
    for draft_id, version in waiting:
        with store.engine.begin() as connection:
            Desk(connection, store.events, viewer, store.clock.now()).approve(draft_id, version)


def heard(lab: Lab) -> list[AnyEvent]:
    """The items in the order in which they came to Kafka, each once: within a partition, that is what counts."""
    records = sorted(lab.read("items"), key=lambda one: (one.timestamp_ms, one.partition, one.offset))
    events = {event.id: event for event in (decode("items", record.payload or b"") for record in reversed(records))}
    return list(reversed(events.values()))


def without(rows: Rows, left_out: set[str], *names: str) -> Rows:
    """``rows`` without the columns ``names`` of those that are left out."""
    return {id: {k: v for k, v in row.items() if id not in left_out or k not in names} for id, row in rows.items()}


def assert_same(found: dict[str, Rows], wanted: dict[str, Rows], unknown: set[str]) -> None:
    """Compare two houses; ``unknown`` are the deliveries of which the first doesn't know the end."""
    their_drafts = {row["draft_id"] for id, row in found["deliveries"].items() if id in unknown}
    assert verdicts(found) == verdicts(wanted)
    left_out: Mapping[str, tuple[set[str], tuple[str, ...]]] = {
        "drafts": (their_drafts, ("state", "outcome")),
        "deliveries": (unknown, ("status",)),
    }
    for name, rows in wanted.items():
        ids, columns = left_out.get(name, (set(), ()))
        got, expected = without(found[name], ids, *columns), without(rows, ids, *columns)
        if name == "interactions":  # a contact is noted when it is known to have taken place
            expected = {id: row for id, row in expected.items() if row["draft_id"] not in their_drafts}
        assert got.keys() == expected.keys(), name
        different = {id: (got[id], row) for id, row in expected.items() if got[id] != row}
        assert not different, (name, len(different), next(iter(different.items())))


def test_kills_and_outages_change_nothing_that_is_decided_written_or_sent(world: World, tmp_path: Path) -> None:
    began = time.monotonic()
    token = open_house(world)
    approved = live(world, token)
    close_house(world)
    found, items = standing(world.engine), heard(world.lab)
    with mail_in_a_thread() as quiet_mail:
        wanted = embedded(world, items, tmp_path / "embedded", quiet_mail)

    unknown = {id for id, row in found["deliveries"].items() if row["status"] == "unknown"}
    mails, wanted_mails = mails_of(world.mail.accepted), mails_of(quiet_mail.accepted)
    print(
        f"\n{len(items):,} items, {len(world.room.book().clients):,} clients; "
        + ", ".join(f"{len(rows):,} {name}" for name, rows in found.items())
        + f"; {approved:,} approved, {sum(map(len, mails.values())):,} mails; "
        f"{len(unknown)} of unknown outcome, {len(unknown & mails.keys())} of which had arrived; "
        f"{len(world.house.fallen)} processes ended by themselves: {world.house.fallen}; "
        f"{time.monotonic() - began:.0f} s"
    )
    print(report(world.lab, world.faults))

    titles = sorted(entry.title for feed in world.room.feeds for entry in feed)
    assert sorted(item.data.item.title for item in items if isinstance(item.data, ItemIngested)) == titles
    assert len(titles) == ITEMS
    assert set(verdicts(wanted).values()) == {"tell", "warn", "hold", "correct", "ignore"}
    assert_same(found, wanted, unknown)
    assert {row["status"] for row in wanted["deliveries"].values()} == {"delivered"}
    assert {row["status"] for row in found["deliveries"].values()} <= {"delivered", "unknown"}
    assert len(unknown) <= 4 * KILLS  # at most what a worker sends at once
    assert all(len(each) == 1 for each in mails.values()), "no mail comes twice"
    assert mails == {id: each for id, each in wanted_mails.items() if id not in unknown - mails.keys()}
    assert_topics(world, wanted)


def assert_topics(world: World, wanted: dict[str, Rows]) -> None:
    """What others read on Kafka is the same as well, and nothing was put aside."""
    said = {decode("alerts", record.payload or b"").id: record.payload for record in world.lab.read("alerts")}
    alerts = [decode("alerts", raw or b"") for raw in said.values()]
    assert {alert.data.alert.id for alert in alerts} == wanted["alerts"].keys()  # type: ignore[attr-defined]
    assert {encode(alert) for alert in alerts} == {record.payload for record in world.lab.read("alerts")}
    assert not [name for name in READ if world.lab.read(f"{name}.dlq")]
    assert count(world.engine, select(func.count()).where(outbox.c.refused.is_not(None))) == 0
