"""Puts the firm's rules of approval into the audit log when they change: the desk never writes their file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from services.common.db import exclusive
from services.notifier import audit
from services.notifier.gate.policy import KINDS, GatePolicy
from services.notifier.tables import audit_log

__all__ = ["in_words", "record_policy"]

ACTION = "gate.in_force"
DEFAULTS = "those that ship with Firstword"


def in_words(policy: GatePolicy) -> str:
    """Return in what a policy differs from the one that ships, for the audit log."""
    effects = {kind: policy.effects.get(kind, known.default) for kind, known in KINDS.items()}
    changed = [f"{kind}: {effect}" for kind, effect in effects.items() if effect != KINDS[kind].default]
    second = [*policy.second_persons, *(f"every {role}" for role in policy.second_roles)]
    changed += [f"second person: {', '.join(second)}"] if second else []
    return "; ".join(changed) or DEFAULTS


def record_policy(connection: Connection, policy: GatePolicy, now: datetime) -> bool:
    """Record the policy in force if it is another than at the last start; return whether it is."""
    exclusive(connection, "gate")
    query = select(audit_log.c.detail).where(audit_log.c.action == ACTION).order_by(audit_log.c.id.desc()).limit(1)
    before, current = connection.execute(query).scalar() or DEFAULTS, in_words(policy)
    if before == current:
        return False
    audit.record(connection, now, "ops", ACTION, "gate", detail=current)
    return True
