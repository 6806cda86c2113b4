"""Reads bounces from a mailbox by IMAP, and returns their drafts to the account manager."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.common.clock import Clock
from services.common.errors import BadInput
from services.common.logs import get_logger
from services.common.processing import EventPublisher
from services.common.queue.loop import poll
from services.notifier.delivery import outbox
from services.notifier.delivery.bounces import Bounce, parse_bounce
from services.notifier.delivery.channels.smtp import is_loopback
from services.notifier.delivery.routes import MAIL, ClientRoutes

__all__ = ["BounceReader", "MailboxSettings"]

log = get_logger(__name__)

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """The mailbox of the sender's address, where bounces arrive. ``security`` none is for loopback only."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    security: Literal["tls", "none"] = "tls"
    folder: str = "INBOX"
    poll_seconds: float = 300.0


class BounceReader:
    """Reads new mails. Bounces of our own mails are marked as seen; all others stay as they are.

    Raises:
        BadInput: the password would cross a network in clear text.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        settings: MailboxSettings,
        *,
        routes: ClientRoutes = MAIL,
    ) -> None:
        if settings.security == "none" and not is_loopback(settings.host):
            raise BadInput(
                f"The password for the mailbox at {settings.host} would cross the network in clear text.",
                fix="Set its security to tls.",
            )
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._routes = routes
        self._other_mails: set[bytes] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Read the mailbox every few minutes until ``stop`` is set."""
        await poll(
            lambda: asyncio.to_thread(self.read),
            stop,
            name="bounces",
            every_seconds=self._settings.poll_seconds,
            outages=(imaplib.IMAP4.error, OSError, OperationalError),
        )

    def read(self) -> int:
        """Record every new bounce; return how many.

        Raises:
            imaplib.IMAP4.error, OSError: the mailbox is unavailable.
        """
        count = 0
        with self._connect() as mailbox:
            mailbox.login(self._settings.username, self._settings.password)
            mailbox.select(f'"{self._settings.folder}"')
            _, (found,) = mailbox.uid("SEARCH", "UNSEEN")
            for uid in (found or b"").split():
                if uid in self._other_mails:
                    continue
                bounce = parse_bounce(_fetch(mailbox, uid))
                if bounce is None:
                    self._other_mails.add(uid)
                    continue
                self._record(bounce)
                mailbox.uid("STORE", uid.decode(), "+FLAGS", r"(\Seen)")
                count += 1
        return count

    def _connect(self) -> imaplib.IMAP4:
        address = (self._settings.host, self._settings.port)
        if self._settings.security == "none":
            return imaplib.IMAP4(*address, timeout=TIMEOUT_SECONDS)
        return imaplib.IMAP4_SSL(*address, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS)

    def _record(self, bounce: Bounce) -> None:
        now = self._clock.now()
        with self._engine.begin() as connection:
            events = outbox.record_bounce(connection, bounce.delivery_id, bounce.reason, now)
            self._publisher.publish(connection, events)
            if events:
                self._publisher.publish(connection, outbox.fall_back(connection, bounce.delivery_id, self._routes, now))
        log.info(
            "A mail came back undelivered.",
            action="delivery.bounced",
            delivery_id=bounce.delivery_id,
            known=bool(events),
        )


def _fetch(mailbox: imaplib.IMAP4, uid: bytes) -> bytes:
    """Fetch a mail without marking it as seen."""
    _, parts = mailbox.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")
