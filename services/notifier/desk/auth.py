"""Authentication: one-time links, signed session cookies, and a token in every form.

Only hashes of links are stored. They are long random strings, so a plain SHA-256 is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, exists, insert, or_, select, update

from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.desk import second_factor
from services.notifier.desk.openid import Attempt
from services.notifier.desk.sessions import Session, SignIn, create_session, end_sessions_of
from services.notifier.desk.tokens import ApiToken
from services.notifier.roles import ROLES, Permission, Role
from services.notifier.scope import EVERYTHING, OwnClients, Scope, TeamClients
from services.notifier.tables import clients, sessions, signin_links, users

__all__ = [
    "CODE_COOKIE",
    "CODE_LIFETIME",
    "SESSION_COOKIE",
    "Sessions",
    "Viewer",
    "create_signin_link",
    "dead_link",
    "drop_links",
    "end_sessions",
    "ensure_manager",
    "ensure_owner",
    "manager_user_id",
    "redeem",
    "user_by_openid",
    "viewer_of_token",
]

SESSION_COOKIE = "firstword_session"
#: Between the first and the second factor.
CODE_COOKIE = "firstword_code"
CODE_LIFETIME = timedelta(minutes=10)
LINK_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user who is asking. ``session`` is that of a browser; programs have none."""

    user_id: str
    name: str
    role: Role
    manager_id: str | None
    time_zone: str
    nonce: str = ""
    open_next: bool = True
    shortcuts: bool = True
    team: frozenset[str] = frozenset()
    lacks_factor: bool = False
    session: Session | None = None

    @property
    def scope(self) -> Scope:
        """The clients this user may see; whoever sees their own and has no id in the client book sees none."""
        match ROLES[self.role].sees:
            case "all":
                return EVERYTHING
            case "team":
                return TeamClients(self.team | ({self.manager_id} if self.manager_id else set()))
            case "own":
                return OwnClients(self.manager_id or "")
            case "none":
                return OwnClients("")

    def may(self, permission: Permission) -> bool:
        """Return whether this user's role allows it."""
        return permission in ROLES[self.role].may


def ensure_owner(
    connection: Connection, now: datetime, *, user_id: str = "owner", name: str = "Owner", time_zone: str = "UTC"
) -> str:
    """Create the user who sees everything, if missing, and return their id. What was changed since is kept."""
    return _ensure(connection, now, user_id, name, "owner", None, time_zone)


def ensure_manager(connection: Connection, now: datetime, *, manager_id: str, name: str, time_zone: str = "UTC") -> str:
    """Create the account manager's user, if missing, and return its id. A role that they were given since is kept."""
    return _ensure(connection, now, manager_user_id(manager_id), name, "manager", manager_id, time_zone)


def manager_user_id(manager_id: str) -> str:
    """Return the id of an account manager's user."""
    return f"manager-{manager_id}"


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
    upsert(connection, users, [row], ["id"], update=("name", "manager_id"))
    return user_id


def create_signin_link(
    connection: Connection, user_id: str, now: datetime, *, valid_for: timedelta = LINK_LIFETIME
) -> str:
    """Return a token that signs ``user_id`` in once, for ``/signin?token=…``. Only its hash is stored.

    Raises:
        BadInput: there is no such user.
    """
    if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is None:
        raise BadInput(f"There is no user {user_id!r}.", fix="'firstword people list' shows them.")
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


def dead_link(connection: Connection, token: str) -> tuple[str | None, str]:
    """Return whose a link is that signs nobody in, if anybody's, and why it does not: for the audit log alone."""
    query = select(signin_links.c.user_id, signin_links.c.used_at).where(signin_links.c.token_hash == _hash(token))
    row = connection.execute(query).first()
    if row is None:
        return None, "an unknown link"
    return row.user_id, "an expired link" if row.used_at is None else "a used link"


def user_by_openid(connection: Connection, email: str, subject: str) -> tuple[str | None, str]:
    """Return the user with this verified address, and ""; or whose it is, if anybody's, and why they may not sign in.

    The first sign-in ties the user to the account, ``subject``: an address may become somebody else's later.
    """
    known = select(users.c.id, users.c.openid_subject).where(users.c.email == email).with_for_update()
    row = connection.execute(known).first()  # locked, so that of two first sign-ins one ties and the other is compared
    if row is None:
        return None, "an address of nobody here"
    if connection.execute(select(users.c.id).where(users.c.id == row.id, *_active())).first() is None:
        return row.id, "a user who may not sign in"
    if row.openid_subject is None:
        connection.execute(update(users).where(users.c.id == row.id).values(openid_subject=subject))
    elif row.openid_subject != subject:
        return row.id, "another account with the same address"
    return row.id, ""


