"""Reads and writes ingest's tables through the caller's connection; nothing here commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, and_, delete, func, or_, select, update

from schemas.feeds import Feed, FeedHealth, FeedKind
from services.common.db import exclusive, upsert
from services.common.sealing import Keys, LockedSecret, keys_of
from services.ingest.fetch.credentials import Credential, SealedCredential
from services.ingest.fetch.fetchers import Validators
from services.ingest.fetch.imap import MailboxPlace, MailboxPosition
from services.ingest.identity.dedupe import SeenItem
from services.ingest.parse.extent import Extent, has_articles, has_only_headlines
from services.ingest.schedule.moves import Move
from services.ingest.schedule.pacing import Rhythm
from services.ingest.tables import (
    article_pages,
    feed_credentials,
    feed_items,
    feeds,
    mailboxes,
    quarantine,
    unread_messages,
    websub,
)

__all__ = ["POLLED", "FeedState", "Mailbox", "Repository", "polled_host"]

#: Pairs per statement. SQLite allows 32,766 parameters; older versions 999.
_CHUNK = 400
#: The letters of ``feeds.extents``.
_EXTENTS: dict[str, Extent] = {"h": "headline", "t": "teaser", "w": "whole"}
#: No feed waits longer for its next poll. A later time was written by a clock that was wrong, and doesn't count.
LONGEST_WAIT = timedelta(days=12)
#: The kinds of channels that Firstword asks for news; the others bring theirs by themselves.
POLLED: frozenset[FeedKind] = frozenset(("feed", "folder", "page", "mailbox", "text"))


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed's polling state.

    ``body_digest`` belongs to the last body that could be parsed. ``paused`` is set by a person, whatever the health,
    or after the server has said for days that the feed is gone. ``move`` is a permanent redirect not believed yet.
    ``extents`` say how much of their articles the latest items had, as far as their articles are not read.
    """

    feed: Feed
    health: FeedHealth
    fetch_url: str
    validators: Validators
    rhythm: Rhythm
    body_digest: str | None = None
    last_poll_at: datetime | None = None
    paused: bool = False
    move: Move | None = None
    credential: SealedCredential | None = None
    extents: tuple[Extent, ...] = ()

    @property
    def only_headlines(self) -> bool:
        """True if the latest items have hardly more than headlines, and their articles could be read, but aren't."""
        return has_articles(self.feed) and not self.feed.full_text and has_only_headlines(self.extents)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of an inlet. ``verified_by`` names the server that says where messages come from, if one does."""

    place: MailboxPlace
    verified_by: str | None = None
    position: MailboxPosition | None = None

    def was_read_to(self, position: MailboxPosition) -> bool:
        """Return whether it was read as far as ``position``, or further."""
        reached = self.position
        return reached is not None and reached.validity == position.validity and reached.uid >= position.uid


class Repository:
    """Access to ingest's tables. Stateless; every method works inside the transaction of ``connection``."""

    def lock(self, connection: Connection, feed_id: str) -> FeedState | None:
        """Return the feed, locked against other writers until the transaction ends; None if it is not listed."""
        # A write instead of SELECT … FOR UPDATE, so that SQLite begins its transaction as a writer too.
        connection.execute(
            update(feeds).where(feeds.c.id == feed_id).values(failures_in_a_row=feeds.c.failures_in_a_row)
        )
        return self.get(connection, feed_id)

    def lock_all(self, connection: Connection, feed_ids: Collection[str]) -> dict[str, FeedState]:
        """Return the feeds that are listed, by id, locked like :meth:`lock` and in an order that lets nobody wait.

        They come without credentials, which only fetching needs.
        """
        query = select(feeds).where(feeds.c.id.in_(sorted(feed_ids))).order_by(feeds.c.id).with_for_update()
        keys = keys_of(connection)
        return {row["id"]: _state(row, keys) for row in connection.execute(query).mappings()}

    def states(
        self, connection: Connection, feed_ids: Collection[str], *, due_at: datetime | None = None
    ) -> dict[str, FeedState | None]:
        """Return the feeds, by id, or of them those that are due at ``due_at``. None: what is stored is damaged."""
        query = _with_credentials().where(feeds.c.id.in_(sorted(feed_ids)))
        if due_at is not None:
            query = query.where(_due(due_at))
        keys = keys_of(connection)
        return {row["id"]: _readable(row, keys) for row in connection.execute(query).mappings()}

    def get(self, connection: Connection, feed_id: str) -> FeedState | None:
        """Return the feed; None if it is not listed."""
        row = connection.execute(_with_credentials().where(feeds.c.id == feed_id)).mappings().first()
        return _state(row, keys_of(connection)) if row is not None else None

    def all(self, connection: Connection) -> tuple[FeedState, ...]:
        """Return all feeds in the order in which they were added."""
        keys = keys_of(connection)
        rows = connection.execute(_with_credentials().order_by(feeds.c.added_at, feeds.c.url)).mappings()
        return tuple(_state(row, keys) for row in rows)

    def due(
        self, connection: Connection, now: datetime, limit: int, busy_hosts: Collection[str] = ()
    ) -> tuple[tuple[str, str], ...]:
        """Return ids and hosts of the feeds that are due at ``now``, longest waiting first, without ``busy_hosts``.

        Of those that wait for the same time, as after their host asked for rest, that comes first which was polled the
        longest ago: otherwise a host that answers a few at a time would be asked for the same few forever.
        """
        waiting, polled = feeds.c.next_poll_at, feeds.c.last_poll_at
        query = (
            select(feeds.c.id, feeds.c.host, feeds.c.fetch_url)
            .where(_due(now), func.coalesce(feeds.c.host, "").not_in(sorted(busy_hosts)))
            .order_by(waiting.is_not(None), waiting, polled.is_not(None), polled, feeds.c.added_at, feeds.c.id)
            .limit(limit)
        )
        return tuple((row.id, row.host or polled_host(row.fetch_url)) for row in connection.execute(query))

    def lease(self, connection: Connection, feed_ids: Sequence[str], now: datetime, until: datetime) -> frozenset[str]:
        """Reserve those feeds that are due and free for this worker ``until`` then; return their ids.

        Feeds that another worker is just reserving are skipped without waiting. :meth:`save` ends a lease.
        """
        available = select(feeds.c.id).where(feeds.c.id.in_(feed_ids), _due(now)).with_for_update(skip_locked=True)
        leased = update(feeds).where(feeds.c.id.in_(available)).values(leased_until=until).returning(feeds.c.id)
        return frozenset(connection.execute(leased).scalars())

    def renew(self, connection: Connection, feed_ids: Sequence[str], until: datetime) -> None:
        """Extend the leases of feeds that are still being polled."""
        leased = feeds.c.id.in_(feed_ids) & feeds.c.leased_until.is_not(None)
        connection.execute(update(feeds).where(leased).values(leased_until=until))

    def release(self, connection: Connection, feed_ids: Sequence[str]) -> None:
        """End the leases of feeds that were not polled."""
        connection.execute(update(feeds).where(feeds.c.id.in_(feed_ids)).values(leased_until=None))

    def hold_host(self, connection: Connection, host: str, until: datetime) -> None:
        """Poll no feed of ``host`` before ``until``. Feeds that are just being written are left out."""
        waiting = select(feeds.c.id).where(
            feeds.c.host == host, or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at < until)
        )
        held = waiting.with_for_update(skip_locked=True)
        connection.execute(update(feeds).where(feeds.c.id.in_(held)).values(next_poll_at=until))

    def add(self, connection: Connection, feed: Feed, now: datetime) -> bool:
        """List ``feed``, due at once if it is polled; False, changing nothing, if its URL is listed already."""
        exclusive(connection, "feeds.list")
        if self.get(connection, feed.id) is not None:
            return False
        due = now if feed.kind in POLLED else None
        health = FeedHealth(feed_id=feed.id, status="waiting", next_poll_at=due)
        self.save(connection, FeedState(feed, health, feed.url, Validators(), Rhythm(watched_since=now)))
        return True

    def save(self, connection: Connection, *states: FeedState) -> None:
        """Write ``states``, and end the leases of these feeds."""
        upsert(connection, feeds, [_row(state) for state in states], ("id",))

    def remove(self, connection: Connection, feed_id: str) -> bool:
        """Delete the feed and the records of its items; False if it was not listed."""
        for table in (feed_items, quarantine, websub, feed_credentials, mailboxes, unread_messages, article_pages):
            connection.execute(delete(table).where(table.c.feed_id == feed_id))
        return connection.execute(delete(feeds).where(feeds.c.id == feed_id)).rowcount > 0

    def set_credential(
        self, connection: Connection, feed_id: str, credential: Credential | None, now: datetime
    ) -> None:
        """Store what the feed's server asks for; with None, forget it.

        A feed that needs it has no hub: its address and its items are not for others.
        """
        if credential is None:
            connection.execute(delete(feed_credentials).where(feed_credentials.c.feed_id == feed_id))
            return
        sealed = credential.sealed(keys_of(connection))
        row = {"feed_id": feed_id, "kind": credential.kind, "sealed": sealed, "set_at": now}
        upsert(connection, feed_credentials, [row], ("feed_id",))
        connection.execute(delete(websub).where(websub.c.feed_id == feed_id))

    def set_mailbox(self, connection: Connection, feed_id: str, mailbox: Mailbox) -> None:
        """Store which mailbox an inlet reads, and how far it was read."""
        place, position = mailbox.place, mailbox.position
        row = {
            "feed_id": feed_id,
            "host": place.host,
            "port": place.port,
            "username": place.username,
            "folder": place.folder,
            "security": place.security,
            "verified_by": mailbox.verified_by,
            "uid_validity": position.validity if position else None,
            "uid": position.uid if position else None,
        }
        upsert(connection, mailboxes, [row], ("feed_id",))

    def mailbox(self, connection: Connection, feed_id: str) -> Mailbox | None:
        """Return the mailbox that an inlet reads; None if it reads none."""
        row = connection.execute(select(mailboxes).where(mailboxes.c.feed_id == feed_id)).first()
        if row is None:
            return None
        place = MailboxPlace(row.host, row.port, row.username, row.folder, row.security)
        position = None if row.uid is None else MailboxPosition(row.uid_validity, row.uid)
        return Mailbox(place, row.verified_by, position)

    def count_unsealed(self, connection: Connection) -> int:
        """Count the credentials that are not sealed with the newest key."""
        keys = keys_of(connection)
        return sum(not keys.newest_sealed(kept) for kept in connection.scalars(select(feed_credentials.c.sealed)))

    def seal_all(self, connection: Connection) -> int:
        """Seal every credential with the newest key; return how many can't be opened, and stay as they are."""
        keys, locked = keys_of(connection), 0
        query = select(feed_credentials.c.feed_id, feed_credentials.c.sealed).order_by(feed_credentials.c.feed_id)
        for feed_id, kept in connection.execute(query.with_for_update()).all():
            try:
                sealed = keys.resealed(kept)
            except LockedSecret:
                locked += 1
                continue
            if sealed != kept:
                mine = feed_credentials.c.feed_id == feed_id
                connection.execute(update(feed_credentials).where(mine).values(sealed=sealed))
        return locked

    def seen(self, connection: Connection, items: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, SeenItem]]:
        """Return the records of items with these ids, by feed and item id.

        ``items`` has their fingerprints by feed and item id. For an item without a record, the records of its feed with
        the same fingerprint are returned as well.
        """
        any_record = select(feed_items.c.item_id).where(feed_items.c.feed_id == feeds.c.id).exists()
        # Most items are those of new feeds, which need not be looked up one by one.
        read = connection.scalars(select(feeds.c.id).where(feeds.c.id.in_(sorted(items)), any_record)).all()
        pairs = [(feed_id, item_id) for feed_id in read for item_id in items[feed_id]]
        records = self._seen_with(connection, feed_items.c.item_id, pairs)
        unknown = [
            (feed_id, fingerprint)
            for feed_id in read
            for item_id, fingerprint in items[feed_id].items()
            if item_id not in records[feed_id]
        ]
        for feed_id, copies in self._seen_with(connection, feed_items.c.fingerprint, unknown).items():
            records[feed_id] |= copies
        return records

    def stated(self, connection: Connection, feed_id: str, item_ids: Collection[str]) -> dict[str, datetime | None]:
        """Return the newest date that each of these items has stated; items that were never seen are left out."""
        known = self._seen_with(connection, feed_items.c.item_id, [(feed_id, item_id) for item_id in item_ids])
        return {item_id: seen.stated_at for item_id, seen in known[feed_id].items()}

    def _seen_with(
        self, connection: Connection, column: Column[str], pairs: Sequence[tuple[str, str]]
    ) -> defaultdict[str, dict[str, SeenItem]]:
        """Return the records with these pairs of a feed and a value of ``column``, by feed and item id."""
        records: defaultdict[str, dict[str, SeenItem]] = defaultdict(dict)
        for start in range(0, len(pairs), _CHUNK):
            query = _SEEN.where(_any_of(column, pairs[start : start + _CHUNK]))
            for feed_id, item_id, fingerprint, revision, first, changed, stated, earlier, copy in connection.execute(
                query
            ):
                records[feed_id][item_id] = SeenItem(
                    item_id, fingerprint, revision, first, changed, stated, tuple(earlier), copy
                )
        return records

    def remember(self, connection: Connection, seen: Iterable[tuple[str, SeenItem]]) -> None:
        """Store the records of items, each with the id of its feed."""
        rows = [
            {
                "feed_id": feed_id,
                "item_id": record.item_id,
                "fingerprint": record.fingerprint,
                "revision": record.revision,
                "first_seen_at": record.first_seen_at,
                "changed_at": record.changed_at,
                "stated_at": record.stated_at,
                "earlier": list(record.earlier),
                "copy_of": record.copy_of,
            }
            for feed_id, record in seen
        ]
        upsert(connection, feed_items, rows, ("feed_id", "item_id"))

    def forget(
        self, connection: Connection, listed: Mapping[str, Collection[str]], before: Mapping[str, datetime]
    ) -> None:
        """Delete the records of items that are unchanged since ``before`` and no longer ``listed``, each by feed."""
        old = select(feed_items.c.feed_id, feed_items.c.item_id, feed_items.c.changed_at).where(
            feed_items.c.feed_id.in_(sorted(listed)), feed_items.c.changed_at < max(before.values())
        )
        dropped = [
            (feed_id, item_id)
            for feed_id, item_id, changed_at in connection.execute(old)
            if changed_at < before[feed_id] and item_id not in listed[feed_id]
        ]
        for start in range(0, len(dropped), _CHUNK):
            chunk = dropped[start : start + _CHUNK]
            connection.execute(delete(feed_items).where(_any_of(feed_items.c.item_id, chunk)))


