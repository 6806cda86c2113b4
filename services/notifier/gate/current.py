"""Asks the gate about a draft as it is stored now: its text, its checks, the client book and the firm's policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from schemas.clients import ClientChanged
from schemas.drafts import Draft, Finding, Grounding
from services.notifier.gate.findings import STOPPING, GatedFinding, Refusal, gated, refusal, text_hash
from services.notifier.gate.policy import EFFECTS, GatePolicy
from services.notifier.gate.restricted import ToldAlert, check_restricted
from services.notifier.tables import alerts, clients, drafts

__all__ = ["gate_findings", "reason_held"]


_TODO: Mapping[Refusal, str] = {
    "blocked": "Change the text.",
    "reason_needed": "Approve it again with a reason.",
    "second_person_needed": "Approve it again, with a second person.",
}
#: The columns of a draft that the gate reads.
_READ = (drafts.c.client_id, drafts.c.subject, drafts.c.body, drafts.c.payload, drafts.c.checks)


def gate_findings(connection: Connection, draft_id: str, policy: GatePolicy) -> tuple[GatedFinding, ...]:
    """Return what the gate finds in the draft's current text, the strictest first, without what is off."""
    row = connection.execute(select(*_READ).where(drafts.c.id == draft_id)).mappings().one()
    draft = Draft.model_validate(row["payload"])
    stored: dict[str, Any] | None = row["checks"]
    grounding: Sequence[Grounding] = draft.grounding
    findings: Sequence[Finding] = draft.findings
    if stored is not None:
        grounding = [Grounding.model_validate(entry) for entry in stored["grounding"]]
        findings = [Finding.model_validate(entry) for entry in stored["findings"]]
    found = gated(grounding, (*findings, *_restricted(connection, row, draft)), policy)
    shown = (finding for finding in dict.fromkeys(found) if finding.effect != "off")
    return tuple(sorted(shown, key=lambda finding: EFFECTS.index(finding.effect)))


def reason_held(connection: Connection, delivery: RowMapping, policy: GatePolicy) -> str | None:
    """Return why the gate holds back an approved delivery; None if it may go out.

    The approval counts for the text that was approved only, and for the findings that were there at the time.
    """
    query = select(drafts.c.subject, drafts.c.body, drafts.c.approval).where(drafts.c.id == delivery["draft_id"])
    row = connection.execute(query).mappings().one()
    current = text_hash(row["subject"], row["body"])
    approved = row["approval"]["text"] if row["approval"] is not None else current
    if {current, approved} != {text_hash(delivery["subject"], delivery["body"])}:
        return "The text has changed since it was approved. Approve it again."
    findings = gate_findings(connection, delivery["draft_id"], policy)
    refused = refusal(findings, row["approval"])
    if refused is None:
        return None
    stopping = next(finding for finding in findings if finding.effect == STOPPING[refused])
    return f"Your firm's rules hold this message back. {stopping} {_TODO[refused]}"


def _restricted(connection: Connection, row: RowMapping, draft: Draft) -> tuple[Finding, ...]:
    stored = connection.execute(select(clients.c.payload).where(clients.c.id == row["client_id"])).scalar()
    if stored is None:
        return ()
    entry = ClientChanged.model_validate(stored)
    ids = {draft.alert_id, *draft.told_alerts, *(watch.alert_id for watch in draft.affects)}
    query = select(alerts.c.id, alerts.c.entity_id, alerts.c.entity_name).where(alerts.c.id.in_(ids))
    told = [ToldAlert(*found) for found in connection.execute(query)]
    return check_restricted(row["subject"], row["body"], draft, told, entry.client, entry.firm)
