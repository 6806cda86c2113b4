"""Build what the embedded system and the stack's services share: store, pipeline, ingest, desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import uvicorn
from sqlalchemy import Engine

from firstword.compose.outbound import build_client_routes, build_manager_routes
from firstword.connections import LimitedProtocol
from firstword.desk_book import DeskBook
from firstword.feed_adapter import FeedAdapter
from firstword.firm_files import gate_in_force, trades_in_force
from firstword.interest_preview import InterestPreviewer
from firstword.pipeline import Pipeline
from firstword.source_adapter import SourceAdapter
from firstword.source_grades import SourceGrades
from firstword.storage.engine import DamagedDatabase, open_database, open_sqlite
from firstword.storage.event_log import EventLog
from firstword.storage.migrate import migrate, require_migrated
from firstword.storage.outbox import OutboxPublisher
from firstword.store import Store
from firstword.system import DeskServer
from services.common.clock import Clock, SystemClock
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.metrics import Metrics
from services.common.processing import Sink
from services.common.sealing import read_keys
from services.common.settings import Settings
from services.ingest.fetch.fetchers import FetcherByScheme, FileFetcher, HttpFetcher
from services.ingest.readers import Readers
from services.ingest.service import IngestService, IngestSettings
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.thresholds import Thresholds
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, DeskSettings
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from services.notifier.second_reading.sink import SecondReadingSink
from services.notifier.sinks import all_sinks
from services.notifier.webhooks import endpoints

__all__ = [
    "build_client_book",
    "build_desk",
    "build_ingest",
    "build_pipeline",
    "build_sinks",
    "migrate_database",
    "open_store",
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
        unsealed = endpoints.count_unsealed(connection)
    if unsealed:
        with engine.begin() as connection:
            endpoints.seal_all(connection)
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

    ``readers`` run what reads hostile documents; the default is threads of this process.
    """
    settings = store.settings
    web = HttpFetcher(GuardedClient(HttpSettings(allow_private=settings.allow_private)))
    files = FileFetcher([settings.data / "feeds", settings.data / "sample"])
    fetcher = FetcherByScheme({"http": web, "https": web, "file": files})
    lease = None if settings.database is None else LEASE_SECONDS
    polling = IngestSettings(concurrency=settings.fetch_concurrency, lease_seconds=lease)
    return IngestService(store.engine, fetcher, store.events, store.clock, polling, metrics, readers)


def build_client_book(settings: Settings) -> DeskBook:
    """Build what reads and writes clients' entries, with the trades in force."""
    return DeskBook(trades_in_force(settings))


def build_desk(
    store: Store, ingest: IngestService, metrics: Metrics, ready: Callable[[], Sequence[str]] = tuple
) -> DeskServer:
    """Build the account managers' web app. It reads feeds through ``ingest``, which need not run in this process."""
    settings, feeds, routes = store.settings, FeedAdapter(ingest), build_client_routes(store)
    app = create_app(
        DeskDependencies(
            engine=store.engine,
            publisher=store.events,
            clock=store.clock,
            settings=DeskSettings(
                secret=store.session_secret(),
                base_url=settings.address,
                allowed_hosts=("127.0.0.1", "localhost", settings.host, *settings.allowed_hosts),
                mail_channel=bool(routes),
                mail_fix="Set FIRSTWORD_SMTP_HOST (and _PORT, _USERNAME, _PASSWORD, _SENDER) to send from here.",
                signin_command="firstword signin",
                undo=timedelta(seconds=settings.undo_seconds),
            ),
            feeds_view=feeds.view,
            feed_actions=feeds,
            sources_view=SourceAdapter(SourceGrades(store)).view,
            ready=ready,
            metrics=metrics.registry,
            client_routes=routes,
            manager_routes=build_manager_routes(store),
            gate=gate_in_force(settings),
            trades=trades_in_force(settings),
            client_book=build_client_book(settings),
            interest_previews=InterestPreviewer(store.engine, store.events),
        )
    )
    return DeskServer(
        uvicorn.Config(
            app,
            http=LimitedProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )
