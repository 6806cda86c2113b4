"""Build the desk. Only what serves it imports this module: the desk takes as long to load as all the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from firstword.compose.common import build_client_book, measure_feeds
from firstword.compose.outbound import build_client_routes, build_manager_routes, build_openid
from firstword.connections import LimitedProtocol
from firstword.feed_adapter import FeedAdapter
from firstword.firm_files import gate_in_force, trades_in_force
from firstword.hub_adapter import HubAdapter
from firstword.inlet_adapter import InletAdapter
from firstword.inlets import Inlets
from firstword.interest_preview import InterestPreviewer
from firstword.item_inlets import ItemInletAdapter
from firstword.quarantine import QuarantineAdapter
from firstword.source_adapter import SourceAdapter
from firstword.source_grades import SourceGrades
from firstword.store import Store
from firstword.system import DeskServer
from services.common.metrics import Metrics
from services.ingest.service import IngestService
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, DeskSettings

__all__ = ["build_desk"]


def build_desk(
    store: Store, ingest: IngestService, metrics: Metrics, ready: Callable[[], Sequence[str]] = tuple
) -> DeskServer:
    """Build the account managers' web app. It reads feeds through ``ingest``, which need not run in this process."""
    settings, feeds, routes = store.settings, FeedAdapter(ingest), build_client_routes(store)
    quarantine = QuarantineAdapter(ingest, store.engine, store.clock, with_events=settings.database is None)
    _measure_quarantine(metrics, quarantine)
    measure_feeds(ingest, metrics)
    sources = SourceAdapter(SourceGrades(store))
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
            quarantine=quarantine,
            hubs=HubAdapter(ingest, store.engine, store.clock, metrics) if settings.public_address else None,
            sources_view=sources.view,
            source_actions=sources,
            ready=ready,
            metrics=metrics.registry,
            client_routes=routes,
            manager_routes=build_manager_routes(store),
            gate=gate_in_force(settings),
            trades=trades_in_force(settings),
            client_book=build_client_book(settings),
            interest_previews=InterestPreviewer(store.engine, store.events),
            item_inlets=ItemInletAdapter(ingest),
            inlets=InletAdapter(Inlets(store, ingest), ingest),
            openid=build_openid(settings),
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


def _measure_quarantine(metrics: Metrics, quarantine: QuarantineAdapter) -> None:
    """Let /metrics say how much could not be read, by kind."""
    gauge = metrics.gauge("quarantined", "Documents and events that could not be read, by kind", ["kind"])
    for kind in quarantine.counts():
        gauge.labels(kind).set_function(partial(_count, quarantine, kind))


def _count(quarantine: QuarantineAdapter, kind: str) -> float:
    try:
        return quarantine.counts()[kind]
    except SQLAlchemyError:  # the other metrics must not fail with it
        return math.nan