def drop_links(connection: Connection, user_id: str) -> None:
    """Delete the sign-in links of ``user_id`` that were not used."""
    unused = signin_links.c.used_at.is_(None)
    connection.execute(delete(signin_links).where(signin_links.c.user_id == user_id, unused))


def end_sessions(connection: Connection, user_id: str) -> None:
    """End all sessions of ``user_id``; cookies that were issued before are worth nothing from now on."""
    end_sessions_of(connection, user_id)
    later = {"session_epoch": users.c.session_epoch + 1}  # ends what waits for a code, which has no row
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
        self._pending = URLSafeTimedSerializer(secret, salt="firstword.code")
        self._attempts = URLSafeTimedSerializer(secret, salt="firstword.openid")
        self._forms = Signer(secret, salt="firstword.form")
        self.lifetime = lifetime

    def issue(self, connection: Connection, user_id: str, signin: SignIn, now: datetime) -> str:
        """Begin a session of ``user_id`` and return the value of its cookie."""
        epoch = connection.execute(select(users.c.session_epoch).where(users.c.id == user_id)).scalar_one()
        id = create_session(connection, user_id, signin, now, valid_for=self.lifetime)
        return self._cookies.dumps({"session": id, "user": user_id, "epoch": epoch, "nonce": secrets.token_urlsafe(16)})

    def viewer(self, connection: Connection, cookie: str) -> Viewer | None:
        """Return the session's user; None if the cookie was not signed here, is too old, or the session was ended."""
        try:
            payload = self._cookies.loads(cookie, max_age=int(self.lifetime.total_seconds()))
        except BadSignature:
            return None
        row = self._user(connection, payload)
        stored = select(sessions).where(sessions.c.id == payload.get("session"), sessions.c.user_id == payload["user"])
        session = connection.execute(stored).mappings().first()
        if row is None or session is None:
            return None
        return _viewer(row, payload["nonce"], Session(**session, user_name=row["name"]))

    def ask_for_code(self, connection: Connection, user_id: str, means: str) -> str:
        """Return a cookie value that says that ``user_id`` has passed the first factor, and nothing else."""
        epoch = connection.execute(select(users.c.session_epoch).where(users.c.id == user_id)).scalar_one()
        nonce = secrets.token_urlsafe(16)
        return self._pending.dumps({"user": user_id, "epoch": epoch, "nonce": nonce, "means": means})

    def asked_for_code(self, connection: Connection, cookie: str) -> tuple[str, str, str] | None:
        """Return who has passed the first factor within the last minutes, by what, and the token of the form."""
        try:
            payload = self._pending.loads(cookie, max_age=int(CODE_LIFETIME.total_seconds()))
        except BadSignature:
            return None
        if self._user(connection, payload) is None:
            return None
        return payload["user"], payload.get("means", "link"), self._forms.get_signature(payload["nonce"]).decode()

    def keep_attempt(self, attempt: Attempt) -> str:
        """Return a cookie value with what an attempt to sign in with a provider must come back with."""
        return self._attempts.dumps(asdict(attempt))

    def kept_attempt(self, cookie: str) -> Attempt | None:
        """Return the attempt that this browser has begun within the last minutes."""
        try:
            return Attempt(**self._attempts.loads(cookie, max_age=int(CODE_LIFETIME.total_seconds())))
        except BadSignature:
            return None

    def _user(self, connection: Connection, payload: Mapping[str, Any]) -> RowMapping | None:
        lacks = second_factor.is_missing().label("lacks_factor")
        query = select(users, lacks).where(users.c.id == payload["user"], *_active())
        row = connection.execute(query).mappings().first()
        return None if row is None or row["session_epoch"] != payload["epoch"] else row

    def form_token(self, viewer: Viewer) -> str:
        """Return the token in every form of this session; without it, other sites could post in the user's name."""
        return self._forms.get_signature(viewer.nonce).decode()

    def form_is_ours(self, viewer: Viewer, token: str) -> bool:
        """Return whether ``token`` comes from a form of this session."""
        return bool(viewer.nonce) and hmac.compare_digest(self.form_token(viewer).encode(), token.encode())


def _active() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a user who may do anything: not disabled, and an account manager is in the book."""
    in_book = exists().where(clients.c.manager_id == users.c.manager_id, clients.c.removed.is_(False))
    return users.c.disabled_at.is_(None), or_(users.c.role != "manager", in_book)


def _viewer(row: RowMapping, nonce: str, session: Session | None = None) -> Viewer:
    name, role, manager_id, zone = row["name"], row["role"], row["manager_id"], row["time_zone"]
    ways = row["open_next"] is not False, row["shortcuts"] is not False
    return Viewer(
        row["id"],
        name,
        role,
        manager_id,
        zone,
        nonce,
        *ways,
        team=frozenset(row["team"] or ()),
        lacks_factor=bool(row.get("lacks_factor")),
        session=session,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
