"""The subscriptions at hubs: a table, and the steps of the protocol on it. Nothing here commits.

A feed has a row once its hub was looked for. The row's ``token`` is the unguessable part of the callback's address.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update

from services.common.db import upsert
from services.common.sealing import LockedSecret, keys_of
from services.ingest.tables import feed_credentials, feeds, websub
from services.ingest.websub.discovery import Hub

__all__ = ["ALGORITHMS", "Subscription", "Subscriptions", "retry_after"]

#: What hubs may sign with (WebSub, 8).
ALGORITHMS = ("sha1", "sha256", "sha384", "sha512")
#: The time for which hubs are asked to notify us.
LEASE = timedelta(days=10)
SHORTEST_LEASE, LONGEST_LEASE = timedelta(minutes=5), timedelta(days=90)
#: Feeds without a hub, or with one that refuses, are looked at again after this time.
LOOK_AGAIN = timedelta(days=7)
#: A worker that takes a row is done, or dead, after this time.
_TAKEN = timedelta(minutes=10)
#: Notifications of a feed that come faster count as one.
SHORTEST_BETWEEN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed's subscription: none (no hub), asked (not verified yet), active, or refused by the hub."""

    feed_id: str
    token: str
    state: str
    hub: str | None
    topic: str | None
    failures: int
    lease_until: datetime | None


