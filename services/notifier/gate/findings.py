"""Classifies the results of the checks into kinds of the gate, each with its effect (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.drafts import Finding, Grounding
from services.notifier.drafting.meaning.finding import kind_of as meaning_kind
from services.notifier.gate.policy import KINDS, OTHER, Effect, GatePolicy

__all__ = ["STOPPING", "Approval", "GatedFinding", "Refusal", "gated", "refusal", "text_hash"]

#: An approval as it is kept with the draft: text (its hash), by, at, reason, findings (their keys); and if a second
#: person approved it, first_by and seconded (the keys of the findings that they approved).
Approval = Mapping[str, Any]
Refusal = Literal["blocked", "reason_needed", "second_person_needed"]
#: The effect of the findings that each refusal is about.
STOPPING: Mapping[Refusal, Effect] = {
    "blocked": "block",
    "reason_needed": "reason",
    "second_person_needed": "second_person",
}

_INVENTED = {"date": "invented.date", "name": "invented.name", "quotation": "invented.quotation"}
_FIX_INVENTED = {
    "invented.figure": "Take it out, write it as the evidence does, or note it in the client book if it is known.",
    "invented.date": "Take it out, write it as the evidence does, or note it in the client book if it is known.",
    "invented.name": "Take it out, or add the name to the client book.",
    "invented.quotation": "Quote the evidence word for word, or say it in your own words without quotation marks.",
}


@dataclass(frozen=True, slots=True)
class GatedFinding:
    """A finding with its effect. ``text`` are the words in the message; empty if it is about the whole message."""

    kind: str
    effect: Effect
    text: str
    message: str
    fix: str | None = None

    @property
    def key(self) -> str:
        """Tells findings of one message apart."""
        return f"{self.kind}: {self.text}"

    def __str__(self) -> str:
        """Return the finding in one or two sentences."""
        quoted = f"“{self.text}”: " if self.text else ""
        return f"{quoted}{self.message}{f' {self.fix}' if self.fix else ''}"


def gated(grounding: Iterable[Grounding], findings: Iterable[Finding], policy: GatePolicy) -> tuple[GatedFinding, ...]:
    """Return the results of a text's checks with their effects, in order."""
    found = []
    for entry in grounding:
        if entry.where == "nowhere":
            kind = _INVENTED.get(entry.kind, "invented.figure")
            message = "It is neither in the evidence nor in the client book."
            found.append(GatedFinding(kind, policy.effect(kind), entry.text, message, _FIX_INVENTED[kind]))
    for finding in findings:
        kind = _kind(finding)
        found.append(GatedFinding(kind, policy.effect(kind), finding.text, finding.message, finding.mend))
    return tuple(found)


def refusal(findings: Iterable[GatedFinding], approval: Approval | None) -> Refusal | None:
    """Return why a message with these findings must not go out with this approval; None if it may."""
    findings = tuple(findings)
    if any(finding.effect == "block" for finding in findings):
        return "blocked"
    covered = approval.get("findings", ()) if approval is not None and approval.get("reason") else ()
    if any(finding.effect == "reason" and finding.key not in covered for finding in findings):
        return "reason_needed"
    seconded = approval.get("seconded", ()) if approval is not None else ()
    if any(finding.effect == "second_person" and finding.key not in seconded for finding in findings):
        return "second_person_needed"
    return None


def text_hash(subject: str, body: str) -> str:
    """Return a hash of a message's text, to which its approval is bound."""
    return hashlib.sha256(f"{subject}\0{body}".encode()).hexdigest()


def _kind(finding: Finding) -> str:
    if meaning_kind(finding) is not None:
        return finding.rule if finding.severity == "error" else "meaning.unsure"
    if finding.rule == "cursing" and finding.severity == "warning":
        return "quoted_cursing"  # a quotation is not changed
    return finding.rule if finding.rule in KINDS else OTHER
