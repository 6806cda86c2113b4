"""The gate at an approval: the findings that hold a message back, the reason that lets it pass, the second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.notifier.desk.actions.context import ActionContext, one_line
from services.notifier.desk.errors import GateRefused, RoleRefused
from services.notifier.desk.second_person import first_approval
from services.notifier.gate.current import gate_findings
from services.notifier.gate.findings import STOPPING, GatedFinding, refusal, text_hash
from services.notifier.queries import DraftLine
from services.notifier.roles import ROLES

__all__ = ["approval_of", "first_by", "in_spite", "pass_gate"]


def pass_gate(context: ActionContext, line: DraftLine, reason: str) -> tuple[dict[str, Any], bool]:
    """Return the approval of the text that ``line`` has, bound to it, and whether it waits for a second person.

    If the text changes in between, the version no longer fits, and nothing is approved.

    Raises:
        GateRefused: the gate holds it back.
        RoleRefused: the viewer's role may not approve first.
    """
    first = first_approval(context.connection, line)
    if first is None and not context.viewer.may("messages.send"):
        raise RoleRefused(ROLES[context.viewer.role].label)
    findings = gate_findings(context.connection, line.id, context.gate)
    approval = approval_of(context, line, [finding for finding in findings if finding.effect == "reason"], reason)
    if first is not None and first["text"] == approval["text"]:
        if not approval["reason"]:
            approval |= {"reason": first["reason"], "findings": first["findings"]}
        if context.gate.may_second(context.viewer.user_id, context.viewer.role, first["by"]):
            to_second = [finding.key for finding in findings if finding.effect == "second_person"]
            approval |= {"first_by": first["by"], "seconded": to_second}
    refused = refusal(findings, approval)
    if refused == "second_person_needed" and first is None:
        to_second = [finding.key for finding in findings if finding.effect == "second_person"]
        return {**approval, "findings_to_second": to_second}, True
    if refused is not None:
        raise GateRefused(refused, [finding for finding in findings if finding.effect == STOPPING[refused]])
    return approval, False


def approval_of(
    context: ActionContext, line: DraftLine, findings: Sequence[GatedFinding], reason: str
) -> dict[str, Any]:
    """Return the approval to keep; the reason only where a finding needs one."""
    return {
        "text": text_hash(line.subject, line.body),
        "by": context.viewer.user_id,
        "at": context.now.isoformat(),
        "reason": (one_line(reason) or None) if findings else None,
        "findings": [finding.key for finding in findings],
    }


def in_spite(approval: Mapping[str, Any]) -> str:
    """Return the findings and the reason for the audit log, after a comma."""
    if approval["reason"] is None:
        return ""
    return f", in spite of {'; '.join(approval['findings'])}. Reason: {approval['reason']}"


def first_by(approval: Mapping[str, Any]) -> str:
    """Return the first of two persons for the audit log, after a comma."""
    return f", first approved by {approval['first_by']}" if "first_by" in approval else ""
