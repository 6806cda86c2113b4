"""Every dependency on one screen: what is built of what. Nothing is built at import, nothing is built elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine

from firstword.feed_adapter import FeedDesk
from firstword.pipeline import Pipeline
from firstword.playbooks import playbooks_of
from firstword.runtimes.embedded import EmbeddedRuntime
from firstword.runtimes.replay import BEGINNING, Emission, Emit, KeptReplay
from firstword.sample import prepare as sample_prepare
from firstword.sample.prepare import Prepared, Settle
from firstword.storage.engine import open_database, open_sqlite
from firstword.storage.event_log import EventLog
from firstword.storage.migrate import migrate, require_migrated
from firstword.storage.outbox import OutboxPublisher
from firstword.store import Store
from firstword.system import BackgroundService, DeskServer, System, lock_folder
from firstword.threshold_file import require_thresholds
from schemas.clients import Book
from schemas.items import Item
from services.common.clock import Clock, SetClock, SystemClock
from services.common.db import reading
from services.common.errors import BadInput
from services.common.http import GuardedClient, HttpSettings
from services.common.metrics import Metrics
from services.common.processing import AnyEvent, Sink
from services.common.sealing import read_keys
from services.common.settings import Settings
from services.common.settings import SmtpSettings as MailEnvironment
from services.ingest.fetch.fetchers import FetcherByScheme, FileFetcher, HttpFetcher
from services.ingest.service import IngestService, IngestSettings
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.thresholds import Thresholds
from services.notifier.agreement_publisher import ContactClocks
from services.notifier.delivery.channels.base import Channel
from services.notifier.delivery.channels.dkim import read_key
from services.notifier.delivery.channels.slack import Slack
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.channels.teams import Teams
from services.notifier.delivery.mailbox import BounceReader, MailboxSettings
from services.notifier.delivery.routes import MAIL, ManagerWays, Ways, by_manager, by_name, manager_mail
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk.app import create_app
from services.notifier.desk.deps import DeskDeps, DeskSettings
from services.notifier.digest.manager_mailer import ManagerPost
from services.notifier.digest.schedule import Digests
from services.notifier.digest.urgent import Urgent
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import WriteDrafts
from services.notifier.rewording.llm import ChatSettings, OpenAiChat
from services.notifier.rewording.worker import WordingWorker
from services.notifier.sinks import all_sinks
from services.notifier.webhooks import endpoints
from services.notifier.webhooks.notices import Notices
from services.notifier.webhooks.worker import WebhookWorker

__all__ = [
    "build_channels",
    "build_deliveries",
    "build_desk",
    "build_ingest",
    "build_manager_ways",
    "build_pipeline",
    "build_runtime",
    "build_sinks",
    "build_system",
    "build_ways",
    "build_webhooks",
    "build_wordings",
    "limits_of",
    "open_store",
    "prepare",
    "replay_kept",
]


#: In the stack, so long a feed is one worker's own; a poll takes 30 s, and then waits its turn at the host.
LEASE_SECONDS = 180


def open_store(settings: Settings, clock: Clock | None = None) -> Store:
    """Open the data folder, making it and its tables when they are not there; or the stack's database, if one is set.

    Raises:
        BadInput: the folder can't be made, or the keys can't be read.
        NotMigrated: the stack's database is not at this version.
        Unreachable: it doesn't answer.
        NewerDatabase: a later version wrote it.
    """
    clock = clock or SystemClock()
    if (url := settings.database_url) is not None:
        engine = open_database(url)
        require_migrated(engine)
        return Store(settings, _sealed(engine, settings), clock, OutboxPublisher(clock))
    engine = open_sqlite(settings.database_file)
    migrate(engine)
    return Store(settings, _sealed(engine, settings), clock, EventLog())


def _sealed(engine: Engine, settings: Settings) -> Engine:
    """``engine`` with the keys by which secrets in its database are sealed; what lies there unsealed is sealed now."""
    given = settings.keys.get_secret_value() if settings.keys is not None else None
    keys = read_keys(given, settings.key_file if settings.database is None else None)
    known = engine.execution_options(keys=keys)
    with reading(known) as connection:
        unsealed = endpoints.unsealed(connection)
    if unsealed:
        with known.begin() as connection:
            endpoints.seal_all(connection)
    return known


def build_pipeline(thresholds: Thresholds | None = None, playbooks: Playbooks | None = None) -> Pipeline:
    """The processors, in order: items → mentions → alerts → drafts; as shipped unless otherwise said."""
    return Pipeline((Annotate(thresholds=thresholds), Judge(thresholds), WriteDrafts(playbooks or Playbooks.shipped())))


def limits_of(settings: Settings) -> Thresholds | None:
    """The thresholds of judgment that the house has set; None: those that ship.

    Raises:
        BadInput: the file can't be read, or has errors.
    """
    return require_thresholds(settings.thresholds) if settings.thresholds else None


def build_sinks() -> tuple[Sink, ...]:
    """What keeps the desk's tables up to date."""
    return tuple(all_sinks())


