"""Tell open pages when the inbox changes, by server-sent events.

One query answers for all connections whether anything has changed; only then is each viewer's inbox counted.
Connections are bounded, and end after a while: the browser opens a new one by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping

from sqlalchemy import Engine, func, select
from starlette.concurrency import run_in_threadpool

from services.common.db import reading
from services.notifier.tables import deliveries, draft_marks, drafts

__all__ = ["LiveFeed"]

MOST, MOST_OF_ONE = 300, 6
#: Seconds between two looks, between two signs of life, and until a connection ends.
INTERVAL, HEARTBEAT, LIFE = 3.0, 20.0, 600.0


class LiveFeed:
    """The open connections of one process, and what they share."""

    def __init__(self, engine: Engine, *, interval: float = INTERVAL, most: int = MOST) -> None:
        self._engine = engine
        self._interval = interval
        self._most = most
        self._open: Counter[str] = Counter()
        self._key = secrets.token_bytes(32)
        self._version, self._looked_at = "", float("-inf")

    def is_full(self, user_id: str) -> bool:
        """Return whether a further connection of the user would be too many."""
        return self._open.total() >= self._most or self._open[user_id] >= MOST_OF_ONE

    async def events(self, user_id: str, count: Callable[[], Mapping[str, int] | None]) -> AsyncIterator[str]:
        """Yield a message with what ``count`` returns whenever it or the drafts have changed, and signs of life.

        ``count`` returns None once the session has ended; then the stream ends too.
        """
        loop = asyncio.get_running_loop()
        self._open[user_id] += 1
        try:
            ends_at, next_beat, seen, sent = loop.time() + LIFE, 0.0, None, ""
            while loop.time() < ends_at:
                version = await self._current()
                if version != seen or loop.time() >= next_beat:
                    counts = await run_in_threadpool(count)
                    if counts is None:
                        yield "event: ended\ndata: {}\n\n"
                        return
                    message = f"event: inbox\ndata: {json.dumps({**counts, 'version': version})}\n\n"
                    yield message if message != sent else ": still here\n\n"
                    seen, sent, next_beat = version, message, loop.time() + HEARTBEAT
                await asyncio.sleep(self._interval)
        finally:
            self._open[user_id] -= 1

    async def _current(self) -> str:
        """Return a text that differs once a draft, a mark or a delivery has changed; look at most once an interval.

        It is of the whole firm, so it tells nothing else: it is a hash with a key that nobody knows.
        """
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= self._interval:
            self._looked_at = now
            self._version = await run_in_threadpool(self._look)
        return self._version

    def _look(self) -> str:
        facts = (
            select(func.sum(drafts.c.version)),  # every change of a draft raises its version
            select(func.count()).select_from(drafts),
            select(func.max(draft_marks.c.changed_at)),
            select(func.max(deliveries.c.changed_at)),
        )
        with reading(self._engine) as connection:
            row = connection.execute(select(*(fact.scalar_subquery() for fact in facts))).one()
        facts_now = " ".join(str(value) for value in row)
        return hashlib.blake2b(facts_now.encode(), key=self._key, digest_size=12).hexdigest()
