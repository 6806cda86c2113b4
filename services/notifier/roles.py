"""Roles, as one table: whose clients each sees, and what each may do. Which route needs what is in ``desk.access``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

__all__ = ["PERMISSIONS", "ROLES", "Permission", "Role", "RoleRules", "Sees"]

Role = Literal["owner", "manager", "lead", "compliance", "ops", "reader"]
#: Whose clients a role sees: those of everybody, of the user's team and themselves, their own, or of nobody.
Sees = Literal["all", "team", "own", "none"]
Permission = Literal[
    "account", "clients.read", "clients.export", "clients.write", "clients.assign", "drafts.write", "messages.send",
    "messages.second", "feeds.read", "feeds.write", "managers.write", "operations.read", "tokens.all", "audit.read",
    "people.write", "sources.write", "events.replay",
]  # fmt: skip
PERMISSIONS: Mapping[Permission, str] = MappingProxyType(
    {
        "account": "their own settings, sessions and API tokens",
        "clients.read": "read clients and what is written to them: inbox, drafts, news, history, search, figures",
        "clients.export": "download the client book",
        "clients.write": "add, change, import and archive clients, and record what they said about themselves",
        "clients.assign": "give clients to another account manager",
        "drafts.write": "edit, dismiss, snooze and assign drafts, and record conversations, reactions and feedback",
        "messages.send": "approve messages, send them again, and mark them as sent",
        "messages.second": "approve as the second person, where the firm's rules ask for one",
        "feeds.read": "read the lists of feeds and sources, and the state of the installation",
        "feeds.write": "add, pause, remove and import feeds",
        "managers.write": "set how account managers hear of their day",
        "operations.read": "see what is wrong with webhooks",
        "tokens.all": "see and revoke everybody's API tokens",
        "audit.read": "read and export the audit log",
        "people.write": "add people, set their roles, and see and end everybody's sessions",
        "sources.write": "set grades of sources, and who may speak through a feed",
        "events.replay": "read again or give up what could not be read",
    }
)


@dataclass(frozen=True, slots=True)
class RoleRules:
    """A role: its name in sentences, whose clients it sees, and what it may do. ``home`` is its first page."""

    label: str
    sees: Sees
    may: frozenset[Permission]
    home: str = "/"


_MANAGER: frozenset[Permission] = frozenset(
    ("account", "clients.read", "clients.export", "clients.write", "drafts.write", "messages.send", "messages.second",
     "feeds.read", "managers.write")
)  # fmt: skip

ROLES: Mapping[Role, RoleRules] = MappingProxyType(
    {
        "owner": RoleRules("owner", "all", frozenset(get_args(Permission))),
        "manager": RoleRules("account manager", "own", _MANAGER),
        "lead": RoleRules("team lead", "team", _MANAGER | {"clients.assign"}),
        "compliance": RoleRules(
            "compliance",
            "all",
            frozenset(("account", "clients.read", "clients.export", "messages.second", "feeds.read", "audit.read")),
        ),
        "ops": RoleRules(
            "ops",
            "none",
            frozenset(("account", "feeds.read", "feeds.write", "operations.read", "tokens.all")),
            home="/feeds",
        ),
        "reader": RoleRules("read-only", "all", frozenset(("account", "clients.read", "feeds.read"))),
    }
)
