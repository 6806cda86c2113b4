"""Seals the audit log: chains its entries by their hashes, so that a later change or loss is found.

Entries are written in the transactions of those who act, so they can't be chained at once without making everybody
wait for everybody. A worker seals what was committed every few seconds: each seal hashes its entries and the seal
before it. Whoever changes an entry has to change all later seals; the last one is written to the process's log with
each seal, and can be kept elsewhere and given to :func:`verify`.

Entries that are too old are removed by whole seals, from the first on. The seals stay, and an entry of the log says up
to which seal they were removed, so what remains is verified as before.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, update

from services.common.clock import Clock
from services.common.db import exclusive
from services.common.logs import get_logger
from services.common.queue.loop import poll
from services.notifier.tables import audit_log, audit_seals

__all__ = ["AuditSealer", "Head", "Verification", "count_old_entries", "remove_oldest_seal", "seal_entries", "verify"]

log = get_logger(__name__)

POLL_SECONDS = 10.0
#: Entries of one seal.
BATCH = 1_000
#: The action in the log by which entries of the seals up to its subject were removed.
REMOVED = "audit.removed"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Head:
    """A seal, as it is shown and kept elsewhere: ``17:9f86d0…``."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of verifying: what was found wrong, as sentences, in the order of the log; none if all is well.

    ``unsealed`` are entries that wait for the next seal; ``removed`` is the number of seals whose entries were removed.
    """

    problems: tuple[str, ...]
    entries: int
    unsealed: int
    head: Head | None
    removed: int = 0


class AuditSealer:
    """Seals new entries every few seconds."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Seal until ``stop`` is set."""
        await poll(lambda: asyncio.to_thread(self.seal_all), stop, name="audit", every_seconds=POLL_SECONDS)

    def seal_all(self) -> int:
        """Seal every entry that isn't sealed; return how many there were."""
        count = 0
        while sealed := self._seal_once():
            count += sealed
        return count

    def _seal_once(self) -> int:
        with self._engine.begin() as connection:
            sealed, head = seal_entries(connection, self._clock.now())
        if head is not None:
            log.info("Audit entries were sealed.", action="audit.sealed", entries=sealed, head=str(head))
        return sealed


def seal_entries(connection: Connection, now: datetime) -> tuple[int, Head | None]:
    """Seal up to :data:`BATCH` entries in the caller's transaction; return how many, and the new seal if any."""
    waiting = select(audit_log.c.id).where(audit_log.c.seal.is_(None)).limit(1)
    if connection.execute(waiting).first() is None:
        return 0, None
    exclusive(connection, "audit.seal")
    query = select(audit_log).where(audit_log.c.seal.is_(None)).order_by(audit_log.c.id).limit(BATCH)
    rows = connection.execute(query).mappings().all()
    if not rows:
        return 0, None
    last = _head(connection)
    number = last.number + 1 if last is not None else 1
    digest = _digest(last.digest if last is not None else "", number, rows)
    connection.execute(insert(audit_seals).values(number=number, sealed_at=now, entries=len(rows), digest=digest))
    ids = [row["id"] for row in rows]
    for start in range(0, len(ids), _CHUNK):
        chosen = audit_log.c.id.in_(ids[start : start + _CHUNK])
        connection.execute(update(audit_log).where(chosen).values(seal=number))
    return len(rows), Head(number, digest)


def remove_oldest_seal(connection: Connection, before: datetime, now: datetime, user_id: str) -> int:
    """Remove the entries of the first seal that has any, if it was sealed before ``before``; return how many."""
    exclusive(connection, "audit.seal")
    query = select(audit_seals).where(audit_seals.c.removed_at.is_(None)).order_by(audit_seals.c.number).limit(1)
    seal = connection.execute(query).mappings().first()
    if seal is None or seal["sealed_at"] >= before:
        return 0
    number = seal["number"]
    connection.execute(update(audit_seals).where(audit_seals.c.number == number).values(removed_at=now))
    removed = connection.execute(delete(audit_log).where(audit_log.c.seal == number)).rowcount
    detail = f"{removed:,} entries sealed before {before:%Y-%m-%d}"
    entry = {"at": now, "user_id": user_id, "action": REMOVED, "subject": str(number), "detail": detail}
    connection.execute(insert(audit_log).values(entry))
    return removed


