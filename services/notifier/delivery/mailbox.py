"""Looks into a mailbox by IMAP for mails that came back, and puts their drafts before the account manager again."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.common.clock import Clock
from services.common.errors import BadInput
from services.common.logs import get_logger
from services.common.processing import EventPublisher
from services.notifier.delivery import outbox
from services.notifier.delivery.bounces import Bounce, read_bounce
from services.notifier.delivery.channels.smtp import is_here
from services.notifier.delivery.routes import MAIL, Ways

__all__ = ["BounceReader", "MailboxSettings"]

log = get_logger(__name__)

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """Where mails come back to: the mailbox of the sender's address. ``security`` none is for loopback only."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    security: Literal["tls", "none"] = "tls"
    folder: str = "INBOX"
    poll_seconds: float = 300.0


class BounceReader:
    """Reads new mails in turn. Those that are reports on ours are marked as seen; others are left as they were.

    Raises:
        BadInput: when the password would go over a network in clear text.
    """

    def __init__(
        self, engine: Engine, publisher: EventPublisher, clock: Clock, settings: MailboxSettings, *, ways: Ways = MAIL
    ) -> None:
        if settings.security == "none" and not is_here(settings.host):
            raise BadInput(
                f"The password for the mailbox at {settings.host} would go over the network in clear text.",
                fix="Set its security to tls.",
            )
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._ways = ways
        self._passed: set[bytes] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few minutes until ``stop`` is set."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.read)
            except (imaplib.IMAP4.error, OSError, OperationalError) as error:
                log.warning(
                    "The mailbox is unavailable.",
                    action="mailbox.unavailable",
                    host=self._settings.host,
                    error=str(error)[:200],
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settings.poll_seconds)

    def read(self) -> int:
        """Take note of every mail that came back since the last look; returns how many.

        Raises:
            imaplib.IMAP4.error, OSError: the mailbox can't be read.
        """
        count = 0
        with self._connected() as mailbox:
            mailbox.login(self._settings.username, self._settings.password)
            mailbox.select(f'"{self._settings.folder}"')
            _, (found,) = mailbox.uid("SEARCH", "UNSEEN")
            for uid in (found or b"").split():
                if uid in self._passed:
                    continue
                bounce = read_bounce(_fetched(mailbox, uid))
                if bounce is None:
                    self._passed.add(uid)
                    continue
                self._note(bounce)
                mailbox.uid("STORE", uid.decode(), "+FLAGS", r"(\Seen)")
                count += 1
        return count

    def _connected(self) -> imaplib.IMAP4:
        place = (self._settings.host, self._settings.port)
        if self._settings.security == "none":
            return imaplib.IMAP4(*place, timeout=TIMEOUT_SECONDS)
        return imaplib.IMAP4_SSL(*place, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS)

    def _note(self, bounce: Bounce) -> None:
        now = self._clock.now()
        with self._engine.begin() as connection:
            events = outbox.record_bounce(connection, bounce.delivery_id, bounce.reason, now)
            self._publisher.publish(connection, events)
            if events:
                self._publisher.publish(connection, outbox.fall_back(connection, bounce.delivery_id, self._ways, now))
        log.info(
            "A mail came back undelivered.",
            action="delivery.bounced",
            delivery_id=bounce.delivery_id,
            known=bool(events),
        )


def _fetched(mailbox: imaplib.IMAP4, uid: bytes) -> bytes:
    """The mail, without marking it as seen."""
    _, parts = mailbox.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")
