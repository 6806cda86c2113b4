"""API tokens: named, with scopes and an expiry, listed and revocable.

Only a hash of a token is stored. A token is a long random string, so a plain SHA-256 is enough.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from services.common.errors import BadInput
from services.notifier.tables import api_tokens, users

__all__ = [
    "ALL_SCOPES",
    "ITEMS_SCOPE",
    "LIFETIME",
    "NAME_LIMIT",
    "SCOPES",
    "ApiToken",
    "TokenScope",
    "create_api_token",
    "dead_token",
    "find_token",
    "list_tokens",
    "record_use",
    "revoke_token",
    "revoke_tokens_of",
    "use_is_due",
]

TokenScope = Literal["read", "write", "send", "items"]
#: What a token of each scope that people choose may do. None includes another.
SCOPES: dict[TokenScope, str] = {
    "read": "read everything that the user may see",
    "write": "change drafts, clients, feeds and settings, but send nothing",
    "send": "approve drafts and send messages to clients",
}
#: What a user may do.
ALL_SCOPES: tuple[TokenScope, ...] = tuple(SCOPES)
#: The one scope of a token of an inlet: to put items into it. No other token has it.
ITEMS_SCOPE: TokenScope = "items"
LIFETIME = timedelta(days=365)
LIMIT = timedelta(days=5 * 366)
NAME_LIMIT = 80
#: The time of the latest use is recorded this often at most: reading should rarely write.
USE_RECORDED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is listed; nobody can read its text again.

    ``inlet_id`` is the inlet into which it puts items; such a token may do nothing else.
    """

    id: str
    user_id: str
    name: str
    scopes: tuple[TokenScope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    inlet_id: str | None = None

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked"]:
        """Return whether it can be used."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if self.expires_at is None or now < self.expires_at else "expired"


def create_api_token(
    connection: Connection,
    user_id: str,
    now: datetime,
    *,
    name: str = "API token",
    scopes: Sequence[str] = ALL_SCOPES,
    valid_for: timedelta = LIFETIME,
    inlet_id: str | None = None,
) -> str:
    """Return a new bearer token for the API, or for one inlet. Only its hash is stored.

    Raises:
        BadInput: there is no such user, or the name, the scopes or the lifetime are not valid.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LIMIT:
        raise BadInput("A token needs a name.", fix=f"Give it one of at most {NAME_LIMIT} characters.")
    if inlet_id is not None:
        scopes = (ITEMS_SCOPE,)
    elif ITEMS_SCOPE in scopes:
        raise BadInput(
            f"{ITEMS_SCOPE!r} is the scope of an inlet's tokens.", fix="Create one with 'firstword inlets token NAME'."
        )
    unknown = sorted(set(scopes) - set(get_args(TokenScope)))
    if unknown or not scopes:
        said = f"{unknown[0]!r} is not a scope." if unknown else "A token needs a scope."
        raise BadInput(said, fix=f"Choose from {', '.join(ALL_SCOPES)}.")
    if not timedelta() < valid_for <= LIMIT:
        raise BadInput("This is no lifetime of a token.", fix=f"Choose from 1 to {LIMIT.days} days.")
    if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is None:
        raise BadInput(f"There is no user {user_id!r}.")
    token = f"fw_{secrets.token_urlsafe(32)}"
    connection.execute(
        insert(api_tokens).values(
            id=f"tok_{secrets.token_hex(8)}",
            user_id=user_id,
            name=name,
            token_hash=_hash(token),
            scopes=[scope for scope in get_args(TokenScope) if scope in scopes],
            inlet_id=inlet_id,
            created_at=now,
            expires_at=now + valid_for,
        )
    )
    return token


def find_token(connection: Connection, token: str, now: datetime) -> ApiToken | None:
    """Return the token with this text if it is valid now."""
    query = select(api_tokens).where(
        api_tokens.c.token_hash == _hash(token),
        api_tokens.c.revoked_at.is_(None),
        or_(api_tokens.c.expires_at.is_(None), api_tokens.c.expires_at > now),
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _token(row)


def dead_token(connection: Connection, token: str, now: datetime) -> tuple[str | None, str]:
    """Return whose a token is that is refused, if anybody's, and why: for the audit log alone."""
    row = connection.execute(select(api_tokens).where(api_tokens.c.token_hash == _hash(token))).mappings().first()
    if row is None:
        return None, "an unknown token"
    state = _token(row).state(now)
    return row[
        "user_id"
    ], "a token of a user who may not sign in" if state == "valid" else f"the {state} token {row['id']}"


def record_use(connection: Connection, token: ApiToken, now: datetime) -> None:
    """Record that the token was used."""
    connection.execute(update(api_tokens).where(api_tokens.c.id == token.id).values(last_used_at=now))


def use_is_due(token: ApiToken, now: datetime) -> bool:
    """Return whether the use of a token should be recorded again."""
    return token.last_used_at is None or now - token.last_used_at >= USE_RECORDED_EVERY


def list_tokens(connection: Connection, user_id: str | None = None) -> Sequence[ApiToken]:
    """Return the tokens of a user, or of all users, the newest first."""
    query = select(api_tokens).order_by(api_tokens.c.created_at.desc(), api_tokens.c.id)
    if user_id is not None:
        query = query.where(api_tokens.c.user_id == user_id)
    return [_token(row) for row in connection.execute(query).mappings()]


def revoke_token(connection: Connection, token_id: str, now: datetime, user_id: str | None = None) -> ApiToken | None:
    """Revoke a token, of a user if one is named, and return it; None if there is none. Repeating it changes nothing."""
    found = next((token for token in list_tokens(connection, user_id) if token.id == token_id), None)
    if found is not None and found.revoked_at is None:
        connection.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(revoked_at=now))
    return found


def revoke_tokens_of(connection: Connection, inlet_id: str, now: datetime) -> int:
    """Revoke all tokens of an inlet; return how many were valid until now."""
    mine = (api_tokens.c.inlet_id == inlet_id, api_tokens.c.revoked_at.is_(None))
    return connection.execute(update(api_tokens).where(*mine).values(revoked_at=now)).rowcount


def _token(row: RowMapping) -> ApiToken:
    kept = {name: row[name] for name in ApiToken.__slots__ if name != "scopes"}
    return ApiToken(**kept, scopes=tuple(scope for scope in get_args(TokenScope) if scope in row["scopes"]))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
