"""Authentication: one-time links, signed session cookies, and a token in every form.

Only hashes of links are stored. They are long random strings, so a plain SHA-256 is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from sqlalchemy import ColumnElement, Connection, RowMapping, exists, insert, or_, select, update

from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.desk.tokens import ApiToken
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from services.notifier.tables import clients, signin_links, users

__all__ = [
    "SESSION_COOKIE",
    "Sessions",
    "Viewer",
    "create_signin_link",
    "end_sessions",
    "ensure_manager",
    "ensure_owner",
    "redeem",
    "viewer_of_token",
]

SESSION_COOKIE = "firstword_session"
LINK_LIFETIME = timedelta(hours=1)
Role = Literal["owner", "manager"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user who is asking."""

    user_id: str
    name: str
    role: Role
    manager_id: str | None
    time_zone: str
    nonce: str = ""
    open_next: bool = True
    shortcuts: bool = True

    @property
    def scope(self) -> Scope:
        """The clients this user may see: the owner all of them, a manager without an id none."""
        return EVERYTHING if self.role == "owner" else OwnClients(self.manager_id or "")


def ensure_owner(
    connection: Connection, now: datetime, *, user_id: str = "owner", name: str = "Owner", time_zone: str = "UTC"
) -> str:
    """Create the user who sees everything, if missing, and return their id. The time zone they chose is kept."""
    return _ensure(connection, now, user_id, name, "owner", None, time_zone)


def ensure_manager(connection: Connection, now: datetime, *, manager_id: str, name: str, time_zone: str = "UTC") -> str:
    """Create the account manager's user, if missing, and return its id. The time zone they chose is kept."""
    return _ensure(connection, now, f"manager-{manager_id}", name, "manager", manager_id, time_zone)


def _ensure(
    connection: Connection, now: datetime, user_id: str, name: str, role: Role, manager_id: str | None, time_zone: str
) -> str:
    row = {
        "id": user_id,
        "name": name,
        "role": role,
        "manager_id": manager_id,
        "time_zone": time_zone,
        "session_epoch": 0,
        "created_at": now,
    }
    upsert(connection, users, [row], ["id"], update=("name", "role", "manager_id"))
    return user_id


def create_signin_link(
    connection: Connection, user_id: str, now: datetime, *, valid_for: timedelta = LINK_LIFETIME
) -> str:
    """Return a token that signs ``user_id`` in once, for ``/signin?token=…``. Only its hash is stored.

    Raises:
        BadInput: there is no such user.
    """
    if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is None:
        raise BadInput(f"There is no user {user_id!r}.")
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(signin_links).values(
            token_hash=_hash(token), user_id=user_id, created_at=now, expires_at=now + valid_for
        )
    )
    return token


def redeem(connection: Connection, token: str, now: datetime) -> str | None:
    """Use up ``token`` and return the user it signs in; None if it is unknown, used or expired."""
    link = signin_links.c
    used = connection.execute(
        update(signin_links)
        .where(link.token_hash == _hash(token), link.used_at.is_(None), link.expires_at > now)
        .values(used_at=now)
        .returning(link.user_id)
    ).scalar()
    return None if used is None else str(used)


def end_sessions(connection: Connection, user_id: str) -> None:
    """End all sessions of ``user_id``; cookies that were issued before are worth nothing from now on."""
    later = {"session_epoch": users.c.session_epoch + 1}
    connection.execute(update(users).where(users.c.id == user_id).values(later))


def viewer_of_token(connection: Connection, token: ApiToken) -> Viewer | None:
    """Return the user whom an API token belongs to; None if they may not do anything any more."""
    query = select(users).where(users.c.id == token.user_id, *_active())
    row = connection.execute(query).mappings().first()
    return None if row is None else _viewer(row, "")


class Sessions:
    """Signs and reads session cookies, and the token that each form of a session contains."""

    def __init__(self, secret: str, lifetime: timedelta) -> None:
        if len(secret) < 32:
            raise BadInput(
                "The desk's secret is shorter than 32 characters.",
                fix="Create one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )
        self._cookies = URLSafeTimedSerializer(secret, salt="firstword.session")
        self._forms = Signer(secret, salt="firstword.form")
        self.lifetime = lifetime

    def issue(self, connection: Connection, user_id: str) -> str:
        """Return the cookie value for a new session of ``user_id``."""
        epoch = connection.execute(select(users.c.session_epoch).where(users.c.id == user_id)).scalar_one()
        return self._cookies.dumps({"user": user_id, "epoch": epoch, "nonce": secrets.token_urlsafe(16)})

    def viewer(self, connection: Connection, cookie: str) -> Viewer | None:
        """Return the session's user; None if the cookie was not signed here, is too old, or the session was ended."""
        try:
            payload = self._cookies.loads(cookie, max_age=int(self.lifetime.total_seconds()))
        except BadSignature:
            return None
        query = select(users).where(users.c.id == payload["user"], *_active())
        row = connection.execute(query).mappings().first()
        if row is None or row["session_epoch"] != payload["epoch"]:
            return None
        return _viewer(row, payload["nonce"])

    def form_token(self, viewer: Viewer) -> str:
        """Return the token in every form of this session; without it, other sites could post in the user's name."""
        return self._forms.get_signature(viewer.nonce).decode()

    def form_is_ours(self, viewer: Viewer, token: str) -> bool:
        """Return whether ``token`` comes from a form of this session."""
        return bool(viewer.nonce) and hmac.compare_digest(self.form_token(viewer).encode(), token.encode())


def _active() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a user who may do anything: not disabled, and for a manager, still in the book."""
    in_book = exists().where(clients.c.manager_id == users.c.manager_id, clients.c.removed.is_(False))
    return users.c.disabled_at.is_(None), or_(users.c.role == "owner", in_book)


def _viewer(row: RowMapping, nonce: str) -> Viewer:
    name, role, manager_id, zone = row["name"], row["role"], row["manager_id"], row["time_zone"]
    ways = row["open_next"] is not False, row["shortcuts"] is not False
    return Viewer(row["id"], name, role, manager_id, zone, nonce, *ways)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
