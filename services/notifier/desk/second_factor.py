"""The second factor of a user: a sealed secret for codes, hashes of recovery codes, and the roles that need one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from services.common.sealing import LockedSecret, keys_of
from services.notifier.desk import totp
from services.notifier.roles import ROLES, Role
from services.notifier.tables import recovery_codes, required_factors, second_factors, users

__all__ = [
    "accept",
    "begin",
    "codes_left",
    "confirm",
    "confirmed_at",
    "has_factor",
    "is_missing",
    "new_recovery_codes",
    "pending_secret",
    "remove",
    "require_for",
    "required_roles",
    "seal_all",
]

RECOVERY_CODES = 10


def has_factor(connection: Connection, user_id: str) -> bool:
    """Return whether a user has confirmed a second factor."""
    return confirmed_at(connection, user_id) is not None


def confirmed_at(connection: Connection, user_id: str) -> datetime | None:
    """Return when a user confirmed their second factor; None if they have none."""
    return connection.execute(select(second_factors.c.confirmed_at).where(second_factors.c.user_id == user_id)).scalar()


def is_missing() -> ColumnElement[bool]:
    """Return the condition on a row of ``users`` whose role needs a second factor, and who has none."""
    confirmed = exists().where(second_factors.c.user_id == users.c.id, second_factors.c.confirmed_at.is_not(None))
    return and_(exists().where(required_factors.c.role == users.c.role), ~confirmed)


def required_roles(connection: Connection) -> Sequence[Role]:
    """Return the roles that need a second factor."""
    stored = set(connection.execute(select(required_factors.c.role)).scalars())
    return [role for role in ROLES if role in stored]


def require_for(connection: Connection, roles: Sequence[Role]) -> None:
    """Set the roles that need a second factor."""
    connection.execute(delete(required_factors))
    for role in roles:
        connection.execute(insert(required_factors).values(role=role))


def begin(connection: Connection, user_id: str, now: datetime) -> str:
    """Store a new secret that counts once it is confirmed, and return it."""
    secret = totp.new_secret()
    connection.execute(delete(second_factors).where(second_factors.c.user_id == user_id))
    connection.execute(
        insert(second_factors).values(user_id=user_id, secret=keys_of(connection).seal(secret), created_at=now)
    )
    return secret


def pending_secret(connection: Connection, user_id: str) -> str | None:
    """Return the secret that a user has not confirmed yet."""
    table = second_factors.c
    query = select(table.secret).where(table.user_id == user_id, table.confirmed_at.is_(None))
    stored = connection.execute(query).scalar()
    return None if stored is None else keys_of(connection).open(stored)


def confirm(connection: Connection, user_id: str, code: str, now: datetime) -> bool:
    """Let the secret count from now on if ``code`` is its present one; return whether it is."""
    return _accept_code(connection, user_id, _digits(code), now, confirming=True)


def accept(connection: Connection, user_id: str, code: str, now: datetime) -> str | None:
    """Use up a code or a recovery code; return which it was, or None if it is neither, or was used before."""
    if _accept_code(connection, user_id, _digits(code), now):
        return "code"
    used = connection.execute(
        update(recovery_codes)
        .where(
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.code_hash == _hash(code),
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return "recovery code" if used.rowcount else None


def new_recovery_codes(connection: Connection, user_id: str) -> Sequence[str]:
    """Return new recovery codes in place of all earlier ones. Only hashes are stored: each has 80 random bits."""
    codes = [f"{text[:5]}-{text[5:10]}-{text[10:15]}-{text[15:]}" for text in _random_texts(RECOVERY_CODES)]
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": _hash(code)} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return codes


def codes_left(connection: Connection, user_id: str) -> int:
    """Return the number of recovery codes that were not used."""
    query = select(func.count()).where(recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None))
    return connection.execute(query).scalar_one()


def remove(connection: Connection, user_id: str) -> None:
    """Delete the secret and the recovery codes of a user."""
    for table in (second_factors, recovery_codes):
        connection.execute(delete(table).where(table.c.user_id == user_id))


def seal_all(connection: Connection) -> int:
    """Seal every secret with the newest key; return how many can't be unsealed, and stay as they are."""
    keys, locked = keys_of(connection), 0
    for row in connection.execute(select(second_factors)).all():
        try:
            sealed = keys.resealed(row.secret)
        except LockedSecret:
            locked += 1
            continue
        if sealed != row.secret:
            of_user = second_factors.c.user_id == row.user_id
            connection.execute(update(second_factors).where(of_user).values(secret=sealed))
    return locked


def _accept_code(connection: Connection, user_id: str, code: str, now: datetime, *, confirming: bool = False) -> bool:
    """Use up the code of a step: the same one, and those before it, are refused from then on."""
    table = second_factors.c
    row = connection.execute(select(second_factors).where(table.user_id == user_id)).first()
    if row is None or (row.confirmed_at is None) is not confirming:
        return False
    step = totp.matching_step(keys_of(connection).open(row.secret), code, now, row.last_step)
    if step is None:
        return False
    values = {"last_step": step, "confirmed_at": now if confirming else row.confirmed_at}
    connection.execute(update(second_factors).where(table.user_id == user_id).values(values))
    return True


def _digits(code: str) -> str:
    return "".join(code.split())


def _random_texts(count: int) -> Sequence[str]:
    """Return texts of 20 characters out of 16: 80 bits each."""
    return [secrets.token_hex(10) for _ in range(count)]


def _hash(code: str) -> str:
    return hashlib.sha256("".join(code.lower().replace("-", "").split()).encode()).hexdigest()