def count_old_entries(connection: Connection, before: datetime) -> int:
    """Count the entries of seals from before ``before`` that were not removed."""
    old = select(func.sum(audit_seals.c.entries)).where(
        audit_seals.c.removed_at.is_(None), audit_seals.c.sealed_at < before
    )
    return int(connection.scalar(old) or 0)


def verify(connection: Connection, kept: Head | None = None) -> Verification:
    """Compare the log with its seals, and with ``kept``, a seal that was noted earlier."""
    seals = {row["number"]: row for row in connection.execute(select(audit_seals)).mappings()}
    head = max(seals, default=0)
    found: dict[int, tuple[int, str]] = {}
    for number, rows in _sealed(connection):
        before = seals.get(number - 1)
        found[number] = len(rows), _digest(before["digest"] if before is not None else "", number, rows)
    removed = {number for number, seal in seals.items() if seal["removed_at"] is not None}
    problems = _problems_of_removal(connection, removed)
    for number in range(1, head + 1):
        seal = seals.get(number)
        count, digest = found.get(number, (0, ""))
        if seal is not None and number in removed:
            if count:
                problems.append(f"Seal {number} has {count} entries, but its entries were removed.")
        elif seal is None:
            problems.append(f"Seal {number} is missing.")
        elif count != seal["entries"]:
            at = f"{seal['sealed_at']:%Y-%m-%d %H:%M} UTC"
            problems.append(f"Seal {number} of {at} has {seal['entries']} entries; {count} are there.")
        elif digest != seal["digest"]:
            at = f"{seal['sealed_at']:%Y-%m-%d %H:%M} UTC"
            problems.append(f"The {count} entries of seal {number} ({at}), or the seal before it, were changed.")
    problems += [
        f"{count} entries belong to seal {number}, which does not exist."
        for number, (count, _) in found.items()
        if number not in seals
    ]
    if kept is not None and kept.number not in seals:
        problems.append(f"Seal {kept.number}, which was kept, is missing.")
    elif kept is not None and seals[kept.number]["digest"] != kept.digest:
        problems.append(f"Seal {kept.number} is not the one that was kept.")
    unsealed = connection.scalar(select(func.count()).where(audit_log.c.seal.is_(None))) or 0
    entries = sum(count for number, (count, _) in found.items() if number in seals)
    last = Head(head, seals[head]["digest"]) if seals else None
    return Verification(tuple(problems), entries, unsealed, last, len(removed))


def _problems_of_removal(connection: Connection, removed: Collection[int]) -> list[str]:
    """Return what is wrong with the removal of old entries: only the first seals lose theirs, and the log says so."""
    last = max(removed, default=0)
    if last == 0:
        return []
    if len(removed) < last:
        return [f"Entries of seal {last} were removed before those of earlier seals."]
    said = select(audit_log.c.id).where(audit_log.c.action == REMOVED, audit_log.c.subject == str(last)).limit(1)
    if connection.execute(said).first() is None:
        return [f"The entries of the seals up to {last} were removed, and no entry of the log says so."]
    return []


def _sealed(connection: Connection) -> Iterator[tuple[int, list[RowMapping]]]:
    """Yield each seal's number with its entries, in order."""
    query = select(audit_log).where(audit_log.c.seal.is_not(None)).order_by(audit_log.c.seal, audit_log.c.id)
    rows = connection.execute(query, execution_options={"yield_per": BATCH}).mappings()
    for number, group in groupby(rows, key=lambda row: int(row["seal"])):
        yield number, list(group)


def _head(connection: Connection) -> Head | None:
    query = select(audit_seals.c.number, audit_seals.c.digest).order_by(audit_seals.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return Head(row.number, row.digest) if row is not None else None


def _digest(before: str, number: int, rows: Iterable[RowMapping]) -> str:
    """Return the SHA-256 of a seal: of its number, the digest before it, and its entries in order."""
    entries = [
        [
            row["id"],
            row["at"].isoformat(),
            row["user_id"],
            row["action"],
            row["subject"],
            row["client_id"],
            row["detail"],
        ]
        for row in rows
    ]
    text = json.dumps([number, before, entries], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
