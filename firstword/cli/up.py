"""``firstword up``: run the whole system in one process."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from firstword.cli.books import require_book
from firstword.cli.console import err, out
from firstword.cli.options import DataDir
from firstword.cli.python_version import warn_of_outdated_python
from firstword.compose import common, embedded
from firstword.store import Store
from firstword.system import bind, lock_folder
from services.common.logs import configure_logs
from services.common.settings import read_settings

__all__ = ["up"]


def up(
    data: DataDir = None,
    port: Annotated[int | None, typer.Option("--port", help="The port of the desk [default: 8080].")] = None,
    book: Annotated[
        Path | None,
        typer.Option(
            "--book",
            metavar="FILE",
            help="A client book to import at startup. Default for an empty folder: the sample book.",
        ),
    ] = None,
    feeds: Annotated[
        Path | None,
        typer.Option(
            "--feeds",
            metavar="OPML",
            help="An OPML file of feeds to add at startup. Default for an empty folder: a list of news feeds.",
        ),
    ] = None,
) -> None:
    """Run everything in one process: read feeds, judge the news, write drafts, and serve the desk in the browser.

    The first start fills an empty data folder with invented clients and news, so that there is something to see. Use
    --book to start with your own clients. Stop with Ctrl-C; nothing is lost.

    **Examples:**

    - `firstword up`
    - `firstword up --data ~/firstword --book my-book.yaml --feeds my-feeds.opml --port 8090`
    """
    settings = read_settings(data=data, port=port)
    configure_logs(level="warning", form=settings.log_format)
    wanted = None if book is None else require_book(book, data)
    with (
        lock_folder(settings.data),
        bind(settings.host, settings.port) as listening,
        common.open_store(settings) as store,
    ):
        with err.status("Setting up …"):
            first = asyncio.run(embedded.prepare(store, book=wanted, opml=feeds))
        warn_of_outdated_python()
        for line in first.notes:
            err.print(line, markup=False)
        configure_logs(level=settings.log_level, form=settings.log_format)
        asyncio.run(_serve(store, listening))


async def _serve(store: Store, listening: socket.socket) -> None:
    common.record_gate(store)
    system = embedded.build_system(store, listening)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)

    async def announce() -> None:
        out.print(f"\n  Firstword is running at {system.store.settings.address}")
        out.print(f"  Sign-in link (works once, for one hour): {system.store.create_signin_link()}")
        out.print("  For another link run 'firstword signin'. Stop with Ctrl-C.\n")

    await system.run(stop, started=announce)
    err.print("Stopped. All work is saved.")
