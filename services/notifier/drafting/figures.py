"""A further figure and the day of a report, for a client who wants details."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifier.drafting.brief import Brief, format_day
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.news import lead_evidence, quotation_from
from services.notifier.drafting.tokens import tokens

__all__ = ["FurtherFigure", "day_of_report", "further_figure"]

#: Words of the quotation with the figure.
MAX_WORDS = 28


@dataclass(frozen=True, slots=True)
class FurtherFigure:
    """A sentence with a figure that the news part does not have, and the item that it is from."""

    text: str
    item_id: str


def further_figure(brief: Brief, told: str) -> FurtherFigure | None:
    """Return a figure besides ``told``, the news: quoted from an item that states the same claim."""
    known = {token.value for token in tokens(told)}
    for item in brief.alert.evidence:
        if item.supports != "claim" or item.status != "asserted":
            continue
        quotation = quotation_from(item, MAX_WORDS, brief.asset)
        figures = [token for token in tokens(quotation.strip("“”.")) if token.kind in ("amount", "percentage")]
        if any(token.value not in known for token in figures) and quotation not in told:
            return FurtherFigure(phrasing().news["figure"].format(who=item.publisher, quote=quotation), item.item_id)
    return None


def day_of_report(brief: Brief) -> str | None:
    """Return the sentence that says when the report that the message tells was published; None if that is not known."""
    published = lead_evidence(brief).published_at
    if published is None:
        return None
    return phrasing().news["dated"].format(date=format_day(published, brief.client, brief.now))
