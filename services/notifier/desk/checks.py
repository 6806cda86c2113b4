"""What stands behind a draft's text, and why it is for this client."""

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
from services.notifier.drafting.tone import blank_quotations, review
from services.notifier.queries import DraftLine

__all__ = ["TRANSLATED", "Checks", "checks_of", "recheck", "why_this_client"]


TRANSLATED = Finding(
    rule="language",
    text="",
    message="It isn't in English, so names, tone and spelling were not looked at; figures and quotations were.",
    mend="Read it through once more, or have a colleague read it who knows the language.",
)


@dataclass(frozen=True, slots=True)
class Checks:
    """Where each figure, name and quotation of a text stands, and what should be fixed in it."""

    grounding: tuple[Grounding, ...]
    findings: tuple[Finding, ...]

    @property
    def nowhere(self) -> tuple[Grounding, ...]:
        """What stands nowhere: the account manager must know it themselves."""
        return tuple(entry for entry in self.grounding if entry.where == "nowhere")


def checks_of(line: DraftLine) -> Checks:
    """The checks of the text as it stands now."""
    if line.checks is None:
        return Checks(line.draft.grounding, line.draft.findings)
    return Checks(
        tuple(Grounding.model_validate(entry) for entry in line.checks["grounding"]),
        tuple(Finding.model_validate(entry) for entry in line.checks["findings"]),
    )


def recheck(
    line: DraftLine, others: Sequence[Alert], book: ClientChanged | None, subject: str, body: str, now: datetime
) -> dict[str, Any]:
    """Check an edited text as a proposed one is; what is found is a warning, for the account manager may know more.

    ``others`` are the further alerts that the message tells: it may rest on the evidence of each.

    What stood in the evidence or the book when the draft was made stays tied, though either may have changed since.
    """
    grounding: tuple[Grounding, ...] = ()
    findings: tuple[Finding, ...] = ()
    translated = False
    if book is not None and line.alert is not None:
        told = _together(line.alert, others)
        known = grounding_sources(told, book.client, book.firm, book.manager, granted=line.draft.grounding, now=now)
        grounding = check_grounding(f"{subject}\n\n{body}", known)
        translated = not is_english(blank_quotations(_message(line, body)))
    if book is not None:
        findings = review(f"{subject}.\n\n{_message(line, body)}", book.client, closely=True)
    if translated:
        # Where nouns have capitals, names can't be told from them; figures and quotations can.
        grounding = tuple(entry for entry in grounding if entry.kind != "name" or entry.where != "nowhere")
        findings = (*findings, TRANSLATED)
    return {
        "grounding": [entry.model_dump(mode="json") for entry in grounding],
        "findings": [entry.model_dump(mode="json") for entry in findings],
    }


def _together(alert: Alert, others: Sequence[Alert]) -> Alert:
    """One alert that holds the evidence of all, and what each is called: what a text that tells them may rest on."""
    evidence = {item.item_id: item for one in (alert, *others) for item in one.evidence}
    named = "\n".join(f"{one.headline}\n{one.entity_name}" for one in (alert, *others))
    return alert.model_copy(update={"evidence": tuple(evidence.values()), "headline": named})


def _message(line: DraftLine, body: str) -> str:
    """``body`` without the signature and compliance note that were put under it: the tone of those is the firm's."""
    for part in reversed(line.draft.parts):
        if part.role in ("signature", "compliance"):
            body = body.strip().removesuffix(part.text.strip())
    return body.strip()


def why_this_client(line: DraftLine, book: ClientChanged | None) -> list[str]:
    """In a few sentences: what of the client's this touches."""
    alert = line.alert
    if alert is None:
        return []
    name = book.client.name if book is not None else line.client_name
    said = [f"{name} {labels.STANCE[alert.stance]} {alert.entity_name}."]
    watch = _watch(book, alert.entity_id)
    if watch is not None and watch.weight is not None:
        said.append(f"It makes up {watch.weight:.0%} of the portfolio or spend, as the book has it.")
    if watch is not None and watch.note:
        said.append(f"From the book: {watch.note}")
    return said


def _watch(book: ClientChanged | None, entity_id: str) -> Watch | None:
    watches = () if book is None else book.client.watches
    return next((watch for watch in watches if watch.entity_id == entity_id), None)
