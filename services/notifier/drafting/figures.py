"""The figures and the day of a report, for a client who wants details."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifier.drafting.brief import Brief, format_day
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.news import lead_evidence, quotation_from
from services.notifier.drafting.tokens import tokens

__all__ = ["FiguresPart", "figures_part"]

#: Words of the quotation with the figure.
MAX_WORDS = 28


@dataclass(frozen=True, slots=True)
class FiguresPart:
    """A figure that the news part does not have, and the day of the report, with the items that they are from."""

    text: str
    evidence: tuple[str, ...]


def figures_part(brief: Brief, told: str) -> FiguresPart | None:
    """Return what a detail-minded client wants to read besides ``told``, the news; None if there is nothing more.

    A figure is quoted from an item that states the same claim, with its publisher.
    """
    phrases, lead = phrasing().news, lead_evidence(brief)
    sentences, evidence = [], [lead.item_id]
    known = {token.value for token in tokens(told)}
    for item in brief.alert.evidence:
        if item.supports != "claim" or item.status != "asserted":
            continue
        quotation = quotation_from(item, MAX_WORDS, brief.asset)
        figures = [token for token in tokens(quotation.strip("“”.")) if token.kind in ("amount", "percentage")]
        if any(token.value not in known for token in figures) and quotation not in told:
            sentences.append(phrases["figure"].format(who=item.publisher, quote=quotation))
            evidence.append(item.item_id)
            break
    if lead.published_at is not None:
        sentences.append(phrases["dated"].format(date=format_day(lead.published_at, brief.client, brief.now)))
    return FiguresPart(" ".join(sentences), tuple(dict.fromkeys(evidence))) if sentences else None
