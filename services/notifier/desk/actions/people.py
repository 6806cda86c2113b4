"""The people who may sign in: added, given a role and a team, disabled, and let in with a one-time link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from services.common.db import exclusive
from services.common.errors import BadInput
from services.notifier.desk import auth
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.digest.gather import all_managers
from services.notifier.roles import ROLES, Role
from services.notifier.tables import users

__all__ = [
    "Person",
    "add_person",
    "change_role",
    "create_link",
    "disable",
    "enable",
    "list_people",
    "role_named",
    "set_email",
]

NAME_LIMIT = 120
USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}")
#: The command line's name in the audit log, and that of failures without an account.
RESERVED = ("ops", "nobody", "sample")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, or might once. ``manager_id`` is their id in the client book, if they are in it.

    ``email`` is the address by which they sign in with the firm's OpenID Connect provider, if they may.
    """

    user_id: str
    name: str
    role: Role
    manager_id: str | None
    team: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    email: str | None


def list_people(connection: Connection) -> Sequence[Person]:
    """Return everybody, those who may not sign in last."""
    query = select(users).order_by(users.c.disabled_at.is_not(None), users.c.name, users.c.id)
    return [
        Person(
            row["id"],
            row["name"],
            row["role"],
            row["manager_id"],
            tuple(row["team"] or ()),
            row["created_at"],
            row["disabled_at"],
            row["email"],
        )
        for row in connection.execute(query).mappings()
    ]


def role_named(text: str) -> Role:
    """Return the role with this name.

    Raises:
        BadInput: there is none.
    """
    for role in ROLES:
        if role == text.strip().lower():
            return role
    raise BadInput(f"There is no role {text!r}.", fix=f"Choose one of {', '.join(ROLES)}.")


def add_person(context: ActionContext, user_id: str, name: str, role: Role, team: Sequence[str] = ()) -> None:
    """Add somebody who is not an account manager of the client book.

    Raises:
        BadInput: the id, the name, the role or the team is not possible.
        Conflict: there is such a user.
    """
    name = " ".join(name.split())
    if not USER_ID.fullmatch(user_id) or user_id in RESERVED or user_id.startswith("manager-"):
        fix = "Use lower-case letters, digits, dots and hyphens, such as ann.lee; ids of account managers are given."
        raise BadInput(f"{user_id!r} is not possible as the id of a user.", fix=fix)
    if not 0 < len(name) <= NAME_LIMIT:
        raise BadInput("A user needs a name.", fix=f"Give one of at most {NAME_LIMIT} characters.")
    if role == "manager":
        raise BadInput(
            "Account managers come from the client book.",
            fix="Give them clients there; 'firstword signin --manager ID' lets them in.",
        )
    exclusive(context.connection, "people")
    if context.connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is not None:
        raise Conflict(f"There is a user {user_id!r} already.", fix="Change their role instead.")
    row = {"id": user_id, "name": name, "role": role, "team": _team(context, role, team), "created_at": context.now}
    context.connection.execute(insert(users).values(time_zone="UTC", session_epoch=0, **row))
    context.audit("user.added", user_id, detail=_described(role, team))


def change_role(context: ActionContext, user_id: str, role: Role, team: Sequence[str] = ()) -> None:
    """Give a user another role. It counts from their next click, also in sessions and for tokens that they have.

    Raises:
        NotFound: there is no such user.
        BadInput: the role or the team is not possible.
        Conflict: nobody would be owner any more.
    """
    person = _person(context, user_id)
    if role == "manager" and person.manager_id is None:
        raise BadInput(f"{person.name} is no account manager of the client book.", fix="Choose another role.")
    chosen = _team(context, role, team)
    if (role, tuple(chosen or ())) == (person.role, person.team):
        return
    if role != "owner":
        _keep_an_owner(context, person)
    context.connection.execute(update(users).where(users.c.id == user_id).values(role=role, team=chosen))
    before = _described(person.role, person.team)
    context.audit("user.role", user_id, detail=f"{_described(role, chosen or ())}; before: {before}")


