"""Queues mails to the owners about what lets others in, or takes out all data: whoever did it may not be who they seem.

They are made from the audit log, so that it doesn't matter which process, page or command did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, Engine, RowMapping, select

from schemas.clients import Manager
from services.common.db import exclusive, reading
from services.notifier.delivery.channels.base import Run
from services.notifier.delivery.html_letter import letter_html
from services.notifier.delivery.routes import ManagerRoutes
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue
from services.notifier.digest.tables import manager_messages
from services.notifier.roles import ROLES
from services.notifier.tables import audit_log, users

__all__ = ["OwnerNoticeSource"]

#: Entries older than this are not told any more: after an outage, or when mail is set up.
LOOKED_BACK = timedelta(days=1)
_OWNER = ROLES["owner"].label
_SEE_ALL = frozenset(role for role, rules in ROLES.items() if rules.sees == "all")

Roles = Mapping[str, str]


def _is_owner(id: str, roles: Roles) -> bool:
    return roles.get(id) == "owner"


def _role_given(entry: RowMapping, roles: Roles) -> str | None:
    detail = entry["detail"] or ""
    return f"{entry['subject']} was added as {_OWNER}" if detail == _OWNER else None


def _role_changed(entry: RowMapping, roles: Roles) -> str | None:
    now, _, before = (entry["detail"] or "").partition("; before: ")
    return f"The role of {entry['subject']} is now {now}, before: {before}" if _OWNER in (now, before) else None


def _of_owner(text: str) -> Callable[[RowMapping, Roles], str | None]:
    """Return what to say of an entry whose subject is an owner."""
    return lambda entry, roles: text.format(**entry) if _is_owner(entry["subject"], roles) else None


def _by_owner(entry: RowMapping, roles: Roles) -> str | None:
    scopes = entry["detail"] or "for everything"
    is_told = entry["user_id"] == "ops" or _is_owner(entry["user_id"], roles)
    if not is_told or scopes.startswith("items"):  # a token that only puts news into an inlet
        return None
    return f"An API token called “{entry['subject']}” was made ({scopes})"


def _all_clients(entry: RowMapping, roles: Roles) -> str | None:
    takes_all = entry["user_id"] == "ops" or roles.get(entry["user_id"]) in _SEE_ALL
    return "The client book was exported" if takes_all else None


def _always(text: str) -> Callable[[RowMapping, Roles], str | None]:
    return lambda entry, roles: text.format(**entry)


#: What is told, by the action in the audit log: a function that returns the sentence, or None if it concerns no owner.
TOLD: Mapping[str, Callable[[RowMapping, Roles], str | None]] = MappingProxyType(
    {
        "user.added": _role_given,
        "user.role": _role_changed,
        "user.disabled": _of_owner("{subject} may not sign in any more"),
        "user.enabled": _of_owner("{subject} may sign in again"),
        "user.link_created": _of_owner("A sign-in link for {subject} was made"),
        "user.email": _of_owner("{subject} signs in with another address at the provider: {detail}"),
        "user.factor_added": _of_owner("{subject} has set up a second factor"),
        "user.factor_removed": _of_owner("{subject} has removed their second factor"),
        "user.factor_reset": _of_owner("The second factor of {subject} was removed"),
        "user.recovery_code_used": _of_owner("{subject} has used a recovery code"),
        "factor.required": _always("Roles that need a second factor: {detail}"),
        "gate.in_force": _always("The rules of approval are now: {detail}"),
        "token.created": _by_owner,
        "clients.exported": _all_clients,
        "installation.exported": _always("The whole installation was exported"),
    }
)


class OwnerNoticeSource:
    """Queues a mail to each owner about each such entry; ``base_url`` is the desk's address.

    Told are all owners who have an address, whoever acted too: their session may be a stolen one. So are those whom the
    entry concerns, who may be owners no more because of it, and an address that was replaced.
    """

    def __init__(self, routes: ManagerRoutes, base_url: str) -> None:
        self._routes = {name: route for name, route in routes.items() if name == "email"}
        self._base_url = base_url

    def enqueue_due(self, engine: Engine, now: datetime) -> None:
        """Queue what is not told yet; with two notifiers, only one does."""
        with reading(engine) as connection:
            if not self._routes or not self._due(connection, now):
                return
        with engine.begin() as connection:
            exclusive(connection, "owner-notices")
            for about, reader, message in self._due(connection, now):
                routes = self._routes
                enqueue(
                    connection, "security", reader, about, message, by=("email",), routes=routes, due_at=now, now=now
                )

    def _due(self, connection: Connection, now: datetime) -> list[tuple[str, Manager, RenderedMessage]]:
        """Return what to tell, each with whom, and the id of what it is about."""
        found = _untold(connection, now)
        people = {row["id"]: row for row in connection.execute(select(users)).mappings()} if found else {}
        roles = {id: person["role"] for id, person in people.items()}
        due = []
        for entry in found:
            said = TOLD[entry["action"]](entry, roles)
            if said is not None:
                message = _render(said, _name(entry["user_id"], people), entry["at"], self._base_url)
                due += [(_about(entry), reader, message) for reader in _readers(entry, people)]
        return due


def _about(entry: RowMapping) -> str:
    return f"audit-{entry['id']}"


def _untold(connection: Connection, now: datetime) -> list[RowMapping]:
    since = now - LOOKED_BACK
    told = select(manager_messages.c.about).where(
        manager_messages.c.kind == "security", manager_messages.c.made_at >= since
    )
    known = set(connection.execute(told).scalars())
    query = select(audit_log).where(audit_log.c.at >= since, audit_log.c.action.in_(TOLD)).order_by(audit_log.c.id)
    return [entry for entry in connection.execute(query).mappings() if _about(entry) not in known]


def _readers(entry: RowMapping, people: Mapping[str, RowMapping]) -> Iterator[Manager]:
    """Yield those to tell, as the queue takes them: ids of the client book and of the desk must not meet in it."""
    seen: set[str] = set()
    for id, person in people.items():
        is_told = person["role"] == "owner" and person["disabled_at"] is None
        if person["email"] and (is_told or id in (entry["subject"], entry["user_id"])):
            seen.add(person["email"])
            yield Manager(id=f"user:{id}"[:80], name=person["name"], email=person["email"])
    replaced = (entry["detail"] or "").partition("; before: ")[2] if entry["action"] == "user.email" else ""
    if "@" in replaced and replaced not in seen:
        yield Manager(id=f"address:{entry['subject']}"[:80], name=entry["subject"], email=replaced)


def _name(id: str, people: Mapping[str, RowMapping]) -> str:
    if id in people:
        return f"{people[id]['name']} ({id})"
    return "somebody on the command line (ops)" if id == "ops" else id


def _render(said: str, who: str, at: datetime, base_url: str) -> RenderedMessage:
    subject = "Firstword: a change that lets somebody in, or takes data out"
    lines = (
        f"{said}. It was done by {who}, on {at:%Y-%m-%d} at {at:%H:%M} UTC.",
        "If that is right, there is nothing to do. If you know nothing of it, somebody may use an owner's session: end "
        f"the sessions of that person ({base_url}/sessions), disable those whom you don't know ({base_url}/people), "
        f"and revoke tokens ({base_url}/tokens).",
        f"The audit log has what was done before and after it: {base_url}/audit",
    )
    text = "\n\n".join(lines)
    return RenderedMessage(subject, f"{text}\n", letter_html(subject, text), tuple((Run(line),) for line in lines))
