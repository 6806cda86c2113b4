"""Build what the embedded system and the stack's services share: store, pipeline, ingest."""

from __future__ import annotations

from sqlalchemy import Engine

from firstword.compose.outbound import build_http
from firstword.desk_book import DeskBook
from firstword.feed_metrics import FeedCollector
from firstword.firm_files import gate_in_force, trades_in_force
from firstword.gate_log import record_policy
from firstword.inlets import Inlets
from firstword.pipeline import Pipeline
from firstword.storage.engine import DamagedDatabase, open_database, open_sqlite
from firstword.storage.event_log import EventLog
from firstword.storage.migrate import migrate, require_migrated
from firstword.storage.outbox import OutboxPublisher
from firstword.store import Store
from services.common.clock import Clock, SystemClock
from services.common.db import reading
from services.common.http import HttpSettings
from services.common.metrics import Metrics
from services.common.processing import Sink
from services.common.sealing import read_keys
from services.common.settings import Settings
from services.ingest.fetch.fetchers import ACCEPT_PAGES, FetcherByScheme, FileFetcher, HttpFetcher
from services.ingest.readers import Readers
from services.ingest.repository import Repository
from services.ingest.service import IngestService, IngestSettings
from services.ingest.websub.subscriber import HubSubscriber
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.thresholds import Thresholds
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from services.notifier.second_reading.sink import SecondReadingSink
from services.notifier.sinks import all_sinks
from services.notifier.webhooks import endpoints

__all__ = [
    "build_client_book",
    "build_hub_subscriber",
    "build_ingest",
    "build_inlets",
    "build_pipeline",
    "build_sinks",
    "measure_feeds",
    "migrate_database",
    "open_as_it_is",
    "open_store",
    "record_gate",
]

#: How long a worker of the stack holds a feed without renewing the lease, which it does every few seconds.
LEASE_SECONDS = 45


def open_store(settings: Settings, clock: Clock | None = None) -> Store:
    """Open the stack's database if one is configured; otherwise open the data folder, creating it if necessary.

    Raises:
        BadInput: the folder can't be created, or the keys can't be read.
        DamagedDatabase: the folder was in use, and its database is damaged, empty or missing.
        NotMigrated: the stack's database has another version's tables.
        Unreachable: the stack's database doesn't answer.
        NewerDatabase: a later version of Firstword wrote the database.
    """
    clock = clock or SystemClock()
    if (url := settings.database_url) is not None:
        engine = open_database(url)
        require_migrated(engine)
        return Store(settings, _with_keys(engine, settings), clock, OutboxPublisher(clock))
    _refuse_lost_database(settings)
    engine = open_sqlite(settings.database_file)
    migrate(engine)
    return Store(settings, _with_keys(engine, settings), clock, EventLog())


def open_as_it_is(settings: Settings) -> Engine:
    """Open the data folder's database without changing its tables, as before a backup of an older version's.

    Raises:
        DamagedDatabase: it can't be read.
    """
    return open_sqlite(settings.database_file)


def record_gate(store: Store) -> None:
    """Put the firm's rules of approval into the audit log if they have changed since the last start."""
    with store.engine.begin() as connection:
        record_policy(connection, gate_in_force(store.settings), store.clock.now())


def _refuse_lost_database(settings: Settings) -> None:
    """Raise if the data folder was in use and its database is gone: a new one would hide the loss behind a sample."""
    file = settings.database_file
    if settings.key_file.exists() and not (file.exists() and file.stat().st_size):
        what = "is empty" if file.exists() else "is missing"
        raise DamagedDatabase(
            f"{file} {what}, but this folder was in use.",
            fix="Put it back from your backup, or start anew in another folder with --data.",
        )


def _with_keys(engine: Engine, settings: Settings) -> Engine:
    """Return ``engine`` with the keys that seal secrets, after sealing any secret that is still in plain text."""
    given = settings.keys.get_secret_value() if settings.keys is not None else None
    keys = read_keys(given, settings.key_file if settings.database is None else None)
    engine = engine.execution_options(keys=keys)
    with reading(engine) as connection:
        unsealed = endpoints.count_unsealed(connection) + Repository().count_unsealed(connection)
    if unsealed:
        with engine.begin() as connection:
            endpoints.seal_all(connection)
            Repository().seal_all(connection)
    return engine


def migrate_database(url: str) -> str | None:
    """Bring the stack's database to this version's tables; return the new revision, or None if nothing changed."""
    engine = open_database(url)
    try:
        return migrate(engine)
    finally:
        engine.dispose()


def build_pipeline(thresholds: Thresholds | None = None, playbooks: Playbooks | None = None) -> Pipeline:
    """Build the processors: items → mentions → alerts → drafts. The defaults are those that ship with Firstword."""
    return Pipeline((Annotate(thresholds=thresholds), Judge(thresholds), DraftWriter(playbooks or Playbooks.shipped())))


def build_sinks(settings: Settings) -> tuple[Sink, ...]:
    """Build what keeps the notifier's tables; the queue of the second reader only if one is configured."""
    reader = settings.second_reader
    if reader.url is None:
        return all_sinks()
    hosts = frozenset(place.partition(":")[0].casefold() for place in settings.allow_private)
    return (*all_sinks(), SecondReadingSink(reader.least_score, hosts))


def build_ingest(store: Store, metrics: Metrics | None = None, readers: Readers | None = None) -> IngestService:
    """Build ingest, which fetches over HTTP and from files below the data folder's ``feeds`` and the sample's feeds.

    Folders of inlets are in ``feeds/inlets``.

    ``readers`` run what reads hostile documents; the default is threads of this process.
    """
    settings = store.settings
    http = HttpSettings(allow_private=settings.allow_private, pool_per_host=True, http2=True)
    client = build_http(settings, http)
    web, pages = HttpFetcher(client), HttpFetcher(client, ACCEPT_PAGES)
    files = FileFetcher([settings.data / "feeds", settings.data / "sample"])
    fetcher = FetcherByScheme({"http": web, "https": web, "file": files})
    lease = None if settings.database is None else LEASE_SECONDS
    polling = IngestSettings(concurrency=settings.fetch_concurrency, lease_seconds=lease)
    inlets = settings.data / "feeds" / "inlets"
    return IngestService(
        store.engine,
        fetcher,
        store.events,
        store.clock,
        polling,
        metrics,
        readers,
        inlets,
        allow_private=settings.allow_private,
        pages=FetcherByScheme({"http": pages, "https": pages}),
    )


def build_inlets(store: Store) -> Inlets:
    """Build what sets up inlets: watched pages, mailboxes, folders and programs."""
    return Inlets(store, build_ingest(store))


def build_hub_subscriber(store: Store, metrics: Metrics, readers: Readers) -> HubSubscriber | None:
    """Build what asks feeds' hubs to report news; None if they couldn't reach this installation, or aren't wanted."""
    settings, address = store.settings, store.settings.public_address
    if address is None or not settings.websub:
        return None
    client = build_http(settings, HttpSettings(allow_private=settings.allow_private, pool_per_host=True, http2=True))
    return HubSubscriber(store.engine, client, readers, store.clock, address, metrics)


def build_client_book(settings: Settings) -> DeskBook:
    """Build what reads and writes clients' entries, with the trades in force."""
    return DeskBook(trades_in_force(settings))


def measure_feeds(ingest: IngestService, metrics: Metrics) -> None:
    """Let /metrics say how feeds fare."""
    metrics.registry.register(FeedCollector(ingest))
