"""Reads the mailbox of an inlet: each message in a transaction of its own, together with how far the mailbox was read.

So a crash loses no message and takes none twice. The mailbox itself stays as it is. A message that can't be read is set
aside in the same transaction, with the reason, and can be read again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine

from services.common.addresses import AllowedAddresses
from services.common.clock import Clock
from services.common.db import reading
from services.common.errors import BadInput, FirstwordError, Unreachable
from services.common.logs import get_logger
from services.common.processing import EventPublisher
from services.ingest.fetch.imap import (
    MailboxLine,
    MailboxPlace,
    MailboxPosition,
    Messages,
    fetch_headers,
    fetch_messages,
)
from services.ingest.identity.dedupe import ItemChange
from services.ingest.inlets.files import ReadFile, read_message
from services.ingest.inlets.mail import MailboxLook, read_heads
from services.ingest.inlets.taking import publish_items
from services.ingest.parse.feed import MAX_BYTES
from services.ingest.poll import PollResult, finish_inlet
from services.ingest.quarantine import KEPT_FOR, Reading
from services.ingest.readers import Readers
from services.ingest.repository import FeedState, Mailbox, Repository
from services.ingest.schedule.pacing import PollOutcome
from services.ingest.unread_mail import UnreadMail, UnreadMessage

__all__ = ["MailboxPoller"]

#: A mailbox is looked into this often; one that can't be read ever less often, up to an hour.
LOOK_EVERY, LOOK_AT_LEAST_EVERY = timedelta(minutes=1), timedelta(hours=1)
#: Mailboxes that are read at once, in threads of their own: a slow mail server holds up nothing else.
ABREAST = 2
#: A mail server has this long for one reading, whatever it sends meanwhile.
MOST_SECONDS = 60.0

T = TypeVar("T")

log = get_logger(__name__)


class MailboxPoller:
    """Reads the mailboxes of inlets, at ``allowed`` addresses."""

    def __init__(
        self,
        engine: Engine,
        readers: Readers,
        publisher: EventPublisher,
        clock: Clock,
        allowed: AllowedAddresses,
    ) -> None:
        self._engine = engine
        self._readers = readers
        self._publisher = publisher
        self._clock = clock
        self._allowed = allowed
        self._repository = Repository()
        self._threads: ThreadPoolExecutor | None = None
        self._places = asyncio.Semaphore(ABREAST)

    async def poll(self, state: FeedState) -> PollResult | None:
        """Read new messages, oldest first; None if the inlet was paused or removed in the meantime."""
        changes: list[ItemChange] = []
        outcome, more = PollOutcome("fetched"), False
        try:
            mailbox, fetched = await self._fetch(state)
            for uid, raw in fetched.messages:
                position = MailboxPosition(fetched.position.validity, uid)
                read = await self._read(state, mailbox, position, raw)
                taken = await asyncio.to_thread(self._record, state.feed.id, read, position)
                if taken is None:
                    return None
                changes += taken
            if not await asyncio.to_thread(self._move, state.feed.id, mailbox, fetched.position):
                return None
            more = fetched.more
        except FirstwordError as error:
            outcome = PollOutcome("unreachable", error.message, error.fix)
        if outcome.kind == "fetched":
            outcome = await asyncio.to_thread(self._outcome, state.feed.id)
        now = self._clock.now()
        wait = timedelta() if more else LOOK_EVERY
        if outcome.kind == "unreachable":
            wait = min(LOOK_EVERY * 2 ** min(state.health.failures_in_a_row, 10), LOOK_AT_LEAST_EVERY)
        return finish_inlet(
            self._engine, self._repository, self._publisher, state.feed.id, outcome, changes, now, now + wait
        )

    async def look(self, place: MailboxPlace, password: str) -> MailboxLook:
        """Sign in and look at the newest messages, without storing anything.

        Raises:
            FirstwordError: the mailbox can't be read.
        """
        count, heads = await self._in_thread(place, lambda line: fetch_headers(place, password, self._allowed, line))
        return await self._readers.run(read_heads, count, heads)

    async def aclose(self) -> None:
        """End the threads, which no connection holds up any more. Polling again is allowed."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None
        self._places = asyncio.Semaphore(ABREAST)

    async def _fetch(self, state: FeedState) -> tuple[Mailbox, Messages]:
        with reading(self._engine) as connection:
            mailbox = self._repository.mailbox(connection, state.feed.id)
        if mailbox is None or state.credential is None:
            raise BadInput("This mailbox has no password here.", fix="Set it with 'firstword inlets password NAME'.")
        credential = state.credential.open()
        if credential.origin != mailbox.place.origin:
            raise BadInput(
                "The password is for another mail server.", fix="Set it with 'firstword inlets password NAME'."
            )
        place, after, password = mailbox.place, mailbox.position, credential.value
        return mailbox, await self._in_thread(
            place, lambda line: fetch_messages(place, password, after, self._allowed, MAX_BYTES, line)
        )

    async def _in_thread(self, place: MailboxPlace, act: Callable[[MailboxLine], T]) -> T:
        """Read a mailbox; the thread ends soon after this does, however slow the server is."""
        line, loop = MailboxLine(), asyncio.get_running_loop()
        async with self._places:
            self._threads = self._threads or ThreadPoolExecutor(ABREAST, thread_name_prefix="mailbox")
            try:
                async with asyncio.timeout(MOST_SECONDS):
                    return await loop.run_in_executor(self._threads, act, line)
            except TimeoutError:
                raise Unreachable(
                    f"The mail server {place.host} takes more than {MOST_SECONDS:.0f} seconds.",
                    fix="Firstword tries again later.",
                ) from None
            finally:
                line.cut()

    def _outcome(self, feed_id: str) -> PollOutcome:
        """Return what the feeds page says: what could not be read is noted until somebody has dealt with it."""
        since = self._clock.now() - KEPT_FOR
        with reading(self._engine) as connection:
            count = UnreadMail().count(connection, since, feed_id)
        if not count:
            return PollOutcome("fetched")
        return PollOutcome(
            "fetched",
            f"{count:,} {'message' if count == 1 else 'messages'} could not be read.",
            "The page “Could not be read” and 'firstword quarantine list' say why.",
        )

    async def read_again(self, message: UnreadMessage, state: FeedState, mailbox: Mailbox) -> Reading:
        """Read a message again that was set aside, and take its item; it is dropped if all of it can be read now.

        Raises:
            BadInput: the inlet was paused or removed in the meantime.
        """
        read = await self._read(state, mailbox, message.position, message.body)
        if isinstance(read, UnreadMessage):
            return Reading(problem=read.reason, fix=read.fix)
        changes = await asyncio.to_thread(self._record_again, message, read)
        if changes is None:
            raise BadInput("The message's mailbox was just paused or removed.", fix="Look at 'firstword feeds list'.")
        kinds = [change.kind for change in changes]
        return Reading(kinds.count("new"), kinds.count("revised"))

    def _record_again(self, message: UnreadMessage, read: ReadFile) -> Sequence[ItemChange] | None:
        now = self._clock.now()
        with self._engine.begin() as connection:
            before = self._repository.lock(connection, message.feed_id)
            if before is None or before.paused:
                return None
            changes = self._publish(connection, before, read, now)
            UnreadMail().drop(connection, [message.id])
            return changes

    async def _read(
        self, state: FeedState, mailbox: Mailbox, position: MailboxPosition, raw: bytes | None
    ) -> ReadFile | UnreadMessage:
        """Return the items of a message; or the message itself with the reason why it has none."""
        if raw is None:
            reason, fix = f"It has more than {MAX_BYTES // 1_000_000} MB.", "It is still in the mailbox."
        else:
            try:
                return await self._readers.run(read_message, raw, state.feed, mailbox.verified_by, self._clock.now())
            except FirstwordError as error:
                reason, fix = error.message, "It is still in the mailbox. Read it again after an update, or drop it."
            except Exception as error:  # so that one message holds up no other
                log.exception("Reading a message failed.", action="mailbox.read_failed", feed_id=state.feed.id)
                reason = f"Reading it failed because of an error in Firstword ({type(error).__name__})."
                fix = "Please report it, and read the message again after an update."
        log.warning(
            "A message could not be read.", action="mailbox.unreadable", feed_id=state.feed.id, uid=position.uid,
            reason=reason,
        )  # fmt: skip
        size = MAX_BYTES if raw is None else len(raw)
        return UnreadMessage(state.feed.id, position, self._clock.now(), reason, fix, size, raw)

    def _record(
        self, feed_id: str, read: ReadFile | UnreadMessage, position: MailboxPosition
    ) -> Sequence[ItemChange] | None:
        """Take the items of one message or set it aside, and note that it was read; None if the inlet takes nothing."""
        now: datetime = self._clock.now()
        with self._engine.begin() as connection:
            before = self._repository.lock(connection, feed_id)
            mailbox = self._repository.mailbox(connection, feed_id)
            if before is None or before.paused or mailbox is None:
                return None
            if mailbox.was_read_to(position):
                return ()  # another process has just read it
            self._repository.set_mailbox(connection, feed_id, replace(mailbox, position=position))
            if isinstance(read, UnreadMessage):
                UnreadMail().put(connection, read)
                return ()
            return self._publish(connection, before, read, now)

    def _publish(self, connection: Connection, inlet: FeedState, read: ReadFile, now: datetime) -> Sequence[ItemChange]:
        changes: list[ItemChange] = []
        for batch in read.batches:
            changes += publish_items(connection, self._repository, self._publisher, inlet, batch, now)
        return changes

    def _move(self, feed_id: str, before: Mailbox, position: MailboxPosition) -> bool:
        """Note how far an empty or partly deleted mailbox was read; False if the inlet is gone."""
        with self._engine.begin() as connection:
            state = self._repository.lock(connection, feed_id)
            mailbox = self._repository.mailbox(connection, feed_id)
            if state is None or mailbox is None:
                return False
            if mailbox.place == before.place and not mailbox.was_read_to(position):
                self._repository.set_mailbox(connection, feed_id, replace(mailbox, position=position))
        return True
