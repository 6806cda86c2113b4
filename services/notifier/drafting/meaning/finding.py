"""Findings of the meaning check: the words in the text, the words in the evidence, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from schemas.drafts import Finding

__all__ = ["KINDS", "RULE_PREFIX", "MeaningFinding", "MeaningKind", "kind_of"]

#: number: another figure, scale, unit, or "by" for "to" · negation: "not" added or lost · agent: who did it to whom ·
#: hedge: unconfirmed said as fact · opposite: cut for raise, win for lose, before for after · quantity: the whole for
#: a part, all for some, at most for at least · certainty: a promise or a forecast as a fact · swap: a name or a date
#: in the place of another.
MeaningKind = Literal["number", "negation", "agent", "hedge", "opposite", "quantity", "certainty", "swap"]
KINDS: tuple[MeaningKind, ...] = get_args(MeaningKind)
#: The rule of a finding of this check is this prefix and its kind: "meaning.number".
RULE_PREFIX = "meaning."


@dataclass(frozen=True, slots=True)
class MeaningFinding:
    """A statement that says something else than its evidence.

    ``words`` are in the text, ``evidence_words`` in the evidence (empty where the text promises by itself).
    ``severity`` is ``error`` where it is certain, ``warning`` where a person should look.
    """

    kind: MeaningKind
    severity: Literal["error", "warning"]
    words: str
    evidence_words: str
    message: str

    def as_finding(self) -> Finding:
        """Return it as a finding of a draft."""
        fix = f"Say it as the evidence does: “{self.evidence_words}”." if self.evidence_words else "Leave it out."
        return Finding(
            rule=f"{RULE_PREFIX}{self.kind}",
            text=self.words,
            message=self.message,
            mend=fix,
            severity=self.severity,
            evidence=self.evidence_words or None,
        )


def kind_of(finding: Finding) -> MeaningKind | None:
    """Return the kind of a finding of the meaning check; None for any other finding."""
    return next((kind for kind in KINDS if finding.rule == f"{RULE_PREFIX}{kind}"), None)
