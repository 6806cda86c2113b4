"""Reads the folder of an inlet: each file in a transaction of its own, then it is moved.

A crash between the two reads a file again, which changes nothing, because every item is recognized.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.processing import EventPublisher
from services.ingest.identity.dedupe import ItemChange
from services.ingest.identity.inlet_addresses import name_of_inlet
from services.ingest.inlets.drop_folder import DropFolder, FolderUnusable, Refused
from services.ingest.inlets.files import ReadFile, read_file
from services.ingest.inlets.taking import publish_items
from services.ingest.parse.feed import MAX_BYTES
from services.ingest.poll import PollResult, finish_inlet
from services.ingest.readers import Readers
from services.ingest.repository import FeedState, Repository
from services.ingest.schedule.pacing import PollOutcome

__all__ = ["FolderPoller"]

#: A folder is looked into this often.
LOOK_EVERY = timedelta(seconds=15)
#: Files read in a row; other channels are polled in between.
MOST_FILES = 50
#: Problems of one file that are written down.
MOST_PROBLEMS = 200


class FolderPoller:
    """Reads the folders of inlets, which are below ``root``."""

    def __init__(self, engine: Engine, root: Path, readers: Readers, publisher: EventPublisher, clock: Clock) -> None:
        self._engine = engine
        self._root = root
        self._readers = readers
        self._publisher = publisher
        self._clock = clock
        self._repository = Repository()

    def folder(self, url: str) -> Path:
        """Return the folder of the inlet with this address."""
        return self._root / name_of_inlet(url)

    async def poll(self, state: FeedState) -> PollResult | None:
        """Read the files that wait, oldest first; None if the inlet was paused or removed in the meantime."""
        changes: list[ItemChange] = []
        try:
            with DropFolder(self.folder(state.feed.url)) as folder:
                for name in folder.waiting(self._clock.now())[:MOST_FILES]:
                    taken = await self._take(folder, name, state)
                    if taken is None:
                        return None
                    changes += taken
                failed = folder.failed()
            outcome = _outcome(self.folder(state.feed.url), failed)
        except FolderUnusable as error:
            outcome = PollOutcome("unreachable", error.message, error.fix)
        now = self._clock.now()
        next_poll_at = now if changes and outcome.kind == "fetched" else now + LOOK_EVERY
        return finish_inlet(
            self._engine, self._repository, self._publisher, state.feed.id, outcome, changes, now, next_poll_at
        )

    async def _take(self, folder: DropFolder, name: str, state: FeedState) -> Sequence[ItemChange] | None:
        """Take the items of one file and move it; None if the inlet may take nothing any more."""
        now = self._clock.now()
        try:
            raw = folder.read(name, MAX_BYTES)
            read = await self._readers.run(read_file, raw, name, state.feed, now)
        except FileNotFoundError:
            return ()
        except Refused as refused:
            read = ReadFile(problems=(str(refused),))
        except FirstwordError as error:  # it took too long or too much memory to read
            read = ReadFile(problems=(f"{name}: {error}",))
        taken = await asyncio.to_thread(self._record, state.feed.id, read, now)
        if taken is None:
            return None
        problems = read.problems[:MOST_PROBLEMS]
        if not problems and not read.batches:
            problems = (f"{name}: There is nothing in this file.",)
        await asyncio.to_thread(folder.finish, name, now, problems)
        return taken

    def _record(self, feed_id: str, read: ReadFile, now: datetime) -> Sequence[ItemChange] | None:
        with self._engine.begin() as connection:
            before = self._repository.lock(connection, feed_id)
            if before is None or before.paused:
                return None
            changes: list[ItemChange] = []
            for batch in read.batches:
                changes += publish_items(connection, self._repository, self._publisher, before, batch, now)
            return changes


def _outcome(folder: Path, failed: Sequence[str]) -> PollOutcome:
    """Return what the feeds page says of a folder: a file that failed stays a problem until somebody takes it away."""
    if not failed:
        return PollOutcome("fetched")
    more = f" and {len(failed) - 1} other(s)" if len(failed) > 1 else ""
    return PollOutcome(
        "broken",
        f"{failed[0].encode('utf-8', 'replace').decode()}{more} could not be read, or not all of it.",
        f"The reason is beside it in {folder / 'failed'}. Put a corrected file in again, then delete that one.",
    )
