"""Measure event detection in the manner of SENTiVENT: which of eleven families of events does an item report?

The 18 types of SENTiVENT and our 27 kinds are folded into the same families; ``other`` and ``none`` are no event. An
item reports the families that are labeled, or read, of any name in it that means the watched thing. Pure functions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from schemas.readings import EventFamily
from services.matcher.reading.model.network import Scores
from training.figures import ValueFigures
from training.rows import Row

__all__ = ["FAMILIES", "detect", "family_lines", "total"]

#: The types of SENTiVENT by family: FinancialReport, Profit/Loss, Revenue, SalesVolume, Expense · Dividend, Financing ·
#: SecurityValue · Rating · Merger/Acquisition, Investment · Deal · Product/Service · Employment, Facility · Legal ·
#: MacroEconomics · CSR/Brand.
FAMILIES: Mapping[str, frozenset[EventFamily]] = {
    "results": frozenset(("earnings", "guidance")),
    "capital": frozenset(("dividend", "buyback", "capital")),
    "share price": frozenset(("share_move",)),
    "rating": frozenset(("rating",)),
    "deal": frozenset(("deal",)),
    "contract": frozenset(("contract",)),
    "product": frozenset(("product", "trial", "recall", "vulnerability", "breach")),
    "people and sites": frozenset(("expansion", "cutback", "leadership", "labour", "outage")),
    "law": frozenset(("legal", "regulation", "insolvency")),
    "economy": frozenset(("macro", "politics")),
    "brand": frozenset(("reputation", "event")),
}
_FAMILY_OF: Mapping[EventFamily, str] = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


def detect(rows: Sequence[Row], scores: Sequence[Scores]) -> dict[str, ValueFigures]:
    """Compare the families read with those labeled, item by item, for each family."""
    labeled: dict[str, set[str]] = defaultdict(set)
    read: dict[str, set[str]] = defaultdict(set)
    for row, score in zip(rows, scores, strict=True):
        if "kind" not in row.labels:
            continue
        for found, role, kind in (
            (labeled, row.labels.get("role"), row.labels["kind"]),
            (read, score.best("role"), score.best("kind")),
        ):
            family = _FAMILY_OF.get(cast("EventFamily", kind))
            if family is not None and role != "homonym":
                found[family].add(row.item_id)
    return {
        family: ValueFigures(len(labeled[family]), len(read[family]), len(labeled[family] & read[family]))
        for family in FAMILIES
    }


def total(found: Iterable[ValueFigures]) -> ValueFigures:
    """Return the sum over all families."""
    sums = [sum(numbers) for numbers in zip(*found, strict=True)]
    return ValueFigures(*sums)


def family_lines(found: Mapping[str, ValueFigures]) -> Iterator[str]:
    """Yield the rows of a table: family, labeled, read, precision, recall, F."""
    yield "| Family | Labeled | Read | Precision | Recall | F |"
    yield "|---|---|---|---|---|---|"
    for family, detection in (*found.items(), ("all", total(found.values()))):
        counts = f"{detection.labeled:,} | {detection.read:,}"
        yield f"| {family} | {counts} | {detection.precision:.2f} | {detection.recall:.2f} | {detection.f1:.2f} |"