def build_runtime(store: Store, on_events: Callable[[Sequence[AnyEvent]], None] | None = None) -> EmbeddedRuntime:
    """The pipeline on the store's database.

    Raises:
        BadInput: that is the stack's, where workers run the pipeline.
    """
    if store.settings.database is not None:
        raise BadInput(
            "This works in one process, with a file of its own, and FIRSTWORD_DATABASE names the stack's database.",
            fix="Unset FIRSTWORD_DATABASE, or use the stack's commands: firstword worker, desk, lag, dlq.",
        )
    pipeline = build_pipeline(limits_of(store.settings), playbooks_of(store.settings))
    return EmbeddedRuntime(store.engine, pipeline, build_sinks(), store.clock, on_events=on_events)


async def prepare(store: Store, *, book: Book | None, opml: Path | None) -> Prepared:
    """Take in what was given; fill an empty folder with the sample. See :mod:`firstword.sample.prepare`."""
    return await sample_prepare.prepare(store, sample_prepare.Builders(build_ingest, _settling), book=book, opml=opml)


def _settling(store: Store) -> Settle:
    runtime = build_runtime(store)

    async def settle() -> None:
        runtime.run_until_idle()

    return settle


def replay_kept(
    settings: Settings, book: Book | None, items: Iterable[Item], emit: Sequence[Emit]
) -> Iterator[Emission]:
    """Replay ``items`` and keep the results in the data folder.

    Raises:
        BadInput: no book is given and the folder holds none.
        InUse: a running system works in the folder.
    """
    clock = SetClock(BEGINNING)
    with lock_folder(settings.data), open_store(settings, clock) as store:
        if book is not None:
            store.import_book(book)
        elif store.book() is None:
            raise BadInput(f"{settings.data}: no clients are known there.", fix="Give a book with --book FILE.")
        kept = KeptReplay(store.engine, EventLog(), clock, emit)
        yield from kept.run(items, build_runtime(store, kept.take))


def build_ingest(store: Store, metrics: Metrics | None = None) -> IngestService:
    """Ingest, fetching over HTTP, and from files below the data folder."""
    settings = store.settings
    client = GuardedClient(HttpSettings(allow_private=settings.allow_private))
    web = HttpFetcher(client)
    files = FileFetcher([settings.data])
    fetcher = FetcherByScheme({"http": web, "https": web, "file": files})
    lease = None if settings.database is None else LEASE_SECONDS
    polling = IngestSettings(concurrency=settings.fetch_concurrency, lease_seconds=lease)
    return IngestService(store.engine, fetcher, store.events, store.clock, polling, metrics)


def build_channels(store: Store) -> dict[str, Channel]:
    """The ways out of the house that are configured."""
    settings, channels = store.settings, dict[str, Channel]()
    if settings.smtp.host is not None:
        channels["email"] = Smtp(_mail(settings.smtp, settings.smtp.host), store.clock)
    slack, teams = _hooks(settings.slack_hooks), _hooks(settings.teams_hooks)
    if slack or teams:
        http = GuardedClient(HttpSettings(allow_private=settings.allow_private, cut_bodies=True))
        channels |= {"slack": Slack(http, store.clock, slack)} if slack else {}
        channels |= {"teams": Teams(http, store.clock, teams)} if teams else {}
    return channels


def build_ways(store: Store) -> Ways:
    """At which address each channel that is configured reaches a client."""
    settings = store.settings
    hooks = {"slack": settings.slack_hooks, "teams": settings.teams_hooks}
    mail = MAIL if settings.smtp.host is not None else {}
    return {**mail, **{name: by_name(known) for name, known in hooks.items() if known}}


def build_manager_ways(store: Store) -> ManagerWays:
    """At which address each channel that is configured reaches an account manager."""
    settings = store.settings
    hooks = {"slack": settings.slack_hooks, "teams": settings.teams_hooks}
    mail: ManagerWays = {"email": manager_mail} if settings.smtp.host is not None else {}
    return {**mail, **{name: by_manager(known) for name, known in hooks.items() if known}}


def _hooks(given: Mapping[str, SecretStr]) -> dict[str, str]:
    return {name: url.get_secret_value() for name, url in given.items()}


def _mail(smtp: MailEnvironment, host: str) -> SmtpSettings:
    sender = smtp.sender or smtp.username or f"firstword@{host}"
    domain = smtp.dkim_domain or sender.rpartition("@")[2]
    return SmtpSettings(
        host=host,
        port=smtp.port,
        from_address=sender,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password.get_secret_value() if smtp.password else None,
        timeout_seconds=smtp.timeout_seconds,
        message_id_domain=host,
        token_file=smtp.token_file,
        unsubscribe=smtp.unsubscribe,
        dkim=None if smtp.dkim_key is None else read_key(domain, smtp.dkim_selector, smtp.dkim_key),
    )


def build_webhooks(store: Store, metrics: Metrics | None = None, *, sole: bool = True) -> WebhookWorker:
    """What posts webhooks. Each endpoint's pace is the worker's own affair, so the client has none."""
    http = HttpSettings(
        total_seconds=15.0,  # Standard Webhooks: between 15 and 30 seconds
        host_concurrency=1_000,
        host_interval_seconds=0.0,
        max_connections=16,
        pool_per_host=True,
        max_body_bytes=4_000,
        cut_bodies=True,
        allow_private=store.settings.allow_private,
    )
    return WebhookWorker(store.engine, store.events, store.clock, GuardedClient(http), sole=sole, metrics=metrics)


