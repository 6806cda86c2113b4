"""Sessions of browsers: a row for each sign-in, by which it is listed and ended alone. An ended one has no row."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection, delete, insert, select, update

from services.notifier.tables import sessions, users

__all__ = [
    "PROOF_LIFETIME",
    "Session",
    "SignIn",
    "browser_in_words",
    "create_session",
    "end_session",
    "end_sessions_of",
    "list_sessions",
    "record_proof",
    "record_seen",
    "seen_is_due",
    "shortened",
]

#: For so long after it, a proof counts for what is asked for anew.
PROOF_LIFETIME = timedelta(minutes=10)
#: The time of the latest request is recorded this often at most: reading should rarely write.
SEEN_RECORDED_EVERY = timedelta(minutes=5)
#: Names of browsers by what their User-Agent has, the more specific first: most also claim to be Chrome and Safari.
_BROWSERS = {
    "Edge": r"\bEdg(e|A|iOS)?/",
    "Opera": r"\b(OPR|Opera)/",
    "Samsung Internet": r"\bSamsungBrowser/",
    "Firefox": r"\b(Firefox|FxiOS)/",
    "Chrome": r"\b(Chrome|Chromium|CriOS)/",
    "Safari": r"\bVersion/.*\bSafari/",
}
_SYSTEMS = {
    "iPhone": r"\biPhone\b",
    "iPad": r"\biPad\b",
    "Android": r"\bAndroid\b",
    "Windows": r"\bWindows\b",
    "ChromeOS": r"\bCrOS\b",
    "macOS": r"\bMac(intosh| OS X)\b",
    "Linux": r"\bLinux\b",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in: the ``means`` (a link, a link and a code …), the browser in words, and the network.

    ``with_factor``: the second factor was asked for, or has just been set up. ``proved_at`` is when the user proved who
    they are, if that was earlier than now.
    """

    means: str
    browser: str
    network: str
    with_factor: bool = False
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is listed. ``network`` is the shortened address of the latest request that was recorded.

    ``proved_at`` is when the user last proved in it who they are.
    """

    id: str
    user_id: str
    user_name: str
    means: str
    browser: str
    network: str
    with_factor: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    proved_at: datetime | None = None

    def is_proven(self, now: datetime) -> bool:
        """Return whether the user has proved a few minutes ago who they are: a stolen cookie can't."""
        return self.proved_at is not None and now - self.proved_at < PROOF_LIFETIME


def create_session(connection: Connection, user_id: str, signin: SignIn, now: datetime, *, valid_for: timedelta) -> str:
    """Store a new session of a user and return its id, which is no secret: only the signed cookie opens it."""
    id = f"ses_{secrets.token_hex(8)}"
    connection.execute(
        insert(sessions).values(
            id=id,
            user_id=user_id,
            means=signin.means,
            browser=signin.browser,
            network=signin.network,
            with_factor=signin.with_factor,
            proved_at=now if signin.proved_at is None else min(now, signin.proved_at),
            created_at=now,
            seen_at=now,
            expires_at=now + valid_for,
        )
    )
    return id


def list_sessions(connection: Connection, now: datetime, user_id: str | None = None) -> Sequence[Session]:
    """Return the open sessions of a user, or of all users, the latest seen first."""
    names = [sessions.c[name] for name in Session.__slots__ if name != "user_name"]
    query = (
        select(*names, users.c.name.label("user_name"))
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.expires_at > now)
        .order_by(sessions.c.seen_at.desc(), sessions.c.id)
    )
    if user_id is not None:
        query = query.where(sessions.c.user_id == user_id)
    return [Session(**row) for row in connection.execute(query).mappings()]


def end_session(connection: Connection, session_id: str) -> None:
    """End one session: its cookie is worth nothing from now on."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def end_sessions_of(connection: Connection, user_id: str, *, keep: str | None = None) -> int:
    """End all sessions of a user but the one to ``keep``; return how many that were."""
    condition = sessions.c.user_id == user_id
    if keep is not None:
        condition &= sessions.c.id != keep
    return connection.execute(delete(sessions).where(condition)).rowcount


def record_proof(connection: Connection, session_id: str, now: datetime) -> None:
    """Record that the user of a session has proved by their second factor who they are."""
    values = {"proved_at": now, "with_factor": True}
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(values))


def seen_is_due(session: Session, now: datetime) -> bool:
    """Return whether a request of a session should be recorded again."""
    return now - session.seen_at >= SEEN_RECORDED_EVERY


def record_seen(connection: Connection, session_id: str, network: str, now: datetime) -> None:
    """Record a request of a session."""
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now, network=network))


def browser_in_words(user_agent: str) -> str:
    """Return what a User-Agent says of itself, such as "Firefox on Windows". It can be made up."""
    text = user_agent[:500]
    browser = next((name for name, pattern in _BROWSERS.items() if re.search(pattern, text)), None)
    system = next((name for name, pattern in _SYSTEMS.items() if re.search(pattern, text)), None)
    return f"{browser or 'Another browser'} on {system}" if system else browser or "Another program"


def shortened(address: str | None) -> str:
    """Return the network of an address: the /24 of an IPv4 one, the /48 of an IPv6 one: a place, not a device."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))
