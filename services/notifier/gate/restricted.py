"""Finds restricted names in a message: nobody may give an opinion on them, or bring them up (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from schemas.clients import Client, Firm
from schemas.drafts import Draft, Finding
from services.notifier.drafting.grounding import sentence_spans
from services.notifier.drafting.tokens import fold

__all__ = ["ToldAlert", "check_restricted"]

_SILENT = "Don't tell the client about the list."


class ToldAlert(NamedTuple):
    """An alert that the message tells, and what it is about."""

    alert_id: str
    entity_id: str | None
    entity_name: str


def check_restricted(
    subject: str, body: str, draft: Draft, told: Iterable[ToldAlert], client: Client, firm: Firm
) -> tuple[Finding, ...]:
    """Report restricted names outside what Firstword wrote, opinions on them, and words added to a message on them.

    Firstword itself passes on news about a restricted name without an opinion; these sentences may stay.
    """
    listed = {name.casefold().strip() for name in (*firm.restricted, *client.contact.restricted)} - {""}
    if not listed:
        return ()
    names = _names(listed, client)
    restricted_alerts = {alert.alert_id: alert.entity_name for alert in told if _is_listed(alert, listed, names)}
    names |= {fold(name) for name in restricted_alerts.values()}
    written = fold(f"{draft.subject}\n{draft.body}")
    sentences = [sentence for text in (subject, body) for sentence in _sentences(text)]
    added = [sentence for sentence in sentences if fold(sentence) not in written]
    spelled = [_spelling(sentence, name) for sentence in added for name in names if name in fold(sentence)]
    whole = f"{subject}\n{body}"  # a name may stand across a line break
    spelled += [_spelling(whole, name) for name in names if fold(whole).count(name) > written.count(name)]
    found = [
        Finding(
            rule="restricted_name",
            text=text,
            message="This name is on the restricted list.",
            mend=f"Take it out. {_SILENT}",
            severity="error",
        )
        for text in dict.fromkeys(spelled)
    ]
    findings = [*found, *_opinions(body, draft, restricted_alerts)]
    if restricted_alerts and added and not found:
        about = next(iter(restricted_alerts.values()))
        findings.append(
            Finding(
                rule="restricted_edit",
                text=added[0],
                message=f"This was added to a message about {about}, on which nobody may give an opinion.",
                mend=f"Make sure that it says nothing for or against it. {_SILENT}",
            )
        )
    return tuple(findings)


def _opinions(body: str, draft: Draft, restricted: Mapping[str, str]) -> Iterable[Finding]:
    """Report opinions on names that were put on the list after the draft was made."""
    advised = {advice.alert_id for advice in draft.advice}
    if not restricted or (advised and advised.isdisjoint(restricted)):
        return
    for part in draft.parts:
        if part.role == "opinion" and fold(part.text) in fold(body):
            message = f"It is an opinion on {next(iter(restricted.values()))}, which is on the restricted list."
            yield Finding(
                rule="restricted_name",
                text=part.text,
                message=message,
                mend=f"Take it out. {_SILENT}",
                severity="error",
            )


def _names(listed: Collection[str], client: Client) -> set[str]:
    """Return the restricted names, folded: as listed, and all names of watches that are listed."""
    names = {name.replace("-", " ") for name in listed} | set(listed)
    for watch in client.watches:
        known = (watch.entity_id, watch.name, *watch.aliases, *watch.tickers, watch.isin or "")
        if any(name.casefold() in listed for name in known):
            names |= {watch.name, *watch.aliases}
    return {folded for name in names if (folded := fold(name)).strip()}


def _is_listed(alert: ToldAlert, listed: Collection[str], names: Collection[str]) -> bool:
    return (alert.entity_id or "").casefold() in listed or fold(alert.entity_name) in names


def _spelling(sentence: str, name: str) -> str:
    """Return the folded ``name`` as it is written in ``sentence``."""
    match = re.search(r"[\W_]+".join(map(re.escape, name.split())), sentence, re.IGNORECASE)
    return match[0] if match else name.strip()


def _sentences(text: str) -> list[str]:
    return [sentence for start, end in sentence_spans(text) if (sentence := text[start:end].strip())]