def build_deliveries(store: Store, metrics: Metrics, *, sole: bool = True) -> dict[str, BackgroundService]:
    """What sends: messages, webhooks, notices of what can't be sent any more; and what looks at who is owed contact."""
    channels = build_channels(store)
    services: dict[str, BackgroundService] = {
        "delivery": DeliveryWorker(
            store.engine, store.events, store.clock, channels, sole=sole, ways=build_ways(store), metrics=metrics
        ),
        "webhooks": build_webhooks(store, metrics, sole=sole),
        "clocks": ContactClocks(store.engine, store.events, store.clock),
    }
    if channels:
        ways, address = build_manager_ways(store), store.settings.address
        makers = (Digests(ways, address), Urgent(ways, address))
        services["managers"] = ManagerPost(store.engine, store.clock, channels, makers, metrics)
    box = store.settings.mailbox
    if box.host is not None:
        password = box.password.get_secret_value()
        mailbox = MailboxSettings(
            box.host, box.port, box.username, password, box.security, box.folder, box.poll_seconds
        )
        services["bounces"] = BounceReader(store.engine, store.events, store.clock, mailbox, ways=build_ways(store))
    if (wordings := build_wordings(store, metrics)) is not None:
        services["wordings"] = wordings
    if (notices := _notices(store, channels)) is not None:
        services["notices"] = notices
    return services


def _notices(store: Store, channels: Mapping[str, Channel]) -> Notices | None:
    """What tells of endpoints that are given up on: to a mail address, or by a chat's channel and name (slack:ops).

    Raises:
        BadInput: that channel isn't set up.
    """
    to = store.settings.notices_to
    if to is None:
        return None
    name, recipient = to.split(":", 1) if ":" in to else ("email", to)
    if name not in channels:
        raise BadInput(
            f"FIRSTWORD_NOTICES_TO: notices can't go by {name!r}, which isn't set up.",
            fix="Name a mail address, where FIRSTWORD_SMTP_HOST is set, or slack:NAME or teams:NAME with its hooks.",
        )
    return Notices(store.engine, store.clock, channels[name], recipient)


def build_wordings(store: Store, metrics: Metrics | None = None) -> WordingWorker | None:
    """What asks a language model for other words; None where none is set up. Its own address may be a private one.

    Raises:
        BadInput: its address is none.
    """
    llm = store.settings.llm
    if llm.url is None:
        return None
    address = urlsplit(llm.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise BadInput("FIRSTWORD_LLM_URL is no address.", fix="Write it as http://127.0.0.1:8000/v1.")
    http = HttpSettings(
        total_seconds=llm.seconds,
        host_interval_seconds=0.0,
        max_body_bytes=200_000,
        max_unpacked_bytes=400_000,
        allow_private=(address.netloc.rpartition("@")[2],),
    )
    key = llm.key.get_secret_value() if llm.key else None
    chat = OpenAiChat(GuardedClient(http), ChatSettings(llm.url, llm.model, key, llm.max_tokens))
    return WordingWorker(
        store.engine,
        store.clock,
        chat,
        daily_tokens=llm.daily_tokens,
        share_news=llm.share_news,
        metrics=metrics,
    )


def build_system(store: Store, listening: socket.socket) -> System:
    """All three services, to be run in one process; the desk answers on ``listening`` (see ``firstword.system``)."""
    metrics = Metrics()
    runtime = build_runtime(store)
    ingest = build_ingest(store, metrics)
    return System(
        store=store,
        runtime=runtime,
        services={"ingest": ingest, **build_deliveries(store, metrics)},
        server=build_desk(store, ingest, metrics, runtime.not_ready),
        listening=listening,
    )


def build_desk(
    store: Store, ingest: IngestService, metrics: Metrics, ready: Callable[[], Sequence[str]] = tuple
) -> DeskServer:
    """The account managers' web app; ``ingest`` is asked for feeds, and need not run here."""
    settings = store.settings
    feeds = FeedDesk(ingest)
    desk = create_app(
        DeskDeps(
            engine=store.engine,
            publisher=store.events,
            clock=store.clock,
            settings=DeskSettings(
                secret=store.session_secret(),
                base_url=settings.address,
                allowed_hosts=("127.0.0.1", "localhost", settings.host, *settings.allowed_hosts),
                mail_channel=bool(build_ways(store)),
                mail_mend="Set FIRSTWORD_SMTP_HOST (and _PORT, _USERNAME, _PASSWORD, _SENDER) to send from here.",
                signin_command="firstword signin",
            ),
            feeds_view=feeds.view,
            feed_actions=feeds,
            ready=ready,
            metrics=metrics.registry,
            ways=build_ways(store),
            manager_ways=build_manager_ways(store),
        )
    )
    return DeskServer(
        uvicorn.Config(desk, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=10)
    )
