"""The checks of a draft's text, and why the news concerns this client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.alerts import Alert
from schemas.clients import ClientChanged, Watch
from schemas.drafts import Finding, Grounding
from services.notifier.desk import labels
from services.notifier.drafting.grammar import is_english
from services.notifier.drafting.grounding import check_grounding, grounding_sources
from services.notifier.drafting.meaning.draft_findings import edited_findings
from services.notifier.drafting.news import quote_sources
from services.notifier.drafting.standing import check_standing
from services.notifier.drafting.tone import blank_quotations, review
from services.notifier.queries import DraftLine
from services.notifier.trades.catalog import Trades

__all__ = ["NO_EVIDENCE", "TRANSLATED", "Checks", "checks_of", "recheck", "why_this_client"]

TRANSLATED = Finding(
    rule="unchecked",
    text="",
    message="The message isn't in English: numbers and quotations were checked, names, tone and spelling were not.",
    mend="Read it again before you send it, or ask a colleague who knows the language.",
)
NO_EVIDENCE = Finding(
    rule="unchecked",
    text="",
    message="The news of this message has not arrived here yet, so its numbers and names were not checked.",
    mend="Save the message again in a moment.",
)


@dataclass(frozen=True, slots=True)
class Checks:
    """The source of each number, name and quotation in a text, and what should be fixed in it."""

    grounding: tuple[Grounding, ...]
    findings: tuple[Finding, ...]

    @property
    def nowhere(self) -> tuple[Grounding, ...]:
        """The entries without a source: the account manager must know that they are true."""
        return tuple(grounded for grounded in self.grounding if grounded.where == "nowhere")


def checks_of(line: DraftLine) -> Checks:
    """Return the checks of the current text."""
    if line.checks is None:
        return Checks(line.draft.grounding, line.draft.findings)
    return Checks(
        tuple(Grounding.model_validate(grounded) for grounded in line.checks["grounding"]),
        tuple(Finding.model_validate(finding) for finding in line.checks["findings"]),
    )


def recheck(
    line: DraftLine,
    others: Sequence[Alert],
    entry: ClientChanged | None,
    subject: str,
    body: str,
    now: datetime,
    trades: Trades,
    *,
    by_model: bool = False,
) -> dict[str, Any]:
    """Check an edited text as a proposed one, and return the result as JSON.

    The meaning of a text ``by_model`` was compared with the draft, sentence by sentence, before it was offered.

    What its findings lead to is decided elsewhere: the account manager may know more. ``others`` are further alerts
    that the message tells; it may rest on the evidence of each. What was found in the evidence or the book when the
    draft was made stays grounded, even if either has changed.
    """
    grounding: tuple[Grounding, ...] = ()
    findings: tuple[Finding, ...] = ()
    meaning: tuple[Finding, ...] = ()
    translated = False
    if entry is not None and line.alert is not None:
        told = _combined(line.alert, others)
        known = grounding_sources(told, entry.client, entry.firm, entry.manager, granted=line.draft.grounding, now=now)
        grounding = check_grounding(f"{subject}\n\n{body}", known)
        before = f"{line.draft.subject}\n\n{line.draft.body}"
        meaning = () if by_model else edited_findings(f"{subject}\n\n{_own_text(line, body)}", before, known)
        translated = not is_english(blank_quotations(_own_text(line, body)))
    if entry is not None:
        own, trade = _own_text(line, body), trades.of(entry.client.trade)
        title = f"“{subject}”" if subject == line.draft.subject else subject
        text = f"{title}.\n\n{quote_sources(own, line.draft.grounding)}"
        findings = (*review(text, entry.client, trade, closely=True), *meaning)
        if line.alert is not None and not translated:
            stances = [alert.stance for alert in (line.alert, *others)]
            findings = (*findings, *check_standing(own, trade, stances))
    if line.alert is None and line.draft.purpose == "news":
        findings = (*findings, NO_EVIDENCE)
    if translated:
        # In languages that capitalize nouns, names can't be told from them; numbers and quotations can.
        grounding = tuple(grounded for grounded in grounding if grounded.kind != "name" or grounded.where != "nowhere")
        findings = (*findings, TRANSLATED)
    return {
        "grounding": [grounded.model_dump(mode="json") for grounded in grounding],
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }


def _combined(alert: Alert, others: Sequence[Alert]) -> Alert:
    """Return one alert with the evidence, headlines and names of all."""
    alerts = (alert, *others)
    evidence = {item.item_id: item for told in alerts for item in told.evidence}
    names = "\n".join(f"{told.headline}\n{told.entity_name}" for told in alerts)
    return alert.model_copy(update={"evidence": tuple(evidence.values()), "headline": names})


def _own_text(line: DraftLine, body: str) -> str:
    """Return ``body`` without signature and compliance note, whose tone is the firm's."""
    for part in reversed(line.draft.parts):
        if part.role in ("signature", "compliance"):
            body = body.strip().removesuffix(part.text.strip())
    return body.strip()


def why_this_client(line: DraftLine, entry: ClientChanged | None) -> list[str]:
    """Explain in a few sentences why the news concerns the client."""
    alert = line.alert
    if alert is None:
        return []
    name = entry.client.name if entry is not None else line.client_name
    sentences = [f"{name} {labels.STANCE[alert.stance]} {alert.entity_name}."]
    watch = _watch(entry, alert.entity_id)
    if watch is not None and watch.weight is not None:
        sentences.append(f"According to the client book, it makes up {watch.weight:.0%} of the portfolio or spend.")
    if watch is not None and watch.note:
        sentences.append(f"From the client book: {watch.note}")
    return sentences


def _watch(entry: ClientChanged | None, entity_id: str) -> Watch | None:
    watches = () if entry is None else entry.client.watches
    return next((watch for watch in watches if watch.entity_id == entity_id), None)
