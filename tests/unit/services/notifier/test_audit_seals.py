"""No entry of the audit log can be changed, added or lost without being found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update

from services.notifier import audit
from services.notifier.audit_seals import AuditSealer, Head, seal_entries, verify
from services.notifier.tables import audit_log, audit_seals
from tests.fakes import FakeClock

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def sealed(database: Engine) -> Engine:
    """A log of 3 seals of 4 entries each, and 2 entries that wait."""
    for seal in range(3):
        with database.begin() as connection:
            for number in range(4):
                add(connection, seal * 4 + number)
            seal_entries(connection, NOON)
    with database.begin() as connection:
        add(connection, 12)
        add(connection, 13)
    return database


def add(connection: Connection, number: int) -> None:
    at = NOON + timedelta(seconds=number, microseconds=number)
    audit.record(connection, at, "manager-mara", "draft.read", f"draft-{number}", "claire-arnaud", f"für {number} 🙂")


def nth(connection: Connection, number: int) -> int:
    query = select(audit_log.c.id).order_by(audit_log.c.id).offset(number).limit(1)
    return int(connection.execute(query).scalar_one())


def test_a_log_that_nobody_touched_is_intact(sealed: Engine) -> None:
    with sealed.connect() as connection:
        found = verify(connection)
    assert (found.problems, found.entries, found.unsealed) == ((), 12, 2)
    assert found.head is not None
    assert found.head.number == 3


def test_an_empty_log_is_intact(database: Engine) -> None:
    with database.connect() as connection:
        assert verify(connection).problems == ()


def changed_text(connection: Connection) -> None:
    connection.execute(update(audit_log).where(audit_log.c.id == nth(connection, 5)).values(detail="other"))


def changed_user(connection: Connection) -> None:
    connection.execute(update(audit_log).where(audit_log.c.id == nth(connection, 5)).values(user_id="owner"))


def changed_time(connection: Connection) -> None:
    connection.execute(update(audit_log).where(audit_log.c.id == nth(connection, 5)).values(at=NOON))


def lost_entry(connection: Connection) -> None:
    connection.execute(delete(audit_log).where(audit_log.c.id == nth(connection, 5)))


def added_entry(connection: Connection) -> None:
    values = {"at": NOON, "user_id": "x", "action": "draft.read", "subject": "d", "seal": 2}
    connection.execute(insert(audit_log).values(values))


def hidden_entry(connection: Connection) -> None:
    connection.execute(update(audit_log).where(audit_log.c.id == nth(connection, 5)).values(seal=None))


def moved_entry(connection: Connection) -> None:
    connection.execute(update(audit_log).where(audit_log.c.id == nth(connection, 5)).values(seal=9))


def lost_seal(connection: Connection) -> None:
    connection.execute(delete(audit_seals).where(audit_seals.c.number == 2))


def resealed(connection: Connection) -> None:
    """Change an entry and write a seal that fits it, but not the next one."""
    changed_text(connection)
    connection.execute(delete(audit_seals).where(audit_seals.c.number >= 2))
    connection.execute(update(audit_log).where(audit_log.c.seal == 2).values(seal=None))
    seal_entries(connection, NOON)


@pytest.mark.parametrize(
    "attack",
    [
        changed_text,
        changed_user,
        changed_time,
        lost_entry,
        added_entry,
        hidden_entry,
        moved_entry,
        lost_seal,
        resealed,
    ],
)
def test_every_change_is_found(sealed: Engine, attack: Callable[[Connection], None]) -> None:
    with sealed.begin() as connection:
        attack(connection)
    with sealed.connect() as connection:
        assert verify(connection).problems


def test_an_end_that_was_cut_off_and_sealed_anew_is_found_by_a_seal_that_was_kept(sealed: Engine) -> None:
    with sealed.connect() as connection:
        kept = verify(connection).head
    with sealed.begin() as connection:
        connection.execute(delete(audit_seals).where(audit_seals.c.number == 3))
        connection.execute(delete(audit_log).where(audit_log.c.seal == 3))
    with sealed.connect() as connection:
        assert verify(connection).problems == ()
        assert verify(connection, kept).problems == ("Seal 3, which was kept, is missing.",)
    AuditSealer(sealed, FakeClock(NOON)).seal_all()
    with sealed.connect() as connection:
        assert verify(connection, kept).problems == ("Seal 3 is not the one that was kept.",)


def test_everything_is_sealed_once(sealed: Engine) -> None:
    sealer = AuditSealer(sealed, FakeClock(NOON))
    assert sealer.seal_all() == 2
    assert sealer.seal_all() == 0
    with sealed.connect() as connection:
        found = verify(connection, Head(1, _digest_of(connection, 1)))
    assert (found.problems, found.entries, found.unsealed) == ((), 14, 0)


def _digest_of(connection: Connection, number: int) -> str:
    return str(connection.scalar(select(audit_seals.c.digest).where(audit_seals.c.number == number)))
