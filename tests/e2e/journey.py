"""The process that is killed: polls a server's feeds, step by step, through the whole embedded system.

Run as ``python -m tests.e2e.journey DATA SERVER STEPS``. ``DATA/step`` holds the progress; a restarted process
continues there. The clock shows the time of each step's feed, so that two runs can be compared byte for byte.
"""

from __future__ import annotations

import asyncio
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from firstword.book import load_book
from firstword.compose import common, embedded
from services.common.clock import ManualClock
from services.common.http import GuardedClient, HttpSettings
from services.common.logs import configure_logs
from services.common.settings import read_settings
from services.ingest.fetch.fetchers import HttpFetcher
from services.ingest.service import IngestService

BOOK = Path(__file__).with_name("book.yaml")
#: The publisher of each recorded feed, which the server plays back at an address of its own.
PUBLISHERS = {"bbc": "bbc.co.uk", "latimes": "latimes.com", "straittimes": "straitstimes.com"}


async def main(data: Path, server: str, steps: int) -> None:
    configure_logs(level="error")
    clock = ManualClock(datetime(2020, 4, 1, tzinfo=UTC))
    store = common.open_store(read_settings(data=data), clock)
    book, problems = load_book(BOOK.read_text(encoding="utf-8"), BOOK.name)
    assert book is not None, problems
    store.import_book(book)
    runtime = embedded.build_runtime(store)
    progress = data / "step"
    done = int(progress.read_text()) if progress.exists() else 0
    client = GuardedClient(HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0))
    async with client:
        ingest = IngestService(store.engine, HttpFetcher(client), store.events, clock)
        print("started", flush=True)
        for step in range(done, steps):
            with urllib.request.urlopen(f"{server}/step/{step}") as answer:  # noqa: S310, ASYNC210 - our own server
                name, moment = answer.read().decode().split()
            clock.set(datetime.fromtimestamp(int(moment), UTC))
            feed = ingest.add_feed(f"{server}/{name}", speaks_for=(PUBLISHERS[name],), ground="Recorded from its feed.")
            await ingest.poll(feed.id)
            runtime.run_until_idle()
            temporary = data / "step.new"
            temporary.write_text(str(step + 1))
            temporary.replace(progress)
    print("finished", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