class Subscriptions:
    """Access to the table. Stateless; every method works inside the transaction of ``connection``."""

    def take_feeds(self, connection: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Take feeds whose hub should be looked for; return their ids and addresses."""
        query = (
            select(feeds.c.id, feeds.c.fetch_url)
            .outerjoin(websub, websub.c.feed_id == feeds.c.id)
            .where(
                feeds.c.id.not_in(select(feed_credentials.c.feed_id)),
                feeds.c.paused.is_(False),
                or_(feeds.c.kind.is_(None), feeds.c.kind == "feed"),
                feeds.c.fetch_url.like("http%"),
                feeds.c.last_ok_at.is_not(None),
                or_(websub.c.feed_id.is_(None), websub.c.state.in_(("none", "refused")) & (websub.c.next_at <= now)),
            )
            .order_by(feeds.c.id)
            .limit(limit)
        )
        found = [(row.id, row.fetch_url) for row in connection.execute(query)]
        for feed_id, _ in found:
            row = {
                "feed_id": feed_id, "token": secrets.token_urlsafe(32), "state": "none", "failures": 0,
                "next_at": now + LOOK_AGAIN,
            }  # fmt: skip
            upsert(connection, websub, [row], ("feed_id",), update=("next_at",))
        return found

    def found(self, connection: Connection, feed_id: str, hub: Hub | None, now: datetime) -> None:
        """Note the feed's hub, to be asked at once; or that it has none."""
        values: dict[str, Any] = {"hub": None, "topic": None, "state": "none"}
        if hub is not None:
            values = {"hub": hub.url, "topic": hub.topic, "state": "asked", "failures": 0, "next_at": now}
        connection.execute(update(websub).where(websub.c.feed_id == feed_id).values(**values))

    def take_due(self, connection: Connection, now: datetime, limit: int) -> list[Subscription]:
        """Take subscriptions at which something is to do: ask, ask again, or renew."""
        due = websub.c.state.in_(("asked", "active")) & (websub.c.next_at <= now)
        query = (
            select(websub)
            .join(feeds, feeds.c.id == websub.c.feed_id)
            .where(due, feeds.c.paused.is_(False))
            .order_by(websub.c.next_at)
            .limit(limit)
        )
        taken = []
        for row in connection.execute(query).mappings().all():
            mine = websub.c.feed_id == row["feed_id"]
            if connection.execute(update(websub).where(mine, due).values(next_at=now + _TAKEN)).rowcount:
                taken.append(_subscription(row))
        return taken

    def new_secret(self, connection: Connection, feed_id: str) -> str:
        """Return the secret for the hub to sign with, made and sealed if there is none that can be read."""
        mine = websub.c.feed_id == feed_id
        secret = _open(connection, connection.scalar(select(websub.c.secret).where(mine)))
        if secret is None:
            secret = secrets.token_urlsafe(32)
            connection.execute(update(websub).where(mine).values(secret=keys_of(connection).seal(secret)))
        return secret

    def asked(self, connection: Connection, subscription: Subscription, now: datetime) -> None:
        """Note that the hub accepted the request, which it verifies next: unless it does, it is asked again later.

        An active subscription stays active.
        """
        failures, reason = subscription.failures + 1, "The hub has not confirmed it."
        values = {"failures": failures, "reason": reason, "next_at": now + retry_after(failures)}
        connection.execute(update(websub).where(websub.c.feed_id == subscription.feed_id).values(**values))

    def failed(self, connection: Connection, subscription: Subscription, reason: str, now: datetime) -> None:
        """Note that the hub could not be asked; it is asked again later, and the feed is polled as usual."""
        failures = subscription.failures + 1
        values = {"failures": failures, "reason": reason, "next_at": now + retry_after(failures)}
        if subscription.lease_until is None or subscription.lease_until <= now:
            values["state"] = "asked"
        connection.execute(update(websub).where(websub.c.feed_id == subscription.feed_id).values(**values))

    def by_token(self, connection: Connection, token: str) -> Subscription | None:
        """Return the subscription whose callback has this token; None if there is none."""
        query = select(websub).join(feeds, feeds.c.id == websub.c.feed_id).where(websub.c.token == token)
        row = connection.execute(query).mappings().first()
        return _subscription(row) if row is not None and row["hub"] is not None else None

    def verified(self, connection: Connection, token: str, topic: str, lease_seconds: int, now: datetime) -> bool:
        """Confirm what the hub wants to begin; False if we did not ask for it."""
        subscription = self.by_token(connection, token)
        if subscription is None or subscription.topic != topic or subscription.state not in ("asked", "active"):
            return False
        lease = min(max(timedelta(seconds=lease_seconds), SHORTEST_LEASE), LONGEST_LEASE)
        values = {
            "state": "active", "failures": 0, "reason": None, "lease_until": now + lease, "next_at": now + lease * 0.9,
        }  # fmt: skip
        connection.execute(update(websub).where(websub.c.token == token).values(**values))
        return True

    def refused(self, connection: Connection, token: str, topic: str, reason: str, now: datetime) -> bool:
        """Note that the hub refuses or ends the subscription; False if it isn't ours."""
        mine = (websub.c.token == token) & (websub.c.topic == topic)
        values = {"state": "refused", "reason": reason, "lease_until": None, "next_at": now + LOOK_AGAIN}
        return connection.execute(update(websub).where(mine).values(**values)).rowcount > 0

    def signature(self, connection: Connection, token: str, header: str) -> tuple[hmac.HMAC, str] | None:
        """Return what computes the signature of a notification, and the one that it must have; None if it has none."""
        method, _, signature = header.strip().partition("=")
        sealed = connection.scalar(select(websub.c.secret).where(websub.c.token == token))
        secret = _open(connection, sealed)
        if method.lower() not in ALGORITHMS or not signature.isascii() or secret is None:
            return None
        return hmac.new(secret.encode(), digestmod=getattr(hashlib, method.lower())), signature.strip().lower()

    def notified(self, connection: Connection, token: str, now: datetime) -> str | None:
        """Make the feed of a signed notification due; return its id, or None if that is too soon, or it is not read.

        A feed that fails is not asked sooner.
        """
        subscription = self.by_token(connection, token)
        if subscription is None:
            return None
        connection.execute(update(websub).where(websub.c.token == token).values(notified_at=now))
        quiet = or_(feeds.c.last_poll_at.is_(None), feeds.c.last_poll_at <= now - SHORTEST_BETWEEN)
        rested = connection.scalar(select(feeds.c.id).where(feeds.c.id == subscription.feed_id, quiet)) is not None
        soonest = now if rested else now + SHORTEST_BETWEEN
        readable = (feeds.c.id == subscription.feed_id) & feeds.c.paused.is_(False) & (feeds.c.failures_in_a_row == 0)
        moved = update(feeds).where(readable, feeds.c.next_poll_at > soonest).values(next_poll_at=soonest)
        return subscription.feed_id if connection.execute(moved).rowcount else None

    def active(self, connection: Connection, now: datetime) -> frozenset[str]:
        """Return the feeds of which a hub notifies us."""
        query = select(websub.c.feed_id).where(websub.c.state == "active", websub.c.lease_until > now)
        return frozenset(connection.execute(query).scalars())


def retry_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: an hour, doubled with each, up to a week."""
    return min(timedelta(hours=1) * (1 << min(failures - 1, 10)), LOOK_AGAIN)


def _open(connection: Connection, sealed: str | None) -> str | None:
    try:
        return keys_of(connection).open(sealed) if sealed else None
    except LockedSecret:  # its key is gone; the next renewal sets another
        return None


def _subscription(row: RowMapping) -> Subscription:
    return Subscription(
        feed_id=row["feed_id"],
        token=row["token"],
        state=row["state"],
        hub=row["hub"],
        topic=row["topic"],
        failures=row["failures"],
        lease_until=row["lease_until"],
    )
