"""Everything that an installation decided, wrote and sent, to compare field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email import message_from_bytes
from email.policy import default
from typing import Any

from sqlalchemy import Engine, select

from schemas.alerts import Alert
from services.common.db import reading
from services.notifier.tables import alerts, contact_decisions, deliveries, drafts, interactions, refusals

__all__ = ["mails_of", "snapshot", "verdicts"]

#: The columns of each table that must not depend on when and how they were written.
COMPARED = (
    (alerts, ("payload", "is_current")),
    (drafts, ("payload", "state", "subject", "body", "revision", "checks", "outcome")),
    (deliveries, ("draft_id", "client_id", "channel", "recipient", "status", "subject", "body", "approved_by")),
    (interactions, ("client_id", "manager_id", "channel", "draft_id", "summary", "outcome")),
    (refusals, ("alert_id", "client_id", "story_id", "reason", "detail", "at")),
    (contact_decisions, ("client_id", "what", "reason", "detail", "alert_id", "draft_id")),
)

Rows = dict[str, dict[str, Any]]


def snapshot(engine: Engine) -> dict[str, Rows]:
    """Return the rows by table and id."""
    with reading(engine) as connection:
        return {
            table.name: {
                row["id"]: {name: row[name] for name in names} for row in connection.execute(select(table)).mappings()
            }
            for table, names in COMPARED
        }


def verdicts(found: Mapping[str, Rows]) -> dict[tuple[str, str], str]:
    """Return the current verdicts by client and story."""
    current = [Alert.model_validate(row["payload"]) for row in found["alerts"].values() if row["is_current"]]
    return {(alert.client_id, alert.story_id): alert.verdict for alert in current}


def mails_of(messages: Iterable[bytes]) -> dict[str, list[tuple[str, str, str]]]:
    """Return recipient, subject and text of each mail, by the delivery in its Message-ID."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for raw in messages:
        mail = message_from_bytes(raw.removesuffix(b".\r\n"), policy=default)
        named = re.match(r"<(dlv_\w+)@", mail["Message-ID"])
        assert named, mail["Message-ID"]
        text = mail.get_body(("plain",))
        assert text is not None
        found.setdefault(named[1], []).append((mail["To"], mail["Subject"], text.get_content()))
    return found