def disable(context: ActionContext, user_id: str) -> None:
    """Let somebody sign in no more: their sessions, links and tokens end at once.

    Raises:
        NotFound: there is no such user.
        Conflict: nobody would be owner any more.
    """
    person = _person(context, user_id)
    if person.disabled_at is not None:
        return
    _keep_an_owner(context, person)
    context.connection.execute(update(users).where(users.c.id == user_id).values(disabled_at=context.now))
    auth.end_sessions(context.connection, user_id)
    auth.drop_links(context.connection, user_id)
    context.audit("user.disabled", user_id)


def enable(context: ActionContext, user_id: str) -> None:
    """Let somebody sign in again, by a new link. Their API tokens are valid again, unless they were revoked.

    Raises:
        NotFound: there is no such user.
    """
    if _person(context, user_id).disabled_at is None:
        return
    context.connection.execute(update(users).where(users.c.id == user_id).values(disabled_at=None))
    context.audit("user.enabled", user_id)


def set_email(context: ActionContext, user_id: str, email: str) -> None:
    """Set the address by which a user signs in with the provider; "" lets them sign in by link only.

    Their next sign-in ties them to the account that has the address then.

    Raises:
        NotFound: there is no such user.
        BadInput: it is no address.
        Conflict: it is somebody else's.
    """
    person = _person(context, user_id)
    email = email.strip().lower()
    if email and not EMAIL.fullmatch(email):
        raise BadInput(f"{email!r} is not a mail address.", fix="Give one such as ann.lee@your-firm.example.")
    taken = select(users.c.id).where(users.c.email == email, users.c.id != user_id)
    if email and context.connection.execute(taken).first() is not None:
        raise Conflict("This address is somebody else's.", fix="Remove it there first.")
    values = {"email": email or None, "openid_subject": None}
    context.connection.execute(update(users).where(users.c.id == user_id).values(values))
    before = f"; before: {person.email}" if person.email not in (None, email) else ""
    context.audit("user.email", user_id, detail=f"{email or 'none'}{before}")


def create_link(context: ActionContext, user_id: str) -> str:
    """Return the text of a link that signs a user in once, within an hour.

    Raises:
        NotFound: there is no such user.
        Conflict: they may not sign in.
    """
    person = _person(context, user_id)
    if person.disabled_at is not None:
        raise Conflict(f"{person.name} may not sign in.", fix="Let them sign in again first.")
    token = auth.create_signin_link(context.connection, user_id, context.now)
    context.audit("user.link_created", user_id)
    return token


def _person(context: ActionContext, user_id: str) -> Person:
    exclusive(context.connection, "people")
    for person in list_people(context.connection):
        if person.user_id == user_id:
            return person
    raise NotFound("There is no such user.")


def _keep_an_owner(context: ActionContext, person: Person) -> None:
    others = select(func.count()).where(
        users.c.role == "owner", users.c.disabled_at.is_(None), users.c.id != person.user_id
    )
    if person.role == "owner" and not context.connection.execute(others).scalar_one():
        raise Conflict("Nobody would be owner any more.", fix="Make somebody else owner first.")


def _team(context: ActionContext, role: Role, team: Sequence[str]) -> list[str] | None:
    """Return a team to store: only a team lead has one."""
    if ROLES[role].sees != "team":
        return None
    known = {manager.id for manager in all_managers(context.connection)}
    unknown = sorted(set(team) - known)
    if unknown:
        raise BadInput(
            f"There is no account manager with the id {unknown[0]!r}.", fix=f"There are: {', '.join(sorted(known))}."
        )
    return sorted(set(team))


def _described(role: Role, team: Sequence[str]) -> str:
    members = f" of {', '.join(sorted(team)) or 'nobody'}" if ROLES[role].sees == "team" else ""
    return f"{ROLES[role].label}{members}"