def _any_of(column: Column[str], pairs: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Select the rows with any of these pairs of a feed and a value of ``column``.

    For pairs in one list, SQLite reads the whole table.
    """
    values: defaultdict[str, list[str]] = defaultdict(list)
    for feed_id, value in pairs:
        values[feed_id].append(value)
    return or_(*(and_(feed_items.c.feed_id == feed_id, column.in_(own)) for feed_id, own in values.items()))


#: The fields of :class:`SeenItem`, after the feed.
_SEEN = select(
    feed_items.c.feed_id,
    feed_items.c.item_id,
    feed_items.c.fingerprint,
    feed_items.c.revision,
    feed_items.c.first_seen_at,
    feed_items.c.changed_at,
    feed_items.c.stated_at,
    feed_items.c.earlier,
    feed_items.c.copy_of,
)


def _due(now: datetime) -> ColumnElement[bool]:
    """Select feeds that should be polled at ``now`` and are not leased, though a clock may have been years ahead."""
    polled = or_(feeds.c.kind.is_(None), feeds.c.kind.in_(sorted(POLLED)))
    return and_(
        polled, feeds.c.paused.is_(False), _reached(feeds.c.next_poll_at, now), _reached(feeds.c.leased_until, now)
    )


def _reached(column: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    return or_(column.is_(None), column <= now, column > now + LONGEST_WAIT)


def polled_host(url: str) -> str:
    """Return host and port of a feed's address in lower case, without user; the polls of one host are spread."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()[:255]


def _with_credentials() -> Select[Any]:
    kept = feed_credentials.c
    return select(feeds, kept.kind.label("credential_kind"), kept.sealed.label("credential")).outerjoin(
        feed_credentials, kept.feed_id == feeds.c.id
    )


def _readable(row: RowMapping, keys: Keys) -> FeedState | None:
    try:
        return _state(row, keys)
    except (TypeError, ValueError):
        return None


def _state(row: RowMapping, keys: Keys) -> FeedState:
    sealed = row.get("credential")
    feed = Feed(
        id=row["id"],
        url=row["url"],
        kind=row["kind"] or "feed",
        title=row["title"],
        publisher=row["publisher"],
        group=row["group_name"],
        site_url=row["site_url"],
        speaks_for=tuple(row["speaks_for"] or ()),
        ground=row["ground"],
        links_under=row["links_under"],
        links_in=row["links_in"],
        full_text=bool(row["full_text"]),
    )
    health = FeedHealth(
        feed_id=row["id"],
        status="paused" if row["paused"] else row["status"],
        reason=row["reason"],
        mend=row["mend"],
        failures_in_a_row=row["failures_in_a_row"],
        last_ok_at=row["last_ok_at"],
        last_new_at=row["last_new_at"],
        next_poll_at=row["next_poll_at"],
    )
    rhythm = Rhythm(
        watched_since=row["added_at"],
        moments=tuple(datetime.fromisoformat(text) for text in row["new_moments"]),
        longest_gap_seconds=row["longest_gap_seconds"],
        ttl_seconds=row["ttl_seconds"],
        max_age_seconds=row["max_age_seconds"],
        skip_hours=frozenset(row["skip_hours"] or ()),
        skip_days=frozenset(row["skip_days"] or ()),
        delays=tuple(row["delays"] or ()),
    )
    redirected = row["redirect_url"] is not None
    return FeedState(
        feed,
        health,
        row["fetch_url"],
        Validators(row["etag"], row["last_modified"]),
        rhythm,
        row["body_digest"],
        row["last_poll_at"],
        row["paused"],
        Move(row["redirect_url"], row["redirect_days"], row["redirect_seen_at"]) if redirected else None,
        None if sealed is None else SealedCredential(row["credential_kind"], sealed, keys),
        tuple(_EXTENTS[letter] for letter in row["extents"] or "" if letter in _EXTENTS),
    )


def _row(state: FeedState) -> Mapping[str, Any]:
    feed, health, rhythm = state.feed, state.health, state.rhythm
    return {
        "id": feed.id,
        "url": feed.url,
        "fetch_url": state.fetch_url,
        "host": polled_host(state.fetch_url),
        "kind": None if feed.kind == "feed" else feed.kind,
        "title": feed.title,
        "publisher": feed.publisher,
        "group_name": feed.group,
        "site_url": feed.site_url,
        "speaks_for": list(feed.speaks_for) or None,
        "ground": feed.ground,
        "links_under": feed.links_under,
        "links_in": feed.links_in,
        "full_text": feed.full_text or None,
        "added_at": rhythm.watched_since,
        "paused": state.paused,
        "status": health.status,
        "reason": health.reason,
        "mend": health.mend,
        "failures_in_a_row": health.failures_in_a_row,
        "last_ok_at": health.last_ok_at,
        "last_new_at": health.last_new_at,
        "last_poll_at": state.last_poll_at,
        "next_poll_at": health.next_poll_at,
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "body_digest": state.body_digest,
        "new_moments": [moment.isoformat() for moment in rhythm.moments],
        "longest_gap_seconds": rhythm.longest_gap_seconds,
        "ttl_seconds": rhythm.ttl_seconds,
        "max_age_seconds": rhythm.max_age_seconds,
        "skip_hours": sorted(rhythm.skip_hours) or None,
        "skip_days": sorted(rhythm.skip_days) or None,
        "delays": list(rhythm.delays) or None,
        "extents": "".join(extent[0] for extent in state.extents) or None,
        "redirect_url": state.move.url if state.move else None,
        "redirect_days": state.move.days if state.move else None,
        "redirect_seen_at": state.move.seen_at if state.move else None,
        "leased_until": None,
    }
